/**
 * The runtime of a session: its workers, and the programs loaded for them. It executes Programs and knows nothing of
 * graphs. Invariant: at most one load or run is on the workers at a time, and every one ends, with a result or an error.
 */
import { availableParallelism } from 'node:os';
import type { ModuleName } from '../assets.js';
import { NumavoxError } from '../errors.js';
import type { Program } from '../lower/program.js';
import type { PlannedMemory } from '../plan/plan.js';
import type { TeamTree } from '../plan/team.js';
import { type Control, createControl, heldWord, markUnloaded, reset, slowestStep } from './control.js';
import { enterGate, type Pass } from './gate.js';
import { abortedIn, type Job, type JobOptions, startJob } from './job.js';
import { loadJobs } from './load_jobs.js';
import { allocateMemory, checkFeeds, readOutputs, writeInputs } from './memory.js';
import { chooseModule, compileModule, readModule } from './module.js';
import { createProfile, profileOf, type RunProfile } from './profile.js';
import { type OnStep, watchProgress } from './progress.js';
import type { Bundle, Fault } from './protocol.js';
import { startTeam, type Team, type WorkerInfo } from './team.js';

export interface RuntimeOptions {
  readonly teams: TeamTree;
  /** Which build of the kernels; the best the host has where absent. */
  readonly module?: ModuleName;
  readonly onWarning: (message: string) => void;
  /** Limit of a worker's JavaScript heap; V8's own where absent. */
  readonly heapLimitMb?: number;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly fault?: Fault;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** About ten times a second while steps go by, and once at the end. What it throws ends the run. */
  readonly onStep?: OnStep;
  /** Asks for a profile, and gets it when the run has succeeded. */
  readonly onProfile?: (profile: RunProfile) => void;
  /** For tests. */
  readonly fault?: Fault;
}

/** A program in memory, ready to run. Belongs to the runtime that loaded it. */
export interface Loaded {
  readonly program: Program;
  /** Bytes of its memories, together. */
  readonly bytes: number;
}

export interface Runtime {
  /** By rank, as they reported last. */
  readonly workers: readonly WorkerInfo[];
  readonly module: ModuleName;
  /**
   * Allocates the program's memories and fills them. `memories[i]` says who works in `program.memories[i]`.
   * @throws NumavoxError `resource` (memory), `model` (weights that cannot be read), `runtime`, `aborted`, `closed`
   */
  load(program: Program, memories: readonly PlannedMemory[], options?: LoadOptions): Promise<Loaded>;
  /**
   * One inference. `feeds` are read before the call returns; the results are the caller's own. Runs that overlap in CPUs,
   * in any session of the process, take turns.
   * @throws NumavoxError `input`, `runtime` (names the step and the cause; the next run works), `aborted`, `closed`
   */
  run(loaded: Loaded, feeds: readonly Float32Array[], options?: RunOptions): Promise<Float32Array[]>;
  /** Lets go of a program after the runs before it; its memory is reclaimed when no worker refers to it any more. */
  unload(loaded: Loaded): Promise<void>;
  /** Ends the workers. What is in progress rejects with `closed`. */
  close(): Promise<void>;
}

/** What the runtime keeps of a loaded program. */
interface Entry {
  readonly program: Program;
  readonly bundle: Bundle;
  readonly memories: readonly WebAssembly.Memory[];
  readonly control: Control;
}

/** A job, and what comes of it. */
interface Work<T> extends JobOptions {
  /** Reads the result, while the memories are still the job's. */
  collect(): T;
  /** Called when the workers have the task; what it returns is called when the job has ended. */
  onStart?(job: Job): (() => void) | undefined;
}

const closePatienceMs = 1_000;
let programsSoFar = 0;

/**
 * Starts the workers of a team tree, pinned where that is possible (one warning where it is not).
 * @throws NumavoxError `unsupported` (no such module here), `resource` (kernels not built), `runtime` (workers do not start)
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { teams, heapLimitMb, onWarning } = options;
  const name = chooseModule(options.module);
  const availableCpus = availableParallelism();
  // Also the asynchronous fs call that has to come before the first pinned worker.
  const compiling = compileModule(name, await readModule(name));
  const starting = startTeam({ teams, availableCpus, ...(heapLimitMb ? { heapLimitMb } : {}) });
  const [compiled, started] = await Promise.allSettled([compiling, starting]);
  if (started.status === 'rejected') throw started.reason;
  const team = started.value;
  if (compiled.status === 'rejected') {
    await team.destroy();
    throw compiled.reason;
  }
  const loose = team.workers.filter(worker => !worker.pinned);
  if (loose.length > 0) {
    onWarning(`${loose.length} of ${team.workers.length} workers are not pinned to their CPUs: ${loose[0]!.reason}`);
  }
  return createRuntime(team, name, compiled.value);
}

function createRuntime(team: Team, name: ModuleName, module: WebAssembly.Module): Runtime {
  const entries = new Map<Loaded, Entry>();
  const inLine = new Set<(error: NumavoxError) => void>();
  const ranks = team.workers.length;
  let current: Job | null = null;
  let closing: Promise<void> | null = null;

  const checkUsable = (): void => {
    if (closing) throw closedError();
    if (team.lost) throw team.lost;
  };

  const entryOf = (loaded: Loaded): Entry => {
    const entry = entries.get(loaded);
    checkUsable();
    if (!entry) throw new NumavoxError('closed', 'the program has been unloaded');
    return entry;
  };

  /** Waits until the gate opens, the signal aborts or the runtime closes. */
  const turn = (pass: Pass, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (settle: () => void): void => {
        signal?.removeEventListener('abort', abort);
        inLine.delete(quit);
        settle();
      };
      const abort = (): void => leave(() => reject(abortedIn('the line before the first step')));
      const quit = (error: NumavoxError): void => leave(() => reject(error));
      signal?.addEventListener('abort', abort);
      inLine.add(quit);
      pass.ready.then(() => leave(resolve));
    });

  /**
   * Has every worker take part in the job that `begin` describes, and collects its result. `begin` is called at once where
   * the gate is open, otherwise `onWait` is. The gate opens for the next ones when the last worker has come out of the job
   * and the result has been read.
   */
  const onWorkers = async <T>(
    signal: AbortSignal | undefined,
    begin: () => Work<T>,
    onWait = (): void => {},
  ): Promise<T> => {
    const pass = enterGate(team.cpus);
    let job: Job | null = null;
    try {
      if (!pass.admitted) {
        onWait();
        await turn(pass, signal);
      }
      checkUsable();
      const { collect, onStart, ...options } = begin();
      const { nameOf, control } = options;
      const ours = startJob(team, options);
      job = current = ours;
      const collected = ours.drained.then(() => {
        current = null;
        try {
          return ours.failed() ? null : { value: collect() };
        } finally {
          pass.leave();
        }
      });
      collected.catch(() => {});
      const abort = (): void => ours.stop(abortedIn(nameOf(slowestStep(control))));
      signal?.addEventListener('abort', abort);
      const cleanUp = onStart?.(ours);
      try {
        await ours.result;
      } finally {
        cleanUp?.();
        signal?.removeEventListener('abort', abort);
      }
      return (await collected)!.value;
    } catch (error) {
      if (!job) pass.leave();
      throw error;
    }
  };

  const holdsEverywhere = ({ control }: Entry): boolean =>
    team.workers.every(({ rank }) => {
      const holder = team.holder(rank);
      return holder !== 0 && Atomics.load(control.words, heldWord(rank)) === holder;
    });

  return {
    workers: team.workers,
    module: name,

    async load(program, plans, { signal, fault } = {}) {
      checkUsable();
      throwIfAborted(signal);
      let control: Control | null = null;
      try {
        return await onWorkers(signal, () => {
          const memories = program.memories.map(allocateMemory);
          const counters = program.steps.reduce((count, step) => count + step.shares.length, 0);
          const runs = createControl({ ranks, barriers: team.barriers, counters });
          control = runs;
          const bundle: Bundle = {
            id: ++programsSoFar,
            module,
            memories: memories.map((memory, index) => {
              const { scratchAddress, scratchBytes } = program.memories[index]!;
              return { memory, ranks: plans[index]!.ranks, scratchAddress, scratchBytes };
            }),
            steps: program.steps,
            control: runs.words.buffer,
          };
          const jobs = loadJobs(program);
          const loading = createControl({ ranks, barriers: 0, counters: jobs.length });
          return {
            control: loading,
            task: { kind: 'load', bundle, jobs, control: loading.words.buffer, ...(fault ? { fault } : {}) },
            nameOf: step => `loading "${jobs[step]?.name}"`,
            collect() {
              const loaded: Loaded = {
                program,
                bytes: memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
              };
              entries.set(loaded, { program, bundle, memories, control: runs });
              return loaded;
            },
          };
        });
      } catch (error) {
        if (control) markUnloaded(control);
        throw error;
      }
    },

    async run(loaded, feeds, { signal, onStep, onProfile, fault } = {}) {
      const entry = entryOf(loaded);
      const { program, memories, control } = entry;
      const { steps } = program;
      checkFeeds(program.inputs, feeds);
      throwIfAborted(signal);
      let copies = feeds;
      // The caller may change the feeds as soon as the call has returned.
      const keepFeeds = (): void => {
        copies = feeds.map(feed => feed.slice());
      };
      const profile = onProfile && createProfile(steps.length, ranks);
      const begin = (): Work<Float32Array[]> => {
        entryOf(loaded);
        reset(control);
        writeInputs(memories, program.inputs, copies);
        return {
          control,
          task: {
            kind: 'run',
            id: entry.bundle.id,
            ...(holdsEverywhere(entry) ? {} : { bundle: entry.bundle }),
            ...(profile ? { profile } : {}),
            ...(fault ? { fault } : {}),
          },
          nameOf: step => `step "${steps[step]?.name}"`,
          collect: () => readOutputs(memories, program.outputs),
          onStart: job => onStep && watchProgress(control, steps, onStep, error => job.stop(callbackError(error))),
        };
      };
      const outputs = await onWorkers(signal, begin, keepFeeds);
      onStep?.(steps.length, steps.length, steps.at(-1)?.name ?? '');
      if (profile) onProfile?.(profileOf(steps, ranks, profile));
      return outputs;
    },

    async unload(loaded) {
      const entry = entries.get(loaded);
      if (!entry) return;
      entries.delete(loaded);
      const pass = enterGate(team.cpus);
      try {
        await pass.ready;
        markUnloaded(entry.control);
        if (!closing && !team.lost) await Promise.allSettled(team.post({ kind: 'sweep' }));
      } finally {
        pass.leave();
      }
    },

    close() {
      closing ??= (async () => {
        for (const quit of [...inLine]) quit(closedError());
        entries.clear();
        if (current) {
          current.stop(closedError());
          await within(current.drained, closePatienceMs);
        }
        await team.destroy();
      })();
      return closing;
    },
  };
}

const closedError = (): NumavoxError => new NumavoxError('closed', 'the session has been closed');

const callbackError = (cause: unknown): NumavoxError =>
  new NumavoxError(
    'runtime',
    `the progress callback failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
    },
  );

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedIn('the line before the first step');
}

/** Resolves when the promise does, or when the time is up. */
async function within(promise: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>(resolve => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
