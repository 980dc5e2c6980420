/**
 * Removes nodes that hand on their input as it is. Names of graph outputs stay: where the removed node made one, the node
 * before it makes it instead.
 */
import { operandOf } from '../graph/infer.js';
import type { Node, PadNode, SliceNode, TypedGraph } from '../graph/ir.js';
import { padAmounts, sliceRanges } from '../graph/rules/extent.js';
import type { Operands } from '../graph/rules/rule.js';
import { sameDims } from '../graph/shape.js';
import type { PassReport, PassResult } from './report.js';

export function removeIdentities(graph: TypedGraph): PassResult {
  const report: PassReport[] = [];
  const computed = new Set<string>();
  const outputs = new Set(graph.outputs);
  const renamed = new Map<string, string>();
  const current = (name: string): string => {
    let last = name;
    for (let next = renamed.get(last); next !== undefined; next = renamed.get(last)) last = next;
    return last;
  };
  const kept = graph.nodes.filter(node => {
    const y = node.outputs[0]!;
    const why = handsOn(graph, node);
    if (!why) {
      computed.add(y);
      return true;
    }
    const x = current(node.inputs[0]!);
    const isOutput = outputs.has(y);
    if (isOutput && (outputs.has(x) || !computed.has(x))) {
      const what = outputs.has(x) ? `another output, '${x}'` : `'${x}', which no node computes`;
      report.push({ pass: 'removeIdentities', node: node.name, fired: false, reason: `output '${y}' equals ${what}` });
      computed.add(y);
      return true;
    }
    if (isOutput) {
      renamed.set(x, y);
      computed.add(y);
    } else {
      renamed.set(y, x);
    }
    report.push({ pass: 'removeIdentities', node: node.name, fired: true, reason: why });
    return false;
  });
  const nodes = kept.map(node => ({ ...node, inputs: node.inputs.map(current), outputs: node.outputs.map(current) }));
  return { graph: { ...graph, nodes }, report };
}

/** In which way the node does nothing; null where it does something. */
function handsOn(graph: TypedGraph, node: Node): string | null {
  const x = graph.types.get(node.inputs[0]!)!;
  const y = graph.types.get(node.outputs[0]!)!;
  const keepsShape = sameDims(x.dims, y.dims);
  switch (node.op) {
    case 'Identity':
      return 'it hands on its input';
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
      return keepsShape ? 'it keeps the shape' : null;
    case 'Transpose':
      return node.perm.every((axis, i) => axis === i) ? 'it keeps the order of dimensions' : null;
    case 'Cast':
      return x.dtype === y.dtype ? 'it keeps the type' : null;
    case 'Concat':
      return node.inputs.length === 1 ? 'it joins one tensor' : null;
    case 'Pad':
      return keepsShape && padsNothing(graph, node) ? 'it adds nothing' : null;
    case 'Slice':
      return keepsShape && stepsForward(graph, node) ? 'it takes everything' : null;
    default:
      return null;
  }
}

/** Of pads that keep the shape, only those of 0 do nothing: others cut on one side what they add on the other. */
const padsNothing = (graph: TypedGraph, node: PadNode): boolean =>
  padAmounts(node, operandsOf(graph, node)).begin.every(amount => amount === 0);

const stepsForward = (graph: TypedGraph, node: SliceNode): boolean =>
  sliceRanges(node, operandsOf(graph, node)).every(range => range.step > 0 || range.count === 1);

const operandsOf = (graph: TypedGraph, node: Node): Operands =>
  node.inputs.map(name => (name === '' ? null : operandOf(node, name, graph.types, graph.constants)));
