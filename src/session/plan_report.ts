/**
 * A plan as it is shown: which node computes what, what crosses, and what it should take. Plain data that survives JSON.
 * Nodes are named by their number in the topology, boxes are in the order of `memories`.
 */
import type { BarrierScope } from '../lower/program.js';
import type { Box } from '../plan/box.js';
import type { cutName, Partition } from '../plan/cuts.js';
import type { Algorithm } from './options.js';

/** Predicted milliseconds of the slowest memory. They add up to `ms`. */
export interface PredictedTimes {
  readonly ms: number;
  readonly computeMs: number;
  /** What waiting for memory adds to the arithmetic. */
  readonly memoryMs: number;
  readonly exchangeMs: number;
  /** Barriers, and the handing out of work. */
  readonly barrierMs: number;
}

/** Bytes that one node's workers fetch from another node's memory. */
export interface NodeMove {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

export interface PlannedLayerInfo extends PredictedTimes {
  readonly name: string;
  readonly op: string;
  /** Of the whole output. */
  readonly dims: readonly number[];
  readonly cut: ReturnType<typeof cutName>;
  /** Along each axis of the output, in how many; null where one memory computes all of it, or every memory does. */
  readonly parts: readonly number[] | null;
  /** By memory: the ranges [begin, end) of the output that it computes; null where it computes nothing. */
  readonly boxes: readonly (Box | null)[];
  /** What is fetched for this layer, by nodes; what an earlier layer has fetched already is not fetched again. */
  readonly moves: readonly NodeMove[];
  readonly exchangeBytes: number;
  /** By memory: packed weights of the layer. */
  readonly weightBytes: readonly number[];
}

export interface PlannedMemoryInfo {
  /** The node whose memory it is. */
  readonly node: number;
  readonly workers: number;
  readonly bytes: number;
  readonly weightBytes: number;
  readonly arenaBytes: number;
}

/** A plan in a few numbers. */
export interface PlanSummary {
  /** A whole run: the layers, starting the workers, writing inputs and reading outputs. */
  readonly ms: number;
  readonly exchangeBytes: number;
  /** Of all memories. */
  readonly weightBytes: number;
  readonly memoryBytes: number;
}

/** Another plan of the same model; `problem` in place of numbers says why it cannot be. */
export type ComparedPlan = (PlanSummary & { readonly problem: null }) | { readonly ms: null; readonly problem: string };

export interface PlanReport {
  readonly model: string;
  readonly inputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  readonly gflop: number;
  readonly algorithm: Algorithm;
  readonly partition: Partition;
  readonly machine: {
    readonly nodes: number;
    readonly clusters: number;
    readonly workers: number;
    /** The nodes are not those of this machine: times are those of a machine of that shape. */
    readonly logical: boolean;
  };
  /** Where the rates come from that every time here follows from. */
  readonly rates: {
    /** `calibrated`: those that a calibration of this machine has kept. */
    readonly source: 'given' | 'calibrated' | 'default';
    readonly cpu: string;
    readonly node: string;
    readonly module: string;
  };
  readonly memories: readonly PlannedMemoryInfo[];
  readonly layers: readonly PlannedLayerInfo[];
  readonly steps: {
    readonly total: number;
    /** Those in which something is fetched. */
    readonly exchanges: number;
    /** By who meets behind a step. */
    readonly barriers: Readonly<Record<BarrierScope, number>>;
  };
  /** Of the layers, and `runMs` beside them: together they are `ms`. */
  readonly totals: PredictedTimes & PlanSummary & { readonly runMs: number };
  /** The second-best plan that the search has seen; null where there is one only. */
  readonly secondBest: { readonly ms: number } | null;
  /** Speed-ups are those of the plan over these. */
  readonly oneCore: ComparedPlan & { readonly speedUp: number | null };
  readonly oneNode: ComparedPlan & { readonly speedUp: number | null; readonly node: number; readonly workers: number };
  /** What other partitions would exchange and take; none where there is one memory only. */
  readonly alternatives: readonly (ComparedPlan & {
    readonly partition: Partition;
    /** Layers that are cut as wished; the others cannot be, and are planned as in `auto`. Null where the wish is no cut. */
    readonly layersCut: number | null;
  })[];
}
