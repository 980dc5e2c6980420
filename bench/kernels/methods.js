// The ways in which a convolution may be computed, all of them, whatever the chooser thinks of them.
import { convolvedDims } from '../../dist/src/graph/pooled.js';
import { planarWays } from '../../dist/src/lower/planar_winograd.js';
import { pointwiseShape } from '../../dist/src/lower/pointwise.js';
import { winogradWays } from '../../dist/src/lower/winograd.js';

/** A planar convolution is made for few channels; with more than so many, it is not tried. */
const planarChannels = 32;

const direct = kernel => ({ kernel, winograd: null, planarTiles: null });

/** Each as the `convMethod` of a lowering; none for another layer than a convolution. `graph`: that of the layer alone. */
export function convMethods(layer, graph) {
  const { op, x, out, groups, stride } = layer;
  if (op !== 'conv') return [];
  const inC = x[1];
  const [node] = graph.nodes;
  const sizes = convolvedDims(node, name => graph.types.get(name).dims);
  const dots = ['f32_conv_gemm', ...(!node.pool && pointwiseShape(node, ...sizes) ? ['f32_conv_pointwise'] : [])].map(
    direct,
  );
  if (groups > 1) return groups === inC && groups === out ? [direct('f32_conv_depthwise'), ...dots] : dots;
  const dense = winogradWays(node, ...sizes).map(winograd => ({
    kernel: 'f32_conv_gemm',
    winograd,
    planarTiles: null,
  }));
  const methods = [...dots, ...dense];
  if (stride[2] !== 1 || Math.max(inC, out) > planarChannels) return methods;
  const planar = planarWays(node, ...sizes).map(planarTiles => ({ ...direct('f32_conv_planar'), planarTiles }));
  return [...methods, direct('f32_conv_planar'), ...planar];
}

/** `f32_conv_gemm`, `F(2x4x4)`, `planar F(4x4x1)`: outputs of a tile along depth, height and width, 1 where none is made. */
export function methodName({ kernel, winograd, planarTiles }) {
  if (winograd) return `F(${winograd.axes.map(axis => axis.tile).join('x')})`;
  return planarTiles ? `planar F(${[...planarTiles, 1].join('x')})` : kernel;
}
