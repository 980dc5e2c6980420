/**
 * Winograd's method as steps. In one, where what lies between the transforms of a few tiles stays in a worker's own cache; else as
 * transform of the input, products, transform to the output, for one chunk of tiles after another, so that it stays in a shared cache.
 * Invariant: a tile is computed alike in whatever block or chunk it lies.
 */
import type { ConvNode } from '../graph/ir.js';
import { beforePool } from '../graph/pooled.js';
import { sizeOf } from '../graph/shape.js';
import { product, roundUp } from '../kernels/sizes.js';
import { winogradInput } from '../kernels/winograd_input.js';
import { winogradOutput } from '../kernels/winograd_output.js';
import { winogradProducts } from '../kernels/winograd_products.js';
import { absent, activationFields, type Context, whereOf } from './context.js';
import { emitLoops } from './copying.js';
import type { Address } from './emitter.js';
import { offset } from './held.js';
import { channelsLast, leadOf, rowMajor, stridesOf } from './layout.js';
import type { LiveTaps } from './live_taps.js';
import { poolFields, windowFields } from './spatial.js';
import { type ConvShape, convShape, mapTriple, type WinogradChoice } from './winograd.js';
import { emitBlocks } from './winograd_blocks.js';
import {
  haloOf,
  imageGrid,
  inputOperands,
  outputOperands,
  type Points,
  pointStrideOf,
  productOperands,
  type RowRange,
  type WinogradImage,
  type WinogradSource,
} from './winograd_operands.js';

interface WinogradOptions {
  readonly choice: WinogradChoice;
  readonly live: LiveTaps;
  readonly bias: Float32Array | null;
  readonly residualPtr: Address | 0;
}

/** `whole` in even blocks of at most `most`, each a multiple of `multiple`. */
const evenBlock = (whole: number, most: number, multiple: number) =>
  roundUp(Math.ceil(whole / Math.ceil(whole / most)), multiple);

/** What a chunk's transformed input and products take together: they are written and read from a shared cache. */
const chunkBytes = 6 * 2 ** 20;
/** Rows of a chunk at least: the weights pass once for each chunk. */
const leastRows = 48;
/** Chunks of a layer at most: each is three steps of the program. */
const mostChunks = 256;
/**
 * Multiply-adds of a unit of products; vectors of the groups that are transformed together, and of all rows of a unit. Many
 * groups in L2 beat few in L1: positions are read and written in long runs.
 */
const unitWork = 4e6;
const tileVectors = 6912;
const unitVectors = 8192;

/** Rows and groups of a unit of a transform. */
function unitOf(rows: number, points: number, channels: number) {
  const groups = Math.ceil(channels / 16);
  const unitGroups = evenBlock(groups, Math.max(1, Math.floor(tileVectors / (4 * points))), 1);
  return { unitRows: Math.min(rows, Math.ceil(unitVectors / (4 * points * unitGroups))), unitGroups };
}

export function lowerConvWinograd(context: Context, node: ConvNode, options: WinogradOptions): void {
  const { choice, live, bias, residualPtr } = options;
  const { emitter } = context;
  const [xName, wName] = node.inputs as [string, string];
  const yName = node.outputs[0]!;
  const shape = convShape(node, context.value(xName).dims, beforePool(node, context.dims(yName)), live);
  const { kD, kH, kW } = windowFields(node.window);
  const x = inputOf(context, node, shape, choice);
  const y = context.output(yName, channelsLast);
  const wPtr = emitter.weight(wName, context.constant(wName)!, {
    kernel: 'f32_winograd_products',
    axes: choice.axes,
    strides: choice.strides,
    shifts: x.shifts,
    outC: shape.outC,
    inC: shape.inC,
    taps: [kD, kH, kW],
    first: live.first,
    counts: live.counts,
  });
  const biasPtr = bias ? emitter.words(bias) : absent;
  const grid = imageGrid(shape, choice, x.pads);
  const imageFloats = sizeOf(y.dims) / shape.batch;
  for (let image = 0; image < shape.batch; image++) {
    emitImage(context, node, {
      shape,
      grid,
      x: { ...x, address: offset(x.address, image * x.channels * product(x.sizes)) },
      wPtr,
      biasPtr,
      yPtr: offset(y.address, image * imageFloats),
      residualPtr: residualPtr === absent ? absent : offset(residualPtr as Address, image * imageFloats),
      finish: { ...activationFields(node.activation), ...poolFields(node) },
    });
  }
  context.define(yName, y);
}

/** Where positions become channels, a copy: [d][h][w][position along h][along w][channel]. */
function inputOf(context: Context, node: ConvNode, shape: ConvShape, { strides }: WinogradChoice): WinogradSource {
  const { emitter } = context;
  const { batch, inC, inSizes, pads } = shape;
  const xName = node.inputs[0]!;
  if (product(strides) === 1) {
    const { address } = context.inLayout(xName, channelsLast);
    return { address, sizes: inSizes, channels: inC, pads, shifts: [0, 0, 0] };
  }
  const [, sH, sW] = strides;
  const held = context.value(xName);
  const [n, c, d, h, w] = fiveStrides(stridesOf(held.dims, held.layout));
  const sizes = mapTriple(axis => inSizes[axis]! / strides[axis]!);
  const channels = inC * sH * sW;
  const address = emitter.tensor([batch * product(sizes) * channels], rowMajor);
  const line = sizes[2] * channels;
  // Along lines of the input, since its channels are few and far apart.
  emitLoops(emitter, whereOf(node), {
    dims: [batch, sizes[0], sizes[1], sH, inC, sW, sizes[2]],
    x: offset(held.address, leadOf(held.layout)),
    xStrides: [n, d, h * sH, h, c, w, w * sW],
    y: address,
    yStrides: [product(sizes) * channels, sizes[1] * line, line, sW * inC, 1, inC, channels],
  });
  const newPads = mapTriple(axis => Math.ceil(pads[axis]! / strides[axis]!));
  return {
    address,
    sizes,
    channels,
    pads: newPads,
    shifts: mapTriple(axis => newPads[axis]! * strides[axis]! - pads[axis]!),
  };
}

/** Strides of [n, c, d, h, w]; those of missing axes count for nothing. */
function fiveStrides(strides: readonly number[]): [number, number, number, number, number] {
  const [n, c, ...spatial] = strides;
  const [d, h, w] = [0, 0, 0, ...spatial].slice(-3);
  return [n!, c!, d!, h!, w!];
}

function emitImage(context: Context, node: ConvNode, image: WinogradImage): void {
  const { points, channels, panels, taps, outGrid } = image.grid;
  const rows = product(outGrid.map(axis => axis.tiles));
  if (emitBlocks(context, node, image, rows)) return;
  // Chunks that read each other's rows share one transformed input.
  const whole = taps === 1 ? null : emitInput(context, node, image, { firstRow: 0, rows, depthFirst: false });
  const rowBytes = 4 * points * ((whole ? 0 : channels) + 8 * panels);
  const most = Math.max(leastRows, Math.floor(chunkBytes / rowBytes), Math.ceil(rows / mostChunks));
  const chunkRows = evenBlock(rows, most, 4);
  for (let firstRow = 0; firstRow < rows; firstRow += chunkRows) {
    const chunk = { firstRow, rows: Math.min(chunkRows, rows - firstRow), depthFirst: false };
    const transformed = whole ? rowsFrom(whole, firstRow) : emitInput(context, node, image, chunk);
    emitProducts(context, node, image, chunk, transformed);
  }
}

const rowsFrom = (points: Points & { readonly ptr: Address }, row: number) => ({
  ...points,
  ptr: offset(points.ptr, row * 16),
});

/** The transform of a chunk's input, with the rows that further taps read. */
function emitInput(context: Context, node: ConvNode, image: WinogradImage, chunk: RowRange) {
  const { points, channels } = image.grid;
  const halo = haloOf(image.grid, false);
  const rows = chunk.rows + halo;
  // With room behind the last row, wherever the rows of a chunk and a tap begin.
  const rowPitch = roundUp(rows, 4) + (halo === 0 ? 0 : 4);
  const pointStride = pointStrideOf(rowPitch * 16 * Math.ceil(channels / 16));
  const to = { ptr: context.emitter.tensor([points * pointStride], rowMajor), rowPitch, pointStride };
  const unit = unitOf(rows, points, image.x.channels);
  context.emitter.step(whereOf(node), winogradInput, inputOperands(image, { ...chunk, rows }, to, unit));
  return to;
}

function emitProducts(
  context: Context,
  node: ConvNode,
  image: WinogradImage,
  chunk: RowRange,
  transformed: Points,
): void {
  const { emitter } = context;
  const { points, channels, panels, taps } = image.grid;
  const { rows } = chunk;
  const depth = taps * channels;
  const rowPitch = roundUp(rows, 4);
  const pointStride = pointStrideOf(Math.ceil(panels / 2) * rowPitch * 16);
  const products = { ptr: emitter.tensor([points * pointStride], rowMajor), rowPitch, pointStride };
  emitter.step(whereOf(node, 2 * points * rows * depth * panels * 8), winogradProducts, {
    ...productOperands(image, chunk, transformed, products),
    // Two panels share the cache lines of y.
    unitPanels: Math.min(panels, 2 * Math.max(1, Math.floor(unitWork / (rows * depth * 16)))),
  });
  const unit = unitOf(rows, points, image.shape.outC);
  emitter.step(whereOf(node), winogradOutput, outputOperands(image, chunk, products, unit));
}
