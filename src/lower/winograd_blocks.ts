/**
 * Winograd's method as one step (f32_conv_winograd), where blocks of tiles are small enough for what lies between the transforms to
 * stay in a worker's own cache. Invariant: a block has the bits of a chunk.
 */
import type { ConvNode } from '../graph/ir.js';
import { convWinograd, prefixed, scratchParts } from '../kernels/conv_winograd.js';
import { roundUp } from '../kernels/sizes.js';
import { absent, type Context, whereOf } from './context.js';
import {
  inputOperands,
  outputOperands,
  type Points,
  pointStrideOf,
  productOperands,
  type WinogradImage,
} from './winograd_operands.js';

/** Rows of a block: a multiple of those of the fastest register tile. */
const tileRows = 6;
/** What a block's transformed input and products take where that leaves it several register tiles of rows: a quarter of a small L2. */
const wantedBytes = 256 * 1024;
/** The same at most, for a block of one register tile of rows. */
const mostBytes = 1.125 * 2 ** 20;
/** Weights pass once for each block, from a shared cache: so many bytes at most. */
const mostWeightBytes = 8 * 2 ** 20;
/** Blocks for each worker at least, so that all of them have about as many. */
const leastBlocks = 4;

interface BlockOptions {
  /** All of the image's. */
  readonly rows: number;
  /** The input where it has been transformed; null: each block transforms its own. */
  readonly transformed: Points | null;
}

/** Whether the image is done so; nothing is emitted otherwise. */
export function emitBlocks(context: Context, node: ConvNode, image: WinogradImage, options: BlockOptions): boolean {
  const { rows, transformed } = options;
  const { points, quads, panels, taps } = image.grid;
  const groups = { in: Math.ceil(quads / 4), out: Math.ceil(panels / 2) };
  const depth = taps * 4 * quads;
  const rowBytes = 64 * points * ((transformed ? 0 : groups.in) + groups.out);
  const wantedRows = Math.max(tileRows, Math.floor(wantedBytes / rowBytes));
  const most = Math.min(wantedRows, Math.floor(rows / (leastBlocks * context.workers)));
  const blockRows = most - (most % tileRows);
  const weightBytes = 32 * points * panels * depth;
  if (blockRows === 0 || blockRows * rowBytes > mostBytes || weightBytes > mostWeightBytes) return false;

  const rowPitch = roundUp(blockRows, 4);
  const pointsOf = (count: number): Points => ({
    ptr: absent,
    rowPitch,
    pointStride: pointStrideOf(rowPitch * 16 * count),
  });
  const block = { firstRow: 0, rows: blockRows };
  const own = pointsOf(groups.in);
  const products = pointsOf(groups.out);
  const steps = {
    input: inputOperands(image, block, own, { unitRows: blockRows, unitGroups: groups.in }),
    products: productOperands(image, blockRows, transformed ?? own, products),
    output: outputOperands(image, block, products, { unitRows: blockRows, unitGroups: groups.out }),
  };
  context.emitter.step(whereOf(node, 2 * points * rows * depth * panels * 8), convWinograd, {
    rows,
    blockRows,
    ...scratchParts(steps),
    ...prefixed('input', steps.input),
    ...prefixed('products', steps.products),
    ...prefixed('output', steps.output),
  });
  return true;
}
