/**
 * The runtime of a session: its workers, and the programs loaded for them. It executes Programs and knows nothing of
 * graphs. Invariant: at most one load or run is on the workers at a time, and every one ends, with a result or an error.
 */
import { availableParallelism } from 'node:os';
import type { ModuleName, VectorBits } from '../assets.js';
import { NumavoxError } from '../errors.js';
import type { TileForms } from '../kernels/tiles.js';
import type { Program } from '../lower/program.js';
import type { PlannedMemory } from '../plan/plan.js';
import type { TeamTree } from '../plan/team.js';
import { checkScopes, clustersOf } from './clusters.js';
import { collectGarbage, createReclaimer } from './collect.js';
import { type Control, createControl, heldWord, markUnloaded, openControl, reset } from './control.js';
import { createLine, type Work } from './line.js';
import { loadJobs } from './load_jobs.js';
import { allocateMemory, checkFeeds, elementsOf, readOutputs, writeInputs } from './memory.js';
import { chooseModule, compileModule, fuseVectors, readModule } from './module.js';
import { createProfile, profileOf, type RunProfile } from './profile.js';
import { type OnStep, watchProgress } from './progress.js';
import type { Bundle, Fault } from './protocol.js';
import { startTeam, type Team, type WorkerInfo } from './team.js';
import { startTileRace } from './tiles.js';

export interface RuntimeOptions {
  readonly teams: TeamTree;
  /** Which build of the kernels; the best the host has where absent. */
  readonly module?: ModuleName;
  /** 256 where absent: V8 is asked to fuse vectors. */
  readonly vectors?: VectorBits;
  readonly onWarning: (message: string) => void;
  /** Limit of a worker's JavaScript heap; V8's own where absent. */
  readonly heapLimitMb?: number;
  /** What workers start with in place of the project's own entry point; for tests. */
  readonly workerEntry?: URL;
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
  /** The form of each register tile that is not the usual one: measured at start, and nothing but speed. */
  readonly tileForms: TileForms;
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
  /** Lets go of a program after the runs before it, and gives its memories back. */
  unload(loaded: Loaded): Promise<void>;
  /** Ends the workers. What is in progress rejects with `closed`. */
  close(): Promise<void>;
}

/** What the runtime keeps of a loaded program. */
interface Entry {
  readonly bundle: Bundle;
  readonly memories: readonly WebAssembly.Memory[];
  readonly control: Control;
}

const closePatienceMs = 1_000;
let programsSoFar = 0;

/**
 * Starts the workers of a team tree, pinned where that is possible (one warning where it is not).
 * @throws NumavoxError `unsupported` (no such module here), `resource` (kernels not built), `runtime` (workers do not start)
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const name = chooseModule(options.module);
  const fused = fuseVectors(options.vectors);
  const availableCpus = availableParallelism();
  // Also the asynchronous fs call that has to come before the first pinned worker.
  const compiling = compileModule(name, await readModule(name), fused);
  const starting = startTeam({ ...options, availableCpus });
  const racing = compiling.then(module => ({ module, decide: startTileRace(module, fused ? 'wide' : 'lanes') }));
  const [compiled, started] = await Promise.allSettled([racing, starting]);
  if (started.status === 'rejected') throw started.reason;
  const team = started.value;
  if (compiled.status === 'rejected') {
    await team.destroy();
    throw compiled.reason;
  }
  const loose = team.workers.filter(worker => !worker.pinned);
  if (loose.length > 0) {
    options.onWarning(
      `${loose.length} of ${team.workers.length} workers are not pinned to their CPUs: ${loose[0]!.reason}`,
    );
  }
  const { module, decide } = compiled.value;
  return createRuntime(team, options.teams, { name, module, tileForms: decide() });
}

interface Kernels {
  readonly name: ModuleName;
  readonly module: WebAssembly.Module;
  readonly tileForms: TileForms;
}

function createRuntime(team: Team, teams: TeamTree, kernels: Kernels): Runtime {
  const entries = new Map<Loaded, Entry>();
  const line = createLine(team);
  const reclaim = createReclaimer();
  const ranks = team.workers.length;
  let closing: Promise<void> | null = null;

  const entryOf = (loaded: Loaded): Entry => {
    const entry = entries.get(loaded);
    line.checkUsable();
    if (!entry) throw new NumavoxError('closed', 'the program has been unloaded');
    return entry;
  };

  /** Gives the memories of a program back, which nobody will run again. */
  const forget = (control: Control): Promise<void> =>
    line.between(async () => {
      markUnloaded(control);
      await Promise.allSettled(team.post({ kind: 'sweep' }));
      collectGarbage();
    });

  return {
    workers: team.workers,
    module: kernels.name,
    tileForms: kernels.tileForms,

    async load(program, plans, { signal, fault } = {}) {
      let runControl: Control | null = null;
      const begin = (): Work<Loaded> => {
        const memories = program.memories.map(plan =>
          allocateMemory(plan, teams.nodes[plan.nodeIndex]?.node ?? plan.nodeIndex),
        );
        const bundle = bundleOf({ program, plans, memories, kernels, team, teams });
        runControl = openControl(bundle.control);
        const jobs = loadJobs(program);
        const control = createControl({ ranks, barriers: 0, counters: jobs.length });
        return {
          control,
          task: { kind: 'load', bundle, jobs, control: control.words.buffer, ...(fault ? { fault } : {}) },
          nameOf: step => `loading "${jobs[step]?.name}"`,
          collect() {
            const bytes = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
            const loaded: Loaded = { program, bytes };
            entries.set(loaded, { bundle, memories, control: openControl(bundle.control) });
            return loaded;
          },
        };
      };
      try {
        return await line.work(signal, begin);
      } catch (error) {
        if (runControl) forget(runControl).catch(() => {});
        throw error;
      }
    },

    async run(loaded, feeds, { signal, onStep, onProfile, fault } = {}) {
      const { bundle, memories, control } = entryOf(loaded);
      const { steps, inputs, outputs } = loaded.program;
      checkFeeds(inputs, feeds);
      const profile = onProfile && createProfile(steps.length, ranks);
      let copies = feeds;
      // The caller may change the feeds as soon as the call has returned.
      const keepFeeds = (): void => {
        copies = feeds.map(feed => feed.slice());
      };
      const begin = (): Work<Float32Array[]> => {
        entryOf(loaded);
        reset(control);
        writeInputs(memories, inputs, copies);
        return {
          control,
          task: {
            kind: 'run',
            id: bundle.id,
            ...(isHeldByAll(control, team) ? {} : { bundle }),
            ...(profile ? { profile } : {}),
            ...(fault ? { fault } : {}),
          },
          nameOf: step => `step "${steps[step]?.name}"`,
          collect() {
            reclaim(outputs.reduce((bytes, port) => bytes + 4 * elementsOf(port), 0));
            return readOutputs(memories, outputs);
          },
          onStart: job => onStep && watchProgress(control, steps, onStep, error => job.stop(callbackError(error))),
        };
      };
      const results = await line.work(signal, begin, keepFeeds);
      try {
        onStep?.(steps.length, steps.length, steps.at(-1)?.name ?? '');
      } catch (error) {
        throw callbackError(error);
      }
      if (profile) onProfile?.(profileOf(steps, ranks, profile));
      return results;
    },

    async unload(loaded) {
      const control = entries.get(loaded)?.control;
      if (!control) return;
      entries.delete(loaded);
      await forget(control);
    },

    close() {
      closing ??= (async () => {
        entries.clear();
        await line.close(closePatienceMs);
        await team.destroy();
        collectGarbage();
      })();
      return closing;
    },
  };
}

interface BundleParts {
  readonly program: Program;
  readonly plans: readonly PlannedMemory[];
  readonly memories: readonly WebAssembly.Memory[];
  readonly kernels: Kernels;
  readonly team: Team;
  readonly teams: TeamTree;
}

/** The program as the workers will hold it, with the control block of its runs. */
function bundleOf({ program, plans, memories, kernels, team, teams }: BundleParts): Bundle {
  checkScopes(program.steps, plans, teams);
  const clusters = plans.map(({ ranks }) => clustersOf(teams, ranks));
  const shares = program.steps.flatMap(step => step.shares);
  const counters = shares.reduce((count, { memory }) => count + clusters[memory]!.length, 0);
  const control = createControl({ ranks: team.workers.length, barriers: team.barriers, counters });
  return {
    id: ++programsSoFar,
    module: kernels.module,
    tileForms: kernels.tileForms,
    memories: memories.map((memory, index) => {
      const { scratchAddress, scratchBytes } = program.memories[index]!;
      return { memory, ranks: plans[index]!.ranks, clusters: clusters[index]!, scratchAddress, scratchBytes };
    }),
    steps: program.steps,
    control: control.words.buffer,
  };
}

/** Whether the thread of every rank has the program, so that it need not be sent again. */
const isHeldByAll = (control: Control, team: Team): boolean =>
  team.workers.every(({ rank }) => {
    const holder = team.holder(rank);
    return holder !== 0 && Atomics.load(control.words, heldWord(rank)) === holder;
  });

function callbackError(cause: unknown): NumavoxError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new NumavoxError('runtime', `the progress callback failed: ${message}`, { cause });
}
