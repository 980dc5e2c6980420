/** What passes say about themselves. */
import type { TypedGraph } from '../graph/ir.js';

/** One entry per candidate: a node that the pass is about. */
export interface PassReport {
  readonly pass: string;
  readonly node: string;
  readonly fired: boolean;
  /** What was done, or why nothing was. */
  readonly reason: string;
}

export interface PassResult {
  readonly graph: TypedGraph;
  readonly report: readonly PassReport[];
}

export type Pass = (graph: TypedGraph) => PassResult;
