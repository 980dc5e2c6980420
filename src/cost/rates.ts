/**
 * What a machine's parts cost: plain data that the calibration measures and a file keeps. Invariant: every rate is per
 * worker or says of how many, and all of them are positive or zero.
 */
import type { CacheSizes, Piece } from './work.js';

export interface Rates {
  readonly format: typeof ratesFormat;
  readonly machine: MachineKey;
  /** How many workers were measured together; 1 where there is but one. */
  readonly workers: number;
  readonly caches: CacheSizes;
  /** Best arithmetic of one worker, 2 per multiply-add: that of the register tile. */
  readonly gflopsPerWorker: number;
  /** Nanoseconds of each inner piece on one worker, operands in its own cache. */
  readonly pieceNs: Readonly<Record<Piece, number>>;
  /** How much longer pieces take while all measured workers are busy: clocks, shared units. At least 1. */
  readonly crowding: number;
  /** Between a worker's own cache and the shared one. */
  readonly cache: Bandwidth;
  /** Between the caches and the own node's memory. */
  readonly memory: Bandwidth;
  /** Of exchanges: bytes that arrive, copied from another memory at distance 10, in long runs. */
  readonly copy: Bandwidth;
  /** Nanoseconds of each run of an exchange. */
  readonly copyRunNs: number;
  /** One barrier of all measured workers. */
  readonly barrierUs: number;
  /** One claim of units, and what each step costs a worker whatever it does. */
  readonly claimUs: number;
  readonly stepUs: number;
  /** A run of an empty program, from the call to its result. */
  readonly runUs: number;
  /** Inputs written and outputs read by the main thread. */
  readonly portBytesPerSecond: number;
  /** What is known of its nodes; missing where distances are all that is known. */
  readonly nodes?: NodeRates;
}

/** Of a machine with several nodes. The rates beside it are those of one node, with all of its workers measured. */
export interface NodeRates {
  /** From another node's memory to the workers of one node, one or all of them; by ascending distance. */
  readonly links: readonly (Bandwidth & { readonly distance: number })[];
  /** How much longer than one of the same node a worker of another one takes to count itself in at a barrier. At least 1. */
  readonly farArrival: number;
}

export const ratesFormat = 1;

/** What rates are valid for. */
export interface MachineKey {
  readonly cpu: string;
  readonly node: string;
  readonly module: string;
  readonly version: string;
}

export interface Bandwidth {
  readonly oneBytesPerSecond: number;
  /** Of all measured workers together. */
  readonly allBytesPerSecond: number;
}

/**
 * Bytes per second that `workers` workers get together, given what one and `measured` of them get: each further worker
 * takes the same part of what one has alone, so that the sum grows towards a limit.
 */
export function bandwidthOf({ oneBytesPerSecond, allBytesPerSecond }: Bandwidth, measured: number, workers: number) {
  if (measured < 2) return workers * oneBytesPerSecond;
  const contention = Math.max(0, ((measured * oneBytesPerSecond) / allBytesPerSecond - 1) / (measured - 1));
  return (workers * oneBytesPerSecond) / (1 + contention * (workers - 1));
}

/** How much longer pieces take while `workers` workers are busy, up to what was measured. */
export const crowdingOf = ({ crowding, workers: measured }: Rates, workers: number): number =>
  measured < 2 ? 1 : 1 + (crowding - 1) * Math.min(1, (workers - 1) / (measured - 1));

/** One barrier among `workers`: they count themselves in one after another. `far` of them are not on the node of most. */
export function barrierMs({ barrierUs, workers: measured, nodes }: Rates, workers: number, far = 0): number {
  if (workers < 2) return 0;
  const arrivals = workers + far * ((nodes?.farArrival ?? 1) - 1);
  return (barrierUs * (arrivals / Math.max(2, measured))) / 1000;
}
