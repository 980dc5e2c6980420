/**
 * Times of a program's steps, as the runtime's own profile tells them. Invariant: the lower quartile of several runs: what an
 * undisturbed run usually takes, where a mean would count the disturbances and the least would be luck.
 */
import type { Program } from '../lower/program.js';
import type { PlannedMemory } from '../plan/plan.js';
import type { RunProfile, Runtime } from '../runtime/index.js';

export interface Measured {
  /** By step: from the first worker's arrival to the last one's leave, barrier included; empty where runs were plain. */
  readonly stepMs: readonly number[];
  /** A run, from the call to its results. */
  readonly runMs: number;
}

export interface MeasureOptions {
  readonly runtime: Runtime;
  readonly program: Program;
  readonly memories: readonly PlannedMemory[];
  /** Runs go on for so long, and at least so often. */
  readonly budgetMs: number;
  readonly leastRuns: number;
  /** Runs without a profile, timed as a whole. */
  readonly plain?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Loads the program, runs it again and again, and unloads it. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { runtime, program, memories, budgetMs, leastRuns, plain = false, signal } = options;
  const stop = signal ? { signal } : {};
  const loaded = await runtime.load(program, memories, stop);
  const feeds = program.inputs.map(({ dims }) => new Float32Array(dims.reduce((all, size) => all * size, 1)));
  const stepTimesMs = program.steps.map((): number[] => []);
  const runTimesMs: number[] = [];
  // Code is compiled anew, and better, while it runs: the first run only warms up.
  await runtime.run(loaded, feeds, stop);
  const endMs = performance.now() + budgetMs;
  for (let runs = 0; runs < leastRuns || performance.now() < endMs; runs++) {
    let profile: RunProfile | null = null;
    const keep = (own: RunProfile): void => {
      profile = own;
    };
    const startMs = performance.now();
    await runtime.run(loaded, feeds, { ...stop, ...(plain ? {} : { onProfile: keep }) });
    runTimesMs.push(performance.now() - startMs);
    elapsed(profile).forEach((ms, step) => {
      stepTimesMs[step]!.push(ms);
    });
  }
  await runtime.unload(loaded);
  return { stepMs: plain ? [] : stepTimesMs.map(lowerQuartile), runMs: lowerQuartile(runTimesMs) };
}

const lowerQuartile = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 4)]!;

/** By step: what the worker that came first has spent there. */
const elapsed = (profile: RunProfile | null): number[] =>
  (profile?.steps ?? []).map(({ busyMs, waitMs }) => Math.max(...busyMs.map((busy, rank) => busy + waitMs[rank]!)));
