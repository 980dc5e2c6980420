import type { ConvNode } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { convGemm, convGemmBlocks } from '../kernels/conv_gemm.js';
import { type WinogradTile, winogradInput, winogradOutput, winogradRowBlock } from '../kernels/winograd.js';
import { absent, activationFields, type Context, whereOf } from './context.js';
import type { Address } from './emitter.js';
import { channelsLast } from './layout.js';
import { ndhwcFields, windowFields } from './spatial.js';

/** How Winograd's method is applied to a layer. */
export interface Winograd {
  readonly axis: 'depth' | 'height';
  readonly tile: WinogradTile;
}

/** Largest share of the products that may be left, and least sizes for which the transforms cost less than is saved. */
const worthwhile = { products: 0.75, inC: 16, outC: 16, otherTaps: 3, positions: 48 };

type Sizes = ReturnType<typeof ndhwcFields>;
type Taps = ReturnType<typeof windowFields>;

/** What the method needs to know of one axis. */
function axisOf(axis: Winograd['axis'], sizes: Sizes, window: Taps) {
  const { batch, inD, inH, inW, outD, outH, outW } = sizes;
  const { kD, kH, kW, strideD, strideH, dilD, dilH, padD, padH } = window;
  return axis === 'depth'
    ? {
        taps: kD,
        stride: strideD,
        dilation: dilD,
        pad: padD,
        outerTaps: 1,
        innerTaps: kH * kW,
        outer: batch,
        inSize: inD,
        outSize: outD,
        inPositions: inH * inW,
        outPositions: outH * outW,
        outOuter: batch,
      }
    : {
        taps: kH,
        stride: strideH,
        dilation: dilH,
        pad: padH,
        outerTaps: kD,
        innerTaps: kW,
        outer: batch * inD,
        inSize: inH,
        outSize: outH,
        inPositions: inW,
        outPositions: outW,
        outOuter: batch * outD,
      };
}

/**
 * How a convolution is done by Winograd's method, from its shape alone; null where direct convolution is used. It needs an
 * axis with 3 taps at stride and dilation 1, depth before height; the other axes may have any taps, strides and pads.
 */
export function chooseWinograd(node: ConvNode, x: readonly number[], y: readonly number[]): Winograd | null {
  const sizes = ndhwcFields(x, y);
  const window = windowFields(node.window);
  if (node.groups !== 1 || sizes.inC < worthwhile.inC || sizes.outC < worthwhile.outC) return null;
  for (const axis of ['depth', 'height'] as const) {
    const { taps, stride, dilation, outerTaps, innerTaps, outSize, outOuter, outPositions } = axisOf(
      axis,
      sizes,
      window,
    );
    if (taps !== 3 || stride !== 1 || dilation !== 1 || outerTaps * innerTaps < worthwhile.otherTaps) continue;
    const share = (tile: WinogradTile) => ((tile + 2) * Math.ceil(outSize / tile)) / (3 * outSize);
    const tile = share(4) < share(2) ? 4 : 2;
    const positions = outOuter * Math.ceil(outSize / tile) * outPositions;
    if (share(tile) <= worthwhile.products && positions >= worthwhile.positions) return { axis, tile };
  }
  return null;
}

interface WinogradOptions extends Winograd {
  readonly bias: Float32Array | null;
  readonly residualPtr: Address | 0;
}

/** Three steps: transform the input, multiply (a grouped convolution over the other axes), transform back. */
export function lowerConvWinograd(context: Context, node: ConvNode, options: WinogradOptions): void {
  const { axis, tile, bias, residualPtr } = options;
  const { emitter } = context;
  const [xName, wName] = node.inputs as [string, string];
  const yName = node.outputs[0]!;
  const x = context.inLayout(xName, channelsLast);
  const sizes = ndhwcFields(x.dims, context.dims(yName));
  const { batch, inD, inH, inW, inC, outD, outH, outW, outC } = sizes;
  const window = windowFields(node.window);
  const { pad, outer, outOuter, inSize, outSize, inPositions, outPositions, outerTaps, innerTaps } = axisOf(
    axis,
    sizes,
    window,
  );
  const groups = tile + 2;
  const tiles = Math.ceil(outSize / tile);
  const along = (d: number, h: number): [number, number] => (axis === 'depth' ? [tiles, h] : [d, tiles]);

  const transformed = context.allocate([batch, groups * inC, ...along(inD, inH), inW], channelsLast);
  emitter.step(whereOf(node), winogradInput, {
    xPtr: x.address,
    yPtr: transformed.address,
    outer,
    inSize,
    tiles,
    tile,
    pad,
    positions: inPositions,
    channels: inC,
    rowBlock: winogradRowBlock(tile, inC),
  });

  const products = context.allocate([batch, groups * outC, ...along(outD, outH), outW], channelsLast);
  const shape = {
    ...ndhwcFields(transformed.dims, products.dims),
    ...window,
    ...(axis === 'depth' ? { kD: 1, padD: 0 } : { kH: 1, padH: 0 }),
    groups,
  };
  emitter.step(whereOf(node, 2 * sizeOf(products.dims) * outerTaps * innerTaps * inC), convGemm, {
    ...shape,
    xPtr: transformed.address,
    yPtr: products.address,
    wPtr: emitter.weight(wName, context.constant(wName)!, {
      kernel: 'f32_conv_gemm/winograd',
      tile,
      outC,
      inC,
      outerTaps,
      innerTaps,
    }),
    biasPtr: absent,
    residualPtr: absent,
    ...activationFields(null),
    ...convGemmBlocks(shape),
  });

  const y = context.output(yName, channelsLast);
  emitter.step(whereOf(node), winogradOutput, {
    xPtr: products.address,
    yPtr: y.address,
    outer: outOuter,
    outSize,
    tiles,
    tile,
    positions: outPositions,
    channels: outC,
    biasPtr: bias ? emitter.words(bias) : absent,
    residualPtr,
    ...activationFields(node.activation),
    rowBlock: winogradRowBlock(tile, outC),
  });
  context.define(yName, y);
}
