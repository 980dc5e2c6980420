/** Times of a program's steps, as the runtime's own profile tells them. Invariant: the least of several runs, never a mean. */
import type { Program } from '../lower/program.js';
import type { PlannedMemory } from '../plan/plan.js';
import type { RunProfile, Runtime } from '../runtime/index.js';

export interface Measured {
  /** By step: from the first worker's arrival to the last one's leave, barrier included. */
  readonly stepMs: readonly number[];
  /** The shortest run, from the call to its results. */
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
  const stepMs = program.steps.map(() => Number.POSITIVE_INFINITY);
  let runMs = Number.POSITIVE_INFINITY;
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
    runMs = Math.min(runMs, performance.now() - startMs);
    elapsed(profile).forEach((ms, step) => {
      stepMs[step] = Math.min(stepMs[step]!, ms);
    });
  }
  await runtime.unload(loaded);
  return { stepMs, runMs };
}

/** By step: what the worker that came first has spent there. */
const elapsed = (profile: RunProfile | null): number[] =>
  (profile?.steps ?? []).map(({ busyMs, waitMs }) => Math.max(...busyMs.map((busy, rank) => busy + waitMs[rank]!)));
