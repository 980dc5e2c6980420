import type { ConvNode } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { convGemm, convGemmBlocks } from '../kernels/conv_gemm.js';
import {
  type DepthTile,
  winogradDepthInput,
  winogradDepthOutput,
  winogradDepthRowBlock,
} from '../kernels/winograd_depth.js';
import { absent, activationFields, type Context, whereOf } from './context.js';
import type { Address } from './emitter.js';
import { channelsLast } from './layout.js';
import { ndhwcFields, windowFields } from './spatial.js';

/** Least share of the products that is saved, and least sizes for which the transforms cost less than that. */
const worthwhile = { products: 0.75, inC: 16, outC: 16, planeTaps: 9, planePositions: 32 };

/**
 * The tile of Winograd's method along depth for a convolution, from its shape alone; null where direct convolution is
 * used. It needs 3 depth taps at stride and dilation 1; the plane may have any taps, strides and pads.
 */
export function chooseDepthTile(node: ConvNode, x: readonly number[], y: readonly number[]): DepthTile | null {
  const { inC, outC, outD, outH, outW } = ndhwcFields(x, y);
  const { kD, kH, kW, strideD, dilD } = windowFields(node.window);
  if (kD !== 3 || strideD !== 1 || dilD !== 1 || node.groups !== 1) return null;
  if (inC < worthwhile.inC || outC < worthwhile.outC || kH * kW < worthwhile.planeTaps) return null;
  if (outH * outW < worthwhile.planePositions) return null;
  const share = (tile: DepthTile) => ((tile + 2) * Math.ceil(outD / tile)) / (3 * outD);
  const tile = share(4) < share(2) ? 4 : 2;
  return share(tile) <= worthwhile.products ? tile : null;
}

interface WinogradOptions {
  readonly tile: DepthTile;
  readonly bias: Float32Array | null;
  readonly residualPtr: Address | 0;
}

/** Three steps: transform the input, multiply (a grouped convolution over planes, one group per transform), transform back. */
export function lowerConvWinograd(
  context: Context,
  node: ConvNode,
  { tile, bias, residualPtr }: WinogradOptions,
): void {
  const { emitter } = context;
  const [xName, wName] = node.inputs as [string, string];
  const yName = node.outputs[0]!;
  const x = context.inLayout(xName, channelsLast);
  const { batch, inD, inH, inW, inC, outD, outH, outW, outC } = ndhwcFields(x.dims, context.dims(yName));
  const window = windowFields(node.window);
  const groups = tile + 2;
  const tiles = Math.ceil(outD / tile);
  const planeTaps = window.kH * window.kW;

  const transformed = context.allocate([batch, groups * inC, tiles, inH, inW], channelsLast);
  emitter.step(whereOf(node), winogradDepthInput, {
    xPtr: x.address,
    yPtr: transformed.address,
    batch,
    inD,
    tiles,
    tile,
    padD: window.padD,
    positions: inH * inW,
    channels: inC,
    rowBlock: winogradDepthRowBlock(tile, inC),
  });

  const products = context.allocate([batch, groups * outC, tiles, outH, outW], channelsLast);
  const shape = {
    ...ndhwcFields(transformed.dims, products.dims),
    ...window,
    kD: 1,
    padD: 0,
    groups,
  };
  emitter.step(whereOf(node, 2 * sizeOf(products.dims) * planeTaps * inC), convGemm, {
    ...shape,
    xPtr: transformed.address,
    yPtr: products.address,
    wPtr: emitter.weight(wName, context.constant(wName)!, {
      kernel: 'f32_conv_gemm/winograd_depth',
      tile,
      outC,
      inC,
      planeTaps,
    }),
    biasPtr: absent,
    residualPtr: absent,
    ...activationFields(null),
    ...convGemmBlocks(shape),
  });

  const y = context.allocate(context.dims(yName), channelsLast);
  emitter.step(whereOf(node), winogradDepthOutput, {
    xPtr: products.address,
    yPtr: y.address,
    batch,
    outD,
    tiles,
    tile,
    positions: outH * outW,
    channels: outC,
    biasPtr: bias ? emitter.words(bias) : absent,
    residualPtr,
    ...activationFields(node.activation),
    rowBlock: winogradDepthRowBlock(tile, outC),
  });
  context.define(yName, y);
}
