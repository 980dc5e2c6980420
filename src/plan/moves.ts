/**
 * What crosses between memories under a plan. Invariant: it follows from the boxes of the layers alone; inputs of the graph and
 * constants are everywhere, so they never cross.
 */
import type { Node, TypedGraph } from '../graph/ir.js';
import { type Box, boxElements, hull, sameRange } from './box.js';
import type { Move } from './cost.js';
import { type Distance, transfers } from './exchange.js';
import { memoryDistance } from './memories.js';
import { needsOf } from './needs.js';
import type { LayerPlan, Plan } from './plan.js';

/** Tensors are float32. */
export const elementBytes = 4;

/** By value, the box that a layer reads for `out`; one box holds all of what several operands read of a value. */
export function valueNeeds(graph: TypedGraph, node: Node, out: Box): ReadonlyMap<string, Box> {
  const needs = new Map<string, Box>();
  needsOf(graph, node, out).forEach((box, index) => {
    const name = node.inputs[index]!;
    const other = needs.get(name);
    if (box) needs.set(name, other ? hull(other, box) : box);
  });
  return needs;
}

/** The moves that give every memory what it needs of one value, of which each has its part. */
export const valueMoves = (
  needs: readonly (Box | null)[],
  parts: readonly (Box | null)[],
  distance: Distance,
): Move[] =>
  needs.flatMap((need, to) =>
    need === null
      ? []
      : transfers(need, to, parts, distance).map(({ from, box }) => ({
          from,
          to,
          bytes: elementBytes * boxElements(box),
          scattered: isScattered(box, need),
        })),
  );

/** Whether the box is some of the channels of several positions: held channels last, it has gaps. */
const isScattered = (box: Box, need: Box): boolean =>
  box.length > 1 && !sameRange(box[1]!, need[1]!) && boxElements(box) > box[1]![1] - box[1]![0];

/** By layer, in the plan's order: what its memories fetch before they compute. */
export interface Exchanged {
  readonly total: number;
  readonly byLayer: readonly number[];
  readonly moves: readonly (readonly Move[])[];
}

/** The bytes that cross under a plan, each layer fetching for itself. @throws RangeError if it reads what nobody computes */
export function exchangeBytes(graph: TypedGraph, plan: Plan): Exchanged {
  const distance = memoryDistance(plan);
  const computed = new Map<string, LayerPlan>();
  const moves = graph.nodes.map((node, index) => {
    const layer = plan.layers[index]!;
    const needs = layer.boxes.map(box => (box ? valueNeeds(graph, node, box) : null));
    const fetched = [...new Set(node.inputs)].flatMap(name => {
      const wanted = needs.map(values => values?.get(name) ?? null);
      const source = computed.get(name);
      return source ? valueMoves(wanted, source.boxes, distance) : [];
    });
    computed.set(node.outputs[0]!, layer);
    return fetched;
  });
  return { total: bytesOf(moves.flat()), byLayer: moves.map(bytesOf), moves };
}

export const bytesOf = (moves: readonly Move[]): number => moves.reduce((sum, { bytes }) => sum + bytes, 0);
