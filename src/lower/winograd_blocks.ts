/**
 * Winograd's method as one step (f32_conv_winograd), behind the input's transform where blocks share that: blocks of tiles are small enough
 * for what lies between the steps to stay in a worker's own cache. Invariant: a block has the bits of a chunk.
 */
import type { ConvNode } from '../graph/ir.js';
import { convWinograd, prefixed, scratchParts } from '../kernels/conv_winograd.js';
import { roundUp } from '../kernels/sizes.js';
import { absent, type Context, whereOf } from './context.js';
import { blockRows } from './winograd_block_rows.js';
import {
  inputOperands,
  outputOperands,
  type Points,
  pointStrideOf,
  productOperands,
  type WinogradImage,
} from './winograd_operands.js';

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
  const channels = 4 * quads;
  const most = Math.floor(rows / (leastBlocks * context.workers));
  const blockSize = blockRows({ points, otherTaps: taps, channels, panels }, most);
  if (blockSize === 0) return false;

  const rowPitch = roundUp(blockSize, 4);
  const pointsOf = (count: number): Points => ({
    ptr: absent,
    rowPitch,
    pointStride: pointStrideOf(rowPitch * 16 * count),
  });
  const block = { firstRow: 0, rows: blockSize };
  const groups = { in: Math.ceil(quads / 4), out: Math.ceil(panels / 2) };
  const own = pointsOf(groups.in);
  const products = pointsOf(groups.out);
  const steps = {
    input: inputOperands(image, block, own, { unitRows: blockSize, unitGroups: groups.in }),
    products: productOperands(image, blockSize, transformed ?? own, products),
    output: outputOperands(image, block, products, { unitRows: blockSize, unitGroups: groups.out }),
  };
  context.emitter.step(whereOf(node, 2 * points * rows * taps * channels * panels * 8), convWinograd, {
    rows,
    blockRows: blockSize,
    ...scratchParts(steps),
    ...prefixed('input', steps.input),
    ...prefixed('products', steps.products),
    ...prefixed('output', steps.output),
  });
  return true;
}
