import type { TypedGraph } from '../graph/ir.js';
import { seats, type TeamTree } from './team.js';

/**
 * The Plan: which node does which part of each layer. One inference lives in one memory so far (`home`), on which the
 * workers of every node work; `cut` is where a layer's partition over nodes is said.
 */
export interface Plan {
  readonly teams: TeamTree;
  readonly memories: readonly PlannedMemory[];
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
  readonly cut: 'whole';
  readonly memory: number;
}

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
    layers: graph.nodes.map(({ name }) => ({ name, cut: 'whole', memory: 0 })),
  };
}
