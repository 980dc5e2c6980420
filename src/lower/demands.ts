/** What a box of a layer reads, operand by operand. */
import type { Node, TypedGraph } from '../graph/ir.js';
import { type Box, hull } from '../plan/box.js';
import { needsOf } from '../plan/needs.js';

/** What one memory reads of one value. */
export interface Demand {
  readonly name: string;
  readonly need: Box;
  /** More along space than needed is welcome. */
  readonly loose: boolean;
}

export interface Demands {
  /** The box of each operand by name, constants too; without the residual. */
  readonly needs: ReadonlyMap<string, Box>;
  /** Of the computed ones. */
  readonly operands: readonly Demand[];
  /** A convolution may add what it also convolves: the one with its halos, the other without. */
  readonly residual: Demand | null;
}

const residualIndex = 3;

export function demandsOf(graph: TypedGraph, node: Node, out: Box): Demands {
  const boxes = needsOf(graph, node, out);
  const needs = new Map<string, Box>();
  let residual: Demand | null = null;
  boxes.forEach((need, index) => {
    const name = node.inputs[index]!;
    if (!need) return;
    if (node.op === 'Conv' && index === residualIndex && !graph.constants.has(name)) {
      residual = { name, need, loose: false };
      return;
    }
    const other = needs.get(name);
    needs.set(name, other ? hull(other, need) : need);
  });
  const operands = [...needs]
    .filter(([name]) => !graph.constants.has(name))
    .map(([name, need]) => ({ name, need, loose: findsByWindow(node) && name === node.inputs[0] }));
  return { needs, operands, residual };
}

/** Whether the op looks for its first operand's elements one by one, so that it does not mind more around them. */
const findsByWindow = ({ op }: Node): boolean =>
  op === 'Conv' || op === 'MaxPool' || op === 'AveragePool' || op === 'Resize';
