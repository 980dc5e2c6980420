/**
 * A layer on boxes: the node as it is for a smaller tensor. Invariant: tap by tap it reads, for each output of the box, the elements
 * that the whole layer reads.
 */
import type { ConvNode, Node, PoolNode, TypedGraph, Window } from '../graph/ir.js';
import type { Box } from '../plan/box.js';

/** `out`: the box that is computed; `x`: the box of the first operand that is held, at least what is needed. */
export function localNode(graph: TypedGraph, node: Node, out: Box, x: Box | undefined): Node {
  if (!x) return node;
  switch (node.op) {
    case 'Conv': {
      const outChannels = graph.types.get(node.outputs[0]!)!.dims[1]!;
      const groups = (node.groups * (out[1]![1] - out[1]![0])) / outChannels;
      return {
        ...node,
        groups: node.groups === 1 ? 1 : groups,
        window: localWindow(graph, node, out, x),
      };
    }
    case 'MaxPool':
    case 'AveragePool':
      return { ...node, window: localWindow(graph, node, out, x) };
    default:
      return node;
  }
}

/** Pads from the box's own beginning and end; negative where the box begins before the first tap. */
function localWindow(graph: TypedGraph, node: ConvNode | PoolNode, out: Box, x: Box): Window {
  const { window } = node;
  const pool = node.op === 'Conv' ? node.pool : null;
  const sizes = graph.types.get(node.inputs[0]!)!.dims.slice(2);
  const [from, at] = [x.slice(2), out.slice(2)];
  return {
    ...window,
    padsBegin: window.padsBegin.map((pad, i) => pad + from[i]![0] - at[i]![0] * (pool?.[i] ?? 1) * window.strides[i]!),
    padsEnd: window.padsEnd.map((pad, i) => pad + sizes[i]! - from[i]![1]),
  };
}
