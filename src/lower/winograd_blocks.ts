/**
 * Winograd's method as one step (f32_conv_winograd): blocks of tiles are small enough for what lies between the steps to stay in a worker's
 * own cache. Invariant: a block has the bits of a chunk.
 */
import type { ConvNode } from '../graph/ir.js';
import { convWinograd, prefixed, scratchParts } from '../kernels/conv_winograd.js';
import { roundUp } from '../kernels/sizes.js';
import { absent, type Context, whereOf } from './context.js';
import { columnsOf } from './winograd.js';
import { blockRows } from './winograd_block_rows.js';
import {
  haloOf,
  inputOperands,
  outputOperands,
  type Points,
  pointStrideOf,
  productOperands,
  type WinogradImage,
} from './winograd_operands.js';

/** Blocks for each worker at least, so that all of them have about as many. */
const leastBlocks = 4;

/** Whether the image, of `rows` tiles, is done so; nothing is emitted otherwise. */
export function emitBlocks(context: Context, node: ConvNode, image: WinogradImage, rows: number): boolean {
  const { points, channels, panels, taps } = image.grid;
  const most = Math.floor(rows / (leastBlocks * context.workers));
  const blockSize = blockRows({ points, otherTaps: taps, ...columnsOf(image.shape), channels, panels }, most);
  if (blockSize === 0) return false;

  const depthFirst = taps > 1;
  const block = { firstRow: 0, rows: blockSize, depthFirst };
  const inBlock = { ...block, rows: blockSize + haloOf(image.grid, depthFirst) };
  const pointsOf = (count: number, groups: number): Points => {
    const rowPitch = roundUp(count, 4);
    return { ptr: absent, rowPitch, pointStride: pointStrideOf(rowPitch * 16 * groups) };
  };
  const groups = { in: Math.ceil(channels / 16), out: Math.ceil(panels / 2) };
  // With room behind the last row, wherever the rows of a tap begin.
  const transformed = pointsOf(inBlock.rows + (depthFirst ? 4 : 0), groups.in);
  const products = pointsOf(blockSize, groups.out);
  const steps = {
    input: inputOperands(image, inBlock, transformed, { unitRows: inBlock.rows, unitGroups: groups.in }),
    products: productOperands(image, block, transformed, products),
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
