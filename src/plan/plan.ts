import type { TeamTree } from './team.js';

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
