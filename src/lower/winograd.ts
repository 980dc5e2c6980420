import type { ConvNode } from '../graph/ir.js';
import { convGemm, convGemmBlocks } from '../kernels/conv_gemm.js';
import {
  type WinogradTile,
  type WinogradTiles,
  winogradInput,
  winogradOutput,
  winogradRowBlock,
} from '../kernels/winograd.js';
import { absent, activationFields, type Context, whereOf } from './context.js';
import type { Address } from './emitter.js';
import { channelsLast } from './layout.js';
import { ndhwcFields, windowFields } from './spatial.js';

/** Least sizes for which transforms are worth their while. */
const worthwhile = { inC: 16, outC: 16 };

/** What an element that is written or read costs, in multiply-adds: transforms are bound by memory, products by arithmetic. */
const elementCost = 7;
/** The same for an element of the packed weights: read from memory once for each run, and held for the session's life. */
const weightCost = 14;
/** The packed weights may be this many times as large as those of direct convolution. */
const mostGrowth = 4;
/** How much cheaper the method has to be than direct convolution. */
const leastGain = 0.9;

const axes = [0, 1, 2] as const;
type Triple = readonly [number, number, number];

interface Shape {
  readonly batch: number;
  readonly inC: number;
  readonly outC: number;
  readonly inSizes: Triple;
  readonly outSizes: Triple;
  readonly taps: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly pads: Triple;
}

function shapeOf(node: ConvNode, x: readonly number[], y: readonly number[]): Shape {
  const { batch, inC, outC, inD, inH, inW, outD, outH, outW } = ndhwcFields(x, y);
  const w = windowFields(node.window);
  return {
    batch,
    inC,
    outC,
    inSizes: [inD, inH, inW],
    outSizes: [outD, outH, outW],
    taps: [w.kD, w.kH, w.kW],
    strides: [w.strideD, w.strideH, w.strideW],
    dilations: [w.dilD, w.dilH, w.dilW],
    pads: [w.padD, w.padH, w.padW],
  };
}

const product = (values: readonly number[]): number => values.reduce((all, value) => all * value, 1);

/** What a layer costs by the method with these tiles (all 0: directly), in multiply-adds. */
function costOf({ batch, inC, outC, inSizes, outSizes, taps }: Shape, tiles: WinogradTiles): number {
  const groups = product(axes.map(axis => (tiles[axis] ? tiles[axis] + 2 : 1)));
  const otherTaps = product(axes.map(axis => (tiles[axis] ? 1 : taps[axis])));
  const counts = axes.map(axis => (tiles[axis] ? Math.ceil(outSizes[axis] / tiles[axis]) : outSizes[axis]));
  let elements = 0;
  let sizes: number[] = [...inSizes];
  let channels = inC;
  for (const axis of axes.filter(at => tiles[at] !== 0)) {
    elements += channels * product(sizes);
    sizes = sizes.with(axis, counts[axis]!);
    channels *= tiles[axis] + 2;
    elements += channels * product(sizes);
  }
  sizes = counts;
  channels = groups * outC;
  for (const axis of axes.filter(at => tiles[at] !== 0).reverse()) {
    elements += channels * product(sizes);
    sizes = sizes.with(axis, outSizes[axis]);
    channels /= tiles[axis] + 2;
    elements += channels * product(sizes);
  }
  const products = batch * groups * product(counts) * outC * otherTaps * inC;
  return products + batch * elements * elementCost + groups * otherTaps * inC * outC * weightCost;
}

/** Packed weights by those of direct convolution: each transformed axis has tile + 2 values in place of 3 taps. */
const growthOf = (tiles: WinogradTiles): number => product(axes.map(axis => (tiles[axis] ? (tiles[axis] + 2) / 3 : 1)));

/**
 * How a convolution is done by Winograd's method, from its shape alone; null where direct convolution is used. An axis takes
 * part if it has 3 taps at stride and dilation 1; the other axes may have any taps, strides and pads. Of all ways the one
 * that should take least time.
 */
export function chooseWinograd(node: ConvNode, x: readonly number[], y: readonly number[]): WinogradTiles | null {
  const shape = shapeOf(node, x, y);
  if (node.groups !== 1 || shape.inC < worthwhile.inC || shape.outC < worthwhile.outC) return null;
  const tilesAlong = axes.map((axis): readonly (WinogradTile | 0)[] => {
    return shape.taps[axis] === 3 && shape.strides[axis] === 1 && shape.dilations[axis] === 1 ? [0, 2, 4] : [0];
  });
  let best: WinogradTiles | null = null;
  let least = leastGain * costOf(shape, [0, 0, 0]);
  for (const d of tilesAlong[0]!) {
    for (const h of tilesAlong[1]!) {
      for (const w of tilesAlong[2]!) {
        const tiles = [d, h, w] as const;
        if (d + h + w === 0 || growthOf(tiles) > mostGrowth) continue;
        const cost = costOf(shape, tiles);
        if (cost >= least) continue;
        least = cost;
        best = tiles;
      }
    }
  }
  return best;
}

interface WinogradOptions {
  readonly tiles: WinogradTiles;
  readonly bias: Float32Array | null;
  readonly residualPtr: Address | 0;
}

/**
 * A transform of the input along each axis, one multiplication (a grouped convolution over the other axes), and the
 * transforms back in reverse order. Each transform treats what the ones before it have made of a position as channels.
 */
export function lowerConvWinograd(
  context: Context,
  node: ConvNode,
  { tiles, bias, residualPtr }: WinogradOptions,
): void {
  const { emitter } = context;
  const [xName, wName] = node.inputs as [string, string];
  const yName = node.outputs[0]!;
  const x = context.inLayout(xName, channelsLast);
  const { batch, inC, outC, inSizes, outSizes, taps, pads } = shapeOf(node, x.dims, context.dims(yName));
  const transformed = axes.filter(axis => tiles[axis] !== 0);
  const outer = (sizes: readonly number[], axis: number) => batch * product(sizes.slice(0, axis));
  const inner = (sizes: readonly number[], axis: number) => product(sizes.slice(axis + 1));

  let from = x.address;
  let sizes: readonly number[] = inSizes;
  let channels = inC;
  for (const axis of transformed) {
    const tile = tiles[axis];
    const count = Math.ceil(outSizes[axis] / tile);
    const to = emitter.tensor([batch, (tile + 2) * channels, ...sizes.with(axis, count)], channelsLast);
    emitter.step(whereOf(node), winogradInput, {
      xPtr: from,
      yPtr: to,
      outer: outer(sizes, axis),
      inSize: sizes[axis]!,
      tiles: count,
      tile,
      pad: pads[axis],
      positions: inner(sizes, axis),
      channels,
      rowBlock: winogradRowBlock(tile, channels),
    });
    from = to;
    sizes = sizes.with(axis, count);
    channels *= tile + 2;
  }

  const groups = channels / inC;
  const outs = outSizes.map((size, axis) => (tiles[axis] ? sizes[axis]! : size));
  const own = (along: (axis: number) => number, other: number) =>
    axes.map(axis => (tiles[axis] ? other : along(axis))) as unknown as Triple;
  const window = windowFields(node.window);
  const [kD, kH, kW] = own(axis => taps[axis]!, 1);
  const [padD, padH, padW] = own(axis => pads[axis]!, 0);
  const shape = {
    ...ndhwcFields([batch, channels, ...sizes], [batch, groups * outC, ...outs]),
    ...{ ...window, kD, kH, kW, padD, padH, padW },
    groups,
  };
  let products = emitter.tensor([batch, groups * outC, ...outs], channelsLast);
  const flops = 2 * batch * groups * outC * product(outs) * kD * kH * kW * inC;
  emitter.step(whereOf(node, flops), convGemm, {
    ...shape,
    xPtr: from,
    yPtr: products,
    wPtr: emitter.weight(wName, context.constant(wName)!, {
      kernel: 'f32_conv_gemm/winograd',
      tiles,
      outC,
      inC,
      taps,
    }),
    biasPtr: absent,
    residualPtr: absent,
    ...activationFields(null),
    ...convGemmBlocks(shape),
  });

  const y = context.output(yName, channelsLast);
  sizes = outs;
  channels = groups * outC;
  for (const axis of transformed.toReversed()) {
    const tile = tiles[axis];
    const last = axis === transformed[0];
    channels /= tile + 2;
    const to = last ? y.address : emitter.tensor([batch, channels, ...sizes.with(axis, outSizes[axis])], channelsLast);
    emitter.step(whereOf(node), winogradOutput, {
      xPtr: products,
      yPtr: to,
      outer: outer(sizes, axis),
      outSize: outSizes[axis],
      tiles: sizes[axis]!,
      tile,
      positions: inner(sizes, axis),
      channels,
      biasPtr: last && bias ? emitter.words(bias) : absent,
      residualPtr: last ? residualPtr : absent,
      ...activationFields(last ? node.activation : null),
      rowBlock: winogradRowBlock(tile, channels),
    });
    products = to;
    sizes = sizes.with(axis, outSizes[axis]);
  }
  context.define(yName, y);
}
