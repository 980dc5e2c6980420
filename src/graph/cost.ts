/** What a graph costs, counted as papers count it: 2 operations per multiply-add of convolutions and matrix products. */
import type { ConvNode, Graph, Node, TypedGraph } from './ir.js';
import { outputSize } from './rules/window.js';
import { sizeOf } from './shape.js';

/** Floating-point operations of one run of the node; 0 for ops other than Conv, Gemm and MatMul. */
export function nodeFlops(graph: TypedGraph, node: Node): number {
  const dims = (name: string | undefined): readonly number[] => graph.types.get(name ?? '')?.dims ?? [];
  const outputs = sizeOf(dims(node.outputs[0]));
  switch (node.op) {
    case 'Conv':
      return 2 * convolved(node, dims(node.inputs[0]), outputs) * sizeOf(dims(node.inputs[1]).slice(1));
    case 'Gemm':
      return 2 * outputs * dims(node.inputs[0])[node.transA ? 0 : 1]!;
    case 'MatMul':
      return 2 * outputs * dims(node.inputs[0]).at(-1)!;
    default:
      return 0;
  }
}

/** Results of a convolution, before a pool: those that fill none of its windows count as well, though nobody computes them. */
function convolved({ window, pool }: ConvNode, x: readonly number[], outputs: number): number {
  if (!pool) return outputs;
  const { kernel, strides, dilations, padsBegin, padsEnd } = window;
  return pool.reduce((all, _, i) => {
    const [size, extent] = [x[i + 2]!, (kernel[i]! - 1) * dilations[i]! + 1];
    const axis = { size, extent, stride: strides[i]!, padBegin: padsBegin[i]!, padEnd: padsEnd[i]! };
    const whole = outputSize(axis, false);
    return (all * whole) / Math.floor(whole / pool[i]!);
  }, outputs);
}

export const graphFlops = (graph: TypedGraph): number =>
  graph.nodes.reduce((total, node) => total + nodeFlops(graph, node), 0);

/** Ops that hand a weight on as it is. */
const transparent: ReadonlySet<Node['op']> = new Set([
  'Identity',
  'Cast',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
] as const);

/** The inputs of an op that are learned, where they are constants. Running statistics of a BatchNormalization are not. */
function learnedInputs(node: Node): readonly string[] {
  switch (node.op) {
    case 'Conv':
      return node.inputs.slice(1, 3);
    case 'BatchNormalization':
      return node.inputs.slice(1, 3);
    case 'PRelu':
      return node.inputs.slice(1, 2);
    case 'Gemm':
    case 'MatMul':
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return node.inputs;
    default:
      return [];
  }
}

/**
 * Learned parameters of a graph as its author counts them (before any pass): elements of the floating-point constants that
 * weigh, each counted once. Scalars that multiply or add to a value are not parameters.
 */
export function parameterCount(graph: Graph): number {
  const sourceOf = new Map<string, string>();
  for (const node of graph.nodes) {
    if (transparent.has(node.op)) sourceOf.set(node.outputs[0]!, node.inputs[0]!);
  }
  const learned = new Set<string>();
  for (const node of graph.nodes) {
    const elementwise = node.op === 'Add' || node.op === 'Sub' || node.op === 'Mul' || node.op === 'Div';
    for (const input of learnedInputs(node)) {
      let name = input;
      while (sourceOf.has(name)) name = sourceOf.get(name)!;
      const constant = graph.constants.get(name);
      if (!constant?.dtype.startsWith('float') || (elementwise && sizeOf(constant.dims) === 1)) continue;
      learned.add(name);
    }
  }
  return [...learned].reduce((total, name) => total + sizeOf(graph.constants.get(name)!.dims), 0);
}
