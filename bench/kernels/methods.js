// The ways in which a convolution may be computed, all of them, whatever the chooser thinks of them.

/** Fewer channels are never worth a transform; larger weights are never taken, whatever they gain. */
const leastChannels = 8;
const mostGrowth = 4;
/** A planar convolution is made for few channels; with more than so many, it is not tried. */
const planarChannels = 32;

/** Tiles along an axis: of 3 taps at stride and dilation 1 alone. */
const tilesAlong = ({ kernel, stride, dilation }, axis) =>
  kernel[axis] === 3 && stride[axis] === 1 && dilation[axis] === 1 ? [0, 2, 4] : [0];

const growthOf = tiles => tiles.reduce((growth, tile) => growth * (tile ? (tile + 2) / 3 : 1), 1);

/** Each as the `convMethod` of a lowering; none for another layer than a convolution. */
export function convMethods(layer) {
  const { op, x, out, groups, stride } = layer;
  if (op !== 'conv') return [];
  const direct = kernel => ({ kernel, tiles: null });
  const inC = x[1];
  if (groups > 1) return groups === inC && groups === out ? ['f32_conv_depthwise', 'f32_conv_gemm'].map(direct) : [];
  const methods = [direct('f32_conv_gemm')];
  if (stride[2] === 1 && Math.max(inC, out) <= planarChannels) methods.push(direct('f32_conv_planar'));
  if (Math.min(inC, out) < leastChannels) return methods;
  for (const d of tilesAlong(layer, 0)) {
    for (const h of tilesAlong(layer, 1)) {
      for (const w of tilesAlong(layer, 2)) {
        const tiles = [d, h, w];
        if (d + h + w > 0 && growthOf(tiles) <= mostGrowth) methods.push({ kernel: 'f32_conv_gemm', tiles });
      }
    }
  }
  return methods;
}

/** `f32_conv_gemm`, or `F(2x4x4)`: outputs per tile along depth, height and width, 1 where that axis is convolved directly. */
export const methodName = ({ kernel, tiles }) => (tiles ? `F(${tiles.map(tile => tile || 1).join('x')})` : kernel);
