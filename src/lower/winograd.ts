/** Whether and how a convolution is done by Winograd's method: from the layer's shape alone, so that rounding never depends on the machine. */
import type { ConvNode } from '../graph/ir.js';
import { mostPoolMembers } from '../kernels/fields.js';
import { product, roundUp, type Triple } from '../kernels/sizes.js';
import { tilesOver } from '../kernels/winograd_grid.js';
import { type AxisTile, axisTiles, tapsOf } from '../kernels/winograd_transforms.js';
import { winogradSizes } from '../kernels/winograd_weights.js';
import { type LiveTaps, liveTaps, liveWindow } from './live_taps.js';
import { lift, ndhwcFields } from './spatial.js';
import { blockRows } from './winograd_block_rows.js';

/**
 * Tiles along depth, height and width. `strides`: positions of the input that lie so far apart become channels of one position
 * first, which leaves a convolution at stride 1 with fewer taps.
 */
export interface WinogradChoice {
  readonly axes: Triple<AxisTile>;
  readonly strides: Triple;
}

export interface ConvShape {
  readonly batch: number;
  readonly inC: number;
  readonly outC: number;
  readonly inSizes: Triple;
  readonly outSizes: Triple;
  /** Live ones (live_taps.ts). */
  readonly taps: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly pads: Triple;
}

/** Of a layer, or of a part of one whose live taps are given. */
export function convShape(
  node: ConvNode,
  x: readonly number[],
  y: readonly number[],
  live: LiveTaps = liveTaps(node, x, y),
): ConvShape {
  const { batch, inC, outC, inD, inH, inW, outD, outH, outW } = ndhwcFields(x, y);
  const w = liveWindow(node, live);
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

export const mapTriple = <T>(along: (axis: number) => T): Triple<T> => [along(0), along(1), along(2)];

/**
 * What things cost, in multiply-adds of eight-lane products: a vector of four values at a point of the input's or of the output's
 * transform; a value of the packed weights, which is read from memory once for each run; the same beyond what counts as small, for
 * the memory that it holds; a value that a pool of its own reads; what direct convolution takes for one, packing included; the
 * beginning and end of a register tile, for each of its outputs.
 */
const costs = {
  inputVector: 64,
  outputVector: 56,
  weight: 4,
  largeWeight: 8,
  pooledApart: 16,
  direct: 1.15,
  tile: 16,
};
/** The same where what lies between the transforms stays in a core's own cache. */
const ownCosts = { ...costs, outputVector: 40, tile: 10 };
/** Rows of a register tile at least, and at most. */
const tileRows = { least: 4, most: 6 };
/** How much cheaper the method has to be than direct convolution. */
const leastGain = 0.9;
/** Packed weights may be this many times as large as those of direct convolution, or this large. */
const mostGrowth = 4;
const smallWeightBytes = 64 * 2 ** 20;
/** Where taps along depth stay, chunks hold the whole input transformed: so large at most, even where there might be blocks. */
const mostHeldBytes = 256 * 2 ** 20;

/** Multiply-adds that direct convolution takes. */
function directCost({ batch, inC, outC, outSizes, taps }: ConvShape): number {
  const weights = product(taps) * inC * outC;
  return costs.direct * batch * product(outSizes) * weights + costs.weight * weights;
}

/** Tiles of the grid. */
const rowsOf = ({ outSizes, dilations }: ConvShape, { axes }: WinogradChoice): number =>
  product(axes.map((axis, i) => tilesOver(outSizes[i]!, axis, axis.points > 1 ? dilations[i]! : 1)));

/** Sizes of the packed weights; taps along depth may be left to each point. */
export const packedSizes = ({ inC, outC, taps }: ConvShape, choice: WinogradChoice) =>
  winogradSizes({ ...choice, counts: taps, inC, outC });

/** A column of tiles where depth is not transformed: its rows, and how far apart taps are. */
export const columnsOf = ({ outSizes, dilations }: ConvShape) => ({ column: outSizes[0], tapStep: dilations[0] });

/** Bytes of the input that is held transformed as a whole; none where chunks transform their own. */
function heldBytes(shape: ConvShape, choice: WinogradChoice): number {
  const { points, otherTaps, channels } = packedSizes(shape, choice);
  return otherTaps === 1 ? 0 : 4 * points * rowsOf(shape, choice) * roundUp(channels, 16);
}

/** What the method takes, in the same unit. */
function winogradCost(shape: ConvShape, choice: WinogradChoice): number {
  const { batch } = shape;
  const sizes = packedSizes(shape, choice);
  const { points, otherTaps, channels, panels, blockChannels } = sizes;
  const rows = rowsOf(shape, choice);
  const { inputVector, outputVector, tile, weight, largeWeight } =
    blockRows({ ...sizes, ...columnsOf(shape) }, rows) > 0 ? ownCosts : costs;
  const depth = otherTaps * channels;
  const outputs = points * panels * 8;
  const ends = tile * Math.ceil(channels / blockChannels);
  const products = batch * outputs * Math.max(rows, tileRows.least) * (depth + ends);
  const transforms = batch * points * rows * (Math.ceil(channels / 4) * inputVector + 2 * panels * outputVector);
  const large = Math.max(0, outputs * depth - smallWeightBytes / 4);
  const weights = weight * outputs * depth + largeWeight * large;
  // Where each weight is used by one tile, multiplying hides behind reading; elsewhere most of the reading hides behind multiplying.
  return transforms + (batch * rows <= tileRows.most ? Math.max(products, weights) : products + weights);
}

/** Whether a pool of these windows may be computed by the convolution before it. */
export const isSmallPool = (pool: readonly number[] | null): boolean => product(lift(pool ?? [], 1)) <= mostPoolMembers;

/** Whether each window of the layer's pool lies in one tile; so it does where there is no pool. */
export function holdsWindows({ pool, window }: ConvNode, { axes }: WinogradChoice): boolean {
  const windows = lift(pool ?? [], 1);
  const dilations = lift(window.dilations, 1);
  const holds = (tile: number, axis: number) => tile % windows[axis]! === 0 && dilations[axis] === 1;
  return axes.every(({ tile }, axis) => windows[axis] === 1 || holds(tile, axis));
}

/** Elements of the packed weights. */
export function packedWeights(shape: ConvShape, choice: WinogradChoice): number {
  const { points, otherTaps, channels, panels } = packedSizes(shape, choice);
  return points * otherTaps * channels * panels * 8;
}

const { none, f23, f43, f53, f44 } = axisTiles;

/** Ways to take an axis at stride 1: by its three taps, or as it is where its taps need not be transformed. */
function waysAlong({ taps, strides, pads }: ConvShape, axis: number): readonly AxisTile[] {
  if (strides[axis] !== 1) return [];
  const isPlain = axis === 0 || (taps[axis] === 1 && pads[axis] === 0);
  return [...(isPlain ? [none] : []), ...(taps[axis] === tapsOf(f43) ? [f23, f43, ...(axis > 0 ? [f53] : [])] : [])];
}

/** A first layer: few channels, and six or seven taps at stride 2 along height and width. */
function isFirstLayer({ inC, inSizes, taps, strides, dilations }: ConvShape): boolean {
  const along = (axis: 1 | 2) =>
    Math.ceil((taps[axis] + 1) / 2) === tapsOf(f44) &&
    strides[axis] === 2 &&
    dilations[axis] === 1 &&
    inSizes[axis] % 2 === 0;
  return inC <= 16 && along(1) && along(2);
}

/** Every way there is but the one that transforms nothing. */
function* waysOf(shape: ConvShape): Generator<WinogradChoice> {
  for (const d of waysAlong(shape, 0)) {
    if (isFirstLayer(shape)) yield { axes: [d, f44, f44], strides: [1, 2, 2] };
    for (const h of waysAlong(shape, 1)) {
      for (const w of waysAlong(shape, 2)) {
        if (d.points * h.points * w.points > 1) yield { axes: [d, h, w], strides: [1, 1, 1] };
      }
    }
  }
}

/** Every way that is allowed: those whose packed weights are at most `growth` times as large, or what is allowed without it. */
export function winogradWays(
  node: ConvNode,
  x: readonly number[],
  y: readonly number[],
  growth?: number,
): readonly WinogradChoice[] {
  if (node.groups !== 1) return [];
  const shape = convShape(node, x, y);
  const weights = product(shape.taps) * shape.inC * shape.outC;
  return [...waysOf(shape)].filter(choice => {
    if (heldBytes(shape, choice) > mostHeldBytes) return false;
    const packed = packedWeights(shape, choice);
    return packed <= (growth ?? mostGrowth) * weights || (growth === undefined && 4 * packed <= smallWeightBytes);
  });
}

/** The way that should take least time; null where direct convolution is used. */
export function chooseWinograd(
  node: ConvNode,
  x: readonly number[],
  y: readonly number[],
  growth?: number,
): WinogradChoice | null {
  const shape = convShape(node, x, y);
  let best: WinogradChoice | null = null;
  let least = leastGain * directCost(shape);
  const apart = isSmallPool(node.pool) ? costs.pooledApart * shape.batch * shape.outC * product(shape.outSizes) : 0;
  for (const choice of winogradWays(node, x, y, growth)) {
    const cost = winogradCost(shape, choice) + (holdsWindows(node, choice) ? 0 : apart);
    if (cost >= least) continue;
    least = cost;
    best = choice;
  }
  return best;
}
