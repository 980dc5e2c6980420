/**
 * Everything that passes between the main thread and the workers: what a worker is started with, the tasks it is given,
 * what it answers and what it says unasked. All of it survives the structured clone; nothing else crosses.
 */
import type { ErrorKind } from '../errors.js';
import type { Constant } from '../graph/ir.js';
import type { Packing } from '../kernels/packing.js';
import type { TileForms } from '../kernels/tiles.js';
import type { BarrierScope, Step } from '../lower/program.js';

/** Which barrier a worker arrives at for a scope, and how many workers meet there. */
export interface BarrierRef {
  readonly index: number;
  readonly size: number;
}

/** One place in the team, for whichever worker takes it. */
export interface Seat {
  readonly rank: number;
  readonly cpu: number;
  readonly barriers: Readonly<Record<BarrierScope, BarrierRef>>;
}

/** What every worker of one pool is started with. */
export interface WorkerData {
  /** The seats of this pool; its workers take them through the slot table. */
  readonly seats: readonly Seat[];
  readonly slots: SharedArrayBuffer;
  /** How long a barrier spins before it sleeps; 0 where workers outnumber CPUs. */
  readonly spinMs: number;
}

/** Said once by a worker that has taken its seat. */
export interface Hello {
  readonly kind: 'hello';
  readonly threadId: number;
  readonly rank: number;
  readonly pinned: boolean;
  /** The CPUs the worker's thread may run on, as the kernel lists them. */
  readonly allowed: string;
  /** Why the worker is not pinned. */
  readonly reason?: string;
}

/** Said by a worker that commits a fault which only the main thread can carry out. */
export interface FaultRequest {
  readonly kind: 'fault';
  readonly request: 'terminate' | 'abort';
  readonly threadId: number;
}

export type Notice = Hello | FaultRequest;

/**
 * A failure on purpose, for tests: the worker of that rank commits it in step `step` (or load job `step`), after the
 * first units it has claimed there, or at the end of the step where it got none.
 */
export interface Fault {
  readonly rank: number;
  readonly step: number;
  readonly kind: 'throw' | 'trap' | 'exit' | 'terminate' | 'abort' | 'heap' | 'delay';
  /** Of `delay`: how long. */
  readonly delayMs?: number;
}

/**
 * A program as workers hold it: what they keep from one task to the next under `id`. Every worker gets every memory, also
 * those that it does not work in: it fetches from them.
 */
export interface Bundle {
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly tileForms: TileForms;
  readonly memories: readonly BundleMemory[];
  readonly steps: readonly Step[];
  /** The control block of its runs. */
  readonly control: SharedArrayBuffer;
}

export interface BundleMemory {
  readonly memory: WebAssembly.Memory;
  /** Who works in it; position i owns strip i of the scratch. */
  readonly ranks: readonly number[];
  /** The same ranks by cache cluster. Each share in this memory has one counter per cluster. */
  readonly clusters: readonly (readonly number[])[];
  readonly scratchAddress: number;
  readonly scratchBytes: number;
}

/** A part of a load: `units` of it are shared out among the workers of `memory`. */
export type LoadJob = { readonly name: string; readonly memory: number; readonly units: number } & (
  | { readonly kind: 'image'; readonly pieces: readonly { readonly address: number; readonly words: Int32Array }[] }
  /** Writes a zero to every page of [address, address + bytes), so that the pages lie on the workers' node. */
  | { readonly kind: 'touch'; readonly address: number; readonly bytes: number }
  | {
      readonly kind: 'weights';
      readonly address: number;
      readonly bytes: number;
      readonly constant: Constant;
      readonly packing: Packing;
    }
);

export interface LoadTask {
  readonly kind: 'load';
  readonly bundle: Bundle;
  readonly jobs: readonly LoadJob[];
  /** The control block of this load. */
  readonly control: SharedArrayBuffer;
  readonly fault?: Fault;
}

export interface RunTask {
  readonly kind: 'run';
  readonly id: number;
  /** Absent where every worker is known to hold the program already. */
  readonly bundle?: Bundle;
  /**
   * Float64 triples [start ms, busy ms, barrier wait ms] at (step * ranks + rank) * 3, where a profile is wanted. Starts
   * are times of a clock that all workers share.
   */
  readonly profile?: SharedArrayBuffer;
  readonly fault?: Fault;
}

/** Drops the programs that have been unloaded. */
export interface SweepTask {
  readonly kind: 'sweep';
}

export type Task = LoadTask | RunTask | SweepTask;

export type TaskResult =
  | { readonly kind: 'done' }
  /** Another worker, or the main thread, ended the task early. */
  | { readonly kind: 'stopped' }
  /** This worker failed; it has stopped the others. */
  | {
      readonly kind: 'failed';
      readonly rank: number;
      readonly step: number;
      readonly message: string;
      readonly stack: string;
      /** The kind of a NumavoxError. */
      readonly errorKind?: ErrorKind;
    };
