import type { TypedGraph } from '../graph/ir.js';
import { type Box, wholeBox } from './box.js';
import { seats, type TeamTree } from './team.js';

/** The Plan: which memory computes which part of each layer. Everything else (what is exchanged) follows from it. */
export interface Plan {
  readonly teams: TeamTree;
  readonly memories: readonly PlannedMemory[];
  /** One per node of the graph, in its order. */
  readonly layers: readonly LayerPlan[];
}

export interface PlannedMemory {
  /** Index into `teams.nodes`: whose workers touch its pages first. */
  readonly nodeIndex: number;
  /** Ranks that work in it. */
  readonly ranks: readonly number[];
}

export interface LayerPlan {
  readonly name: string;
  readonly cut: Cut;
  /** By memory: the part of the layer's output that it computes; null where it has none. */
  readonly boxes: readonly (Box | null)[];
}

/**
 * How a layer's output is divided among the memories.
 *
 * - `one`: one memory computes all of it
 * - `all`: every memory computes all of it, so that nobody has to fetch it
 * - `parts`: a grid of boxes, `parts[axis]` of them along each axis of the output; memory i has box i, the channels
 *   counting fastest, then height, then depth
 */
export type Cut =
  | { readonly kind: 'one'; readonly memory: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'parts'; readonly parts: readonly number[] };

/**
 * The plan without a partition over nodes: one memory, homed on the node with the most workers (the first of them), in
 * which the workers of all nodes share out every layer.
 */
export function planWhole(graph: TypedGraph, teams: TeamTree): Plan {
  const all = seats(teams);
  const counts = teams.nodes.map((_, index) => all.filter(seat => seat.nodeIndex === index).length);
  const home = counts.indexOf(Math.max(...counts));
  return {
    teams,
    memories: [{ nodeIndex: home, ranks: all.map(seat => seat.rank) }],
    layers: graph.nodes.map(({ name, outputs }) => ({
      name,
      cut: { kind: 'one', memory: 0 },
      boxes: [wholeBox(graph.types.get(outputs[0]!)!.dims)],
    })),
  };
}
