/** A Conv with a pool: what it computes before it takes the largest of each window. */
import type { ConvNode } from './ir.js';

/** Sizes [N, C, ...] of what is convolved, whole windows alone, from those of y; y's own where there is no pool. */
export const beforePool = ({ pool }: Pick<ConvNode, 'pool'>, y: readonly number[]): readonly number[] =>
  pool ? y.map((size, axis) => size * (pool[axis - 2] ?? 1)) : y;

/** Sizes of x, and of what is convolved: all that the choice of a kernel asks of them. */
export function convolvedDims(
  node: ConvNode,
  dims: (name: string) => readonly number[],
): [x: readonly number[], y: readonly number[]] {
  return [dims(node.inputs[0]!), beforePool(node, dims(node.outputs[0]!))];
}
