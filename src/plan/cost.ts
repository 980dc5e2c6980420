/**
 * What the planner asks about costs. Invariant: a model is a pure function of the layer, the box and the memory; what it says
 * never changes a result, only which plan makes it. Memories are those of the plan, by index.
 */
import type { Node } from '../graph/ir.js';
import type { Box } from './box.js';
import type { Distance } from './exchange.js';

export interface CostModel {
  /** Computing `out` of the node's output by the workers of a memory that holds all it reads. */
  compute(node: Node, out: Box, memory: number): LayerCost;
  /** Moving all of these at the same time, each by the workers of its `to`. */
  exchangeMs(moves: readonly Move[]): number;
  /** A barrier of all workers, which an exchange needs before it. */
  readonly machineBarrierMs: number;
  readonly distance: Distance;
}

/** The three times add up. */
export interface LayerCost {
  readonly computeMs: number;
  /** What waiting for memory adds to the arithmetic. */
  readonly memoryMs: number;
  /** Barriers among the workers of the memory. */
  readonly barrierMs: number;
  /** Of the packed weights that this memory holds for the layer. */
  readonly weightBytes: number;
}

/** Bytes of one value that one memory fetches from another. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  /** They land between other channels, so they are copied twice: as one block, then into place. */
  readonly scattered: boolean;
}
