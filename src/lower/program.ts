import type { Constant } from '../graph/ir.js';
import type { Packing } from '../kernels/pack.js';

/**
 * The Program: what the runtime executes. A flat list of steps over planned memories; plain data that can be cloned to a
 * worker. Addresses are byte addresses in one memory, up to 4 GiB (always unsigned).
 *
 *     0          64 KiB
 *     | module's | image: descriptors, tables | weights | arena: activations, ports | scratch: one strip per worker |
 *     | statics  |                            |         |                           |                               |
 */
export interface Program {
  readonly memories: readonly MemoryPlan[];
  /** In the order of the graph's inputs and outputs. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly weights: readonly WeightTask[];
  readonly steps: readonly Step[];
}

/** One NUMA node's share of the program. */
export interface MemoryPlan {
  /** Index of the node team whose workers touch it first. */
  readonly nodeIndex: number;
  readonly bytes: number;
  readonly weightBytes: number;
  readonly arenaBytes: number;
  readonly image: readonly { readonly address: number; readonly words: Int32Array }[];
  readonly scratchAddress: number;
  /** Per worker: the worker at position i of the memory's team owns [scratchAddress + i * scratchBytes, ...). */
  readonly scratchBytes: number;
}

/** A float32 tensor in ONNX's own (row-major) order, where the main thread writes or reads it. */
export interface Port {
  readonly name: string;
  readonly dims: readonly number[];
  readonly memory: number;
  readonly address: number;
}

/** Fills one packed operand before the first run; `units` of it are shared out among the memory's workers. */
export interface WeightTask {
  readonly name: string;
  readonly memory: number;
  readonly address: number;
  readonly bytes: number;
  readonly constant: Constant;
  readonly packing: Packing;
}

/** Who must have finished before the next step may start. */
export type BarrierScope = 'cluster' | 'node' | 'machine';

export interface Step {
  /** Name of the graph node that the step belongs to: what errors and profiles print. */
  readonly name: string;
  readonly op: string;
  readonly kernel: string;
  /** One share per memory that has work in this step. */
  readonly shares: readonly Share[];
  /** 2 per multiply-add, over all shares. */
  readonly flops: number;
  readonly barrier: BarrierScope;
  /** The kernel's twin does the step. */
  readonly twin: boolean;
}

export interface Share {
  readonly memory: number;
  readonly descriptor: number;
  readonly units: number;
}
