/**
 * Computes nodes whose inputs are all constants, where that is little work; a node that only gives a constant another shape
 * costs nothing at any size, because the new constant has the old one's bytes.
 */
import { makeConstant } from '../graph/constant.js';
import { canEvaluate, evaluate } from '../graph/evaluate.js';
import { operandOf } from '../graph/infer.js';
import type { Constant, Node, TypedGraph } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import type { PassReport, PassResult } from './report.js';

/** Operands and results of up to this many elements are computed. */
const largestElements = 1 << 20;

const reshapes: ReadonlySet<Node['op']> = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'] as const);

export function foldConstants(graph: TypedGraph): PassResult {
  const constants = new Map(graph.constants);
  const report: PassReport[] = [];
  const nodes = graph.nodes.filter(node => {
    const isCandidate =
      node.inputs.some(name => name !== '') && node.inputs.every(name => !name || constants.has(name));
    if (!isCandidate) return true;
    const folded = fold(graph, node, constants);
    const fired = typeof folded !== 'string';
    if (fired) constants.set(node.outputs[0]!, folded);
    report.push({ pass: 'foldConstants', node: node.name, fired, reason: fired ? 'its inputs are constants' : folded });
    return !fired;
  });
  return { graph: { ...graph, nodes, constants }, report };
}

/** The node's output as a constant, or why it cannot be one. */
function fold(graph: TypedGraph, node: Node, constants: ReadonlyMap<string, Constant>): Constant | string {
  const type = graph.types.get(node.outputs[0]!)!;
  const first = constants.get(node.inputs[0]!);
  if (first && !first.scale && reshapes.has(node.op)) return { ...first, dims: type.dims };
  if (type.dtype === 'float16' || !canEvaluate(node, type.dtype)) {
    return `${node.op} to ${type.dtype} is not computed ahead of the run`;
  }
  const elements = Math.max(...[...node.inputs.filter(Boolean), node.outputs[0]!].map(name => elementsOf(graph, name)));
  if (elements > largestElements) return `${elements} elements are more than the ${largestElements} computed ahead`;
  const operands = node.inputs.map(name =>
    name === '' ? null : operandOf(node, name, graph.types, constants, largestElements),
  );
  const numbers = evaluate(node, operands, type);
  return numbers ? makeConstant(type.dtype, type.dims, numbers) : 'its result is not defined';
}

const elementsOf = (graph: TypedGraph, name: string): number => sizeOf(graph.types.get(name)!.dims);
