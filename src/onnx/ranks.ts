/**
 * Ranks without sizes: what a few old attributes (opset 6 broadcasting, opset 18 resize axes) need before shapes are inferred.
 * A rank is a number only where it is certain.
 */
import type { Node } from '../graph/ir.js';

export interface RankLookup {
  rank(value: string): number | null;
  /** Number of elements of a constant, or null for another value. */
  constantSize(value: string): number | null;
}

const plus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

/** Rank of the node's output, or null where it does not follow from its inputs' ranks. */
export function rankOfOutput(node: Node, { rank, constantSize }: RankLookup): number | null {
  const input = (index: number): number | null => rank(node.inputs[index] ?? '');
  const removed = (count: number | null) => plus(input(0), count === null ? null : -count);
  switch (node.op) {
    case 'Flatten':
    case 'Gemm':
      return 2;
    case 'Shape':
      return 1;
    case 'Conv':
      return input(0) ?? input(1);
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div': {
      const [a, b] = [input(0), input(1)];
      return a === null || b === null ? null : Math.max(a, b);
    }
    case 'MatMul': {
      const [a, b] = [input(0), input(1)];
      return a === null || b === null || a < 2 || b < 2 ? null : Math.max(a, b);
    }
    case 'Reshape':
      return constantSize(node.inputs[1]!);
    case 'Squeeze':
      return removed(constantSize(node.inputs[1]!));
    case 'Unsqueeze':
      return plus(input(0), constantSize(node.inputs[1]!));
    case 'ReduceMean':
      if (node.keepDims) return input(0);
      return node.axes.length > 0 ? removed(node.axes.length) : 0;
    case 'Gather':
      return plus(plus(input(0), input(1)), -1);
    default:
      return input(0);
  }
}
