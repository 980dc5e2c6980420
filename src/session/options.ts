import { env, type InferenceSession as Ort } from 'onnxruntime-common';
import type { ModuleName, VectorBits } from '../assets.js';
import type { Rates } from '../cost/rates.js';
import { ratesProblem } from '../cost/rates_problem.js';
import { NumavoxError } from '../errors.js';
import { type Partition, partitions } from '../plan/cuts.js';
import type { InferenceProfile } from './inference_profile.js';

/**
 * How results are computed.
 *
 * - `auto`: Winograd's method along one to three axes for the convolutions whose shape suits it, direct convolution for
 *   the others
 * - `exact`: direct convolution only: one accumulator chain per output
 * - `reference`: `exact`, and every layer on its kernel's plain-TypeScript twin; slow, for checking
 */
export type Algorithm = 'auto' | 'exact' | 'reference';
export const algorithms: readonly Algorithm[] = ['auto', 'exact', 'reference'];

/**
 * How the weights of fully connected layers (products of at most eight rows) are kept.
 *
 * - `f32`: as they are
 * - `bf16`: rounded to bfloat16, eight significant bits: half the memory and half the bytes to read
 */
export type WeightFormat = 'f32' | 'bf16';
export const weightFormats: readonly WeightFormat[] = ['f32', 'bf16'];

/** Name under which the engine is registered with onnxruntime-common. */
export const providerName = 'numavox';

export interface NumavoxOptions {
  /** Number of workers; one per allowed physical core unless given. `intraOpNumThreads` means the same. */
  readonly workers?: number;
  /** A shape such as `4x2x4` (nodes x clusters x cores) or a topology as `numavox topology --json` prints it. */
  readonly topology?: string | object;
  /** Use every SMT thread as a core. */
  readonly smt?: boolean;
  /** Kernels with or without fused multiply-add; the better one that this Node has unless given. */
  readonly module?: ModuleName;
  /**
   * Bits of the vectors that V8 is asked for; 256 unless given. Kernels are written for 128; V8 from 13.6 on (Node 24) fuses neighbours to
   * 256 on CPUs with AVX2, by a flag that stays set for the whole process. With 128, it is not set; what another session has set stays. The
   * results have the same bits.
   */
  readonly vectors?: VectorBits;
  readonly algorithm?: Algorithm;
  readonly weights?: WeightFormat;
  /**
   * Packed weights of a convolution may be this many times as large as they are, at least 1. Winograd's method takes more room the
   * larger its tiles are; unless given, four times, and more where that is under 64 MiB. Changes rounding, as `algorithm` does.
   */
  readonly weightGrowth?: number;
  /**
   * How layers are divided among the nodes of the machine, each of which has its own memory; `auto` unless given. Every
   * choice gives the same bits.
   */
  readonly partition?: Partition;
  /** What plans are compared by, as `numavox calibrate --json` prints it; the rates of this machine's calibration unless given. */
  readonly rates?: Rates;
  /** Sizes for inputs, in place of declared or symbolic ones. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Sizes for symbolic dimensions, by their name (onnxruntime's own option). */
  readonly freeDimensionOverrides?: Readonly<Record<string, number>>;
  /** Receives what is odd but no error (no taskset, more workers than CPUs), one line each; stderr unless given. */
  readonly onWarning?: (message: string) => void;
}

/** Options of one run, beside onnxruntime's own. */
export interface NumavoxRunOptions {
  /** Ends the run early: it rejects with kind `aborted`. */
  readonly signal?: AbortSignal;
  /** About ten times a second: steps done, steps in all, name of the step that is running. */
  readonly onProgress?: (done: number, total: number, name: string) => void;
  /** Asks for the times of every layer and worker, and gets them when the run has succeeded. What it throws rejects the run. */
  readonly onProfile?: (profile: InferenceProfile) => void;
}

/** onnxruntime's options and ours: at the top level, or in an execution provider named `numavox`. */
export type SessionOptions = Omit<Ort.SessionOptions, 'executionProviders'> &
  NumavoxOptions & {
    readonly executionProviders?: readonly (
      | Ort.ExecutionProviderConfig
      | ({ readonly name: typeof providerName } & NumavoxOptions)
    )[];
  };
export type RunOptions = Ort.RunOptions & NumavoxRunOptions;

const keys = [
  'workers',
  'topology',
  'smt',
  'module',
  'vectors',
  'algorithm',
  'weights',
  'weightGrowth',
  'partition',
  'rates',
  'shapes',
  'freeDimensionOverrides',
  'onWarning',
] as const;

/**
 * Our options from onnxruntime's: those of an execution provider named `numavox`, overridden by top-level ones.
 *
 * @throws NumavoxError `usage` for a value that makes no sense.
 */
export function resolveOptions(options: SessionOptions): NumavoxOptions {
  if (typeof options !== 'object' || options === null) {
    throw new NumavoxError('usage', `options are '${options}'; they must be an object`);
  }
  const providers = options.executionProviders ?? [];
  if (!Array.isArray(providers)) {
    throw new NumavoxError('usage', `executionProviders is '${providers}'; it must be a list`);
  }
  const provider = providers.find(entry => typeof entry === 'object' && entry?.name === providerName) as
    | NumavoxOptions
    | undefined;
  const merged: Record<string, unknown> = {};
  for (const key of keys) {
    const value = options[key] ?? provider?.[key];
    if (value !== undefined) merged[key] = value;
  }
  const threads = options.intraOpNumThreads || env.wasm.numThreads;
  if (merged.workers === undefined && threads) merged.workers = threads;
  const resolved: NumavoxOptions = merged;
  const { workers, algorithm, weights, weightGrowth, module, vectors, partition, rates } = resolved;
  if (workers !== undefined && !(Number.isInteger(workers) && workers > 0)) {
    throw new NumavoxError('usage', `workers is '${workers}'; it must be a whole number of at least 1`);
  }
  if (weightGrowth !== undefined && !(Number.isFinite(weightGrowth) && weightGrowth >= 1)) {
    throw new NumavoxError('usage', `weightGrowth is '${weightGrowth}'; it must be a number of at least 1`);
  }
  oneOf('algorithm', algorithm, algorithms);
  oneOf('weights', weights, weightFormats);
  oneOf('module', module, ['simd', 'relaxed']);
  oneOf('vectors', vectors, [128, 256]);
  oneOf('partition', partition, partitions);
  const problem = rates === undefined ? null : ratesProblem(rates);
  if (problem) throw new NumavoxError('usage', `rates are not as "numavox calibrate --json" prints them: ${problem}`);
  for (const [symbol, size] of Object.entries(resolved.freeDimensionOverrides ?? {})) {
    if (Number.isInteger(size) && size > 0) continue;
    throw new NumavoxError('usage', `size of '${symbol}' is ${size}; it must be a whole number of at least 1`);
  }
  for (const [input, dims] of Object.entries(resolved.shapes ?? {})) {
    if (!Array.isArray(dims) || !dims.every(size => Number.isInteger(size) && size > 0)) {
      throw new NumavoxError('usage', `shape of '${input}' is [${dims}]; sizes must be whole numbers of at least 1`);
    }
  }
  return resolved;
}

function oneOf<T>(name: string, value: T | undefined, allowed: readonly T[]): void {
  if (value !== undefined && !allowed.includes(value)) {
    throw new NumavoxError('usage', `${name} is '${value}'; it must be one of ${allowed.join(', ')}`);
  }
}
