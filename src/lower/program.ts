import type { Constant } from '../graph/ir.js';
import type { Packing } from '../kernels/packing.js';

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

/** A float32 tensor that the main thread writes (an input) or reads (an output). */
export interface Port {
  readonly name: string;
  readonly dims: readonly number[];
  /** An input is written to all of them. Together, those of an output have every element exactly once. */
  readonly pieces: readonly PortPiece[];
}

/** A box of a port's tensor in one memory, dense in ONNX's own (row-major) order. */
export interface PortPiece {
  readonly memory: number;
  readonly address: number;
  /** Where the box begins in the tensor, and its sizes: one of each per dimension. */
  readonly begin: readonly number[];
  readonly dims: readonly number[];
}

/** Fills one packed operand before the first run: its units are shared out among the memory's workers, who pack in their scratch. */
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
  /** At most one share of each kind per memory; memories without one have nothing to do in this step. */
  readonly shares: readonly Share[];
  /** 2 per multiply-add, over all shares. */
  readonly flops: number;
  readonly barrier: BarrierScope;
}

/** What the workers of one memory do in a step. Shares of one step touch separate places, in any order. */
export type Share = KernelShare | ExchangeShare;

export interface KernelShare {
  readonly kind: 'kernel';
  readonly memory: number;
  readonly kernel: string;
  readonly descriptor: number;
  readonly units: number;
  /** The kernel's twin does it. */
  readonly twin: boolean;
}

/** Copies from other memories into this one, done by this one's workers; a piece is a unit. */
export interface ExchangeShare {
  readonly kind: 'exchange';
  /** The memory that is written. */
  readonly memory: number;
  readonly pieces: readonly ExchangePiece[];
}

/** `runs` runs of `bytes` bytes each, the beginnings of neighbours a pitch apart. All multiples of 4. */
export interface ExchangePiece {
  /** The memory that is read. */
  readonly from: number;
  readonly fromAddress: number;
  readonly fromPitch: number;
  readonly toAddress: number;
  readonly toPitch: number;
  readonly runs: number;
  readonly bytes: number;
}
