import type { ModuleName } from '../assets.js';
import { loadRates } from '../calibrate/index.js';
import { defaultRates } from '../cost/default_rates.js';
import { NumavoxError } from '../errors.js';
import { bindInputs, hasOpenSizes, isOpen, type Shapes } from '../graph/bind.js';
import { parameterCount } from '../graph/cost.js';
import type { Dim, Graph, GraphInput } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { buildTeams } from '../plan/build_teams.js';
import type { Partition } from '../plan/cuts.js';
import { type Loaded, type Runtime, startRuntime, type WorkerInfo } from '../runtime/index.js';
import { hostTopology } from '../topology/index.js';
import { inferenceProfile } from './inference_profile.js';
import { isZooUri, loadGraph, type ModelSource, withSymbols } from './load.js';
import type { Algorithm, NumavoxOptions, NumavoxRunOptions, WeightFormat } from './options.js';
import { type Prepared, type PrepareOptions, prepare } from './prepare.js';

/** A float32 tensor in row-major order. */
export interface Array32 {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export interface PortInfo {
  readonly name: string;
  readonly dtype: 'float32';
  /** Sizes, or the names of sizes that the first run binds. */
  readonly dims: readonly (number | string)[];
}

/** What a session is and where it runs: plain data. */
export interface SessionDescription {
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  readonly nodes: number;
  readonly clusters: number;
  /** The nodes are not this machine's own. */
  readonly logical: boolean;
  readonly workers: readonly WorkerInfo[];
  readonly module: ModuleName;
  /** The form of each kernel's register tile that is not the usual one: measured at start, and nothing but speed. */
  readonly tileForms: Runtime['tileForms'];
  readonly algorithm: Algorithm;
  readonly weights: WeightFormat;
  readonly partition: Partition;
  /** One per node that has memory of its own; before the first sizes are known, none. */
  readonly memories: readonly MemoryInfo[];
  readonly gflop: number;
  readonly parameters: number;
  readonly memoryBytes: number;
  readonly weightBytes: number;
  /** The weights come from a seed: nothing was ever learned. */
  readonly untrained: boolean;
  /** Milliseconds of session creation, one after another; planning and packing are those of the latest sizes. */
  readonly timings: Readonly<Timings>;
}

export interface MemoryInfo {
  /** The node whose workers touch it first. */
  readonly node: number;
  readonly bytes: number;
  readonly weightBytes: number;
}

interface Timings {
  readMs: number;
  planMs: number;
  startMs: number;
  packMs: number;
}

type Feeds = Readonly<Record<string, Array32>>;

export interface Engine {
  readonly graph: Graph;
  describe(): SessionDescription;
  run(feeds: Feeds, options: NumavoxRunOptions): Promise<Record<string, Array32>>;
  release(): Promise<void>;
}

/** A model made ready for one set of sizes, which `key` stands for. */
interface Planned extends Prepared {
  readonly key: string;
  readonly planMs: number;
}

interface Ready extends Planned {
  readonly loaded: Loaded;
}

/**
 * Reads and, where every size is known, plans the model; starts the workers, who then pack the weights. A model that cannot
 * be planned is refused before any worker starts.
 */
export async function createEngine(source: ModelSource, options: NumavoxOptions): Promise<Engine> {
  const warn = options.onWarning ?? (message => process.emitWarning(message, 'NumavoxWarning'));
  const algorithm = options.algorithm ?? 'auto';
  const { teams, warnings } = buildTeams(hostTopology(), {
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    ...(options.topology === undefined ? {} : { shape: options.topology }),
    ...(options.smt === undefined ? {} : { smt: options.smt }),
  });
  for (const warning of warnings) warn(warning);

  const started = performance.now();
  const graph = withSymbols(loadGraph(source), options.freeDimensionOverrides ?? {});
  const readMs = performance.now() - started;
  const fixed = options.shapes ?? {};
  const plannable: Plannable = {
    graph,
    teams,
    algorithm,
    weights: options.weights ?? 'f32',
    weightGrowth: options.weightGrowth,
    partition: options.partition ?? 'auto',
    rates: options.rates ?? loadRates(options.module) ?? defaultRates,
  };
  const first = hasOpenSizes(graph, fixed) ? null : planSizes(plannable, fixed);
  const starting = performance.now();
  const runtime = await startRuntime({
    teams,
    onWarning: warn,
    ...(options.module === undefined ? {} : { module: options.module }),
    ...(options.vectors === undefined ? {} : { vectors: options.vectors }),
  });
  const timings = { readMs, planMs: 0, startMs: performance.now() - starting, packMs: 0 };
  const untrained = isZooUri(source);
  try {
    return await openEngine({ ...plannable, runtime, timings, fixed, first, untrained });
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

interface Plannable extends PrepareOptions {
  readonly graph: Graph;
  readonly weights: WeightFormat;
}

const keyOf = (graph: Graph, shapes: Shapes): string => JSON.stringify([...bindInputs(graph, shapes).values()]);

function planSizes({ graph, ...options }: Plannable, shapes: Shapes): Planned {
  const started = performance.now();
  const prepared = prepare(graph, shapes, options);
  return { ...prepared, key: keyOf(graph, shapes), planMs: performance.now() - started };
}

interface EngineParts extends Plannable {
  readonly runtime: Runtime;
  readonly timings: Timings;
  /** The sizes that the caller has given, and the plan for them where they leave none open. */
  readonly fixed: Shapes;
  readonly first: Planned | null;
  readonly untrained: boolean;
}

async function openEngine(parts: EngineParts): Promise<Engine> {
  const { graph, teams, algorithm, weights, partition, runtime, timings, fixed, first, untrained } = parts;
  let ready: Ready | null = null;
  let released = false;
  // Runs of one session take turns: they share one arena, and the next one may need other sizes.
  let turn: Promise<unknown> = Promise.resolve();
  let running = 0;

  async function load(planned: Planned): Promise<Ready> {
    const started = performance.now();
    if (ready) await runtime.unload(ready.loaded);
    ready = null;
    const loaded = await runtime.load(planned.program, planned.plan.memories);
    timings.planMs = planned.planMs;
    timings.packMs = performance.now() - started;
    ready = { ...planned, loaded };
    return ready;
  }

  async function makeReady(shapes: Shapes): Promise<Ready> {
    if (ready?.key === keyOf(graph, shapes)) return ready;
    return load(planSizes(parts, shapes));
  }

  if (first) await load(first);

  function describe(): SessionDescription {
    const types = ready?.graph.types;
    const port = (name: string, dims: readonly (number | string)[]): PortInfo => ({ name, dtype: 'float32', dims });
    return {
      inputs: graph.inputs.map(input => port(input.name, types?.get(input.name)?.dims ?? expectedDims(input, fixed))),
      outputs: graph.outputs.map(name => port(name, types?.get(name)?.dims ?? [])),
      nodes: teams.nodes.length,
      clusters: teams.nodes.reduce((sum, node) => sum + node.clusters.length, 0),
      logical: teams.logical,
      workers: runtime.workers,
      module: runtime.module,
      tileForms: runtime.tileForms,
      algorithm,
      weights,
      partition,
      memories: (ready?.program.memories ?? []).map(({ nodeIndex, bytes, weightBytes }) => {
        return { node: teams.nodes[nodeIndex]!.node, bytes, weightBytes };
      }),
      gflop: (ready?.flops ?? 0) / 1e9,
      parameters: parameterCount(graph),
      memoryBytes: ready?.program.memories.reduce((sum, memory) => sum + memory.bytes, 0) ?? 0,
      weightBytes: ready?.program.memories.reduce((sum, memory) => sum + memory.weightBytes, 0) ?? 0,
      untrained,
      timings: { ...timings },
    };
  }

  /** Reads the feeds before it returns. */
  async function begin({ graph: typed, program, loaded }: Ready, feeds: Feeds, options: NumavoxRunOptions) {
    const { signal, onProgress, onProfile } = options;
    const data = program.inputs.map(({ name }) => feeds[name]!.data);
    const results = await runtime.run(loaded, data, {
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onStep: onProgress } : {}),
      ...(onProfile ? { onProfile: profile => onProfile(inferenceProfile(typed, program, profile)) } : {}),
    });
    return Object.fromEntries(program.outputs.map(({ name, dims }, i) => [name, { dims, data: results[i]! }]));
  }

  async function run(feeds: Feeds, options: NumavoxRunOptions) {
    if (released) throw new NumavoxError('closed', 'the session has been released');
    const shapes = feedShapes(graph.inputs, feeds, fixed);
    running += 1;
    try {
      let mine: Promise<Record<string, Array32>>;
      if (running === 1 && ready?.key === keyOf(graph, shapes)) {
        mine = begin(ready, feeds, options);
      } else {
        // The caller may reuse its arrays as soon as `run` has returned: what has to wait is copied now.
        const copies = Object.fromEntries(
          Object.entries(feeds).map(([name, { dims, data }]) => [name, { dims, data: data.slice() }]),
        );
        mine = turn.then(async () => begin(await makeReady(shapes), copies, options));
      }
      turn = mine.catch(() => undefined);
      return await mine;
    } finally {
      running -= 1;
    }
  }

  return {
    graph,
    describe,
    run,
    release: async () => {
      released = true;
      await runtime.close();
    },
  };
}

/** Given sizes replace the model's own. */
const expectedDims = ({ name, type }: GraphInput, fixed: Shapes): readonly Dim[] =>
  Object.hasOwn(fixed, name) ? fixed[name]! : type.dims;

/** The sizes of the feeds, which have to be those that are expected wherever these are not open. */
function feedShapes(inputs: readonly GraphInput[], feeds: Feeds, fixed: Shapes): Shapes {
  for (const input of inputs) {
    const { name } = input;
    const { dims, data } = feeds[name]!;
    const expected = expectedDims(input, fixed);
    const fits = expected.length === dims.length && expected.every((size, i) => isOpen(size) || size === dims[i]);
    if (!fits) {
      throw new NumavoxError(
        'input',
        `input '${name}' has sizes [${dims.join(', ')}]; the model expects [${expected.join(', ')}]`,
      );
    }
    if (data.length !== sizeOf(dims)) {
      throw new NumavoxError('input', `input '${name}' has ${data.length} values for sizes [${dims.join(', ')}]`);
    }
  }
  return Object.fromEntries(inputs.map(({ name }) => [name, feeds[name]!.dims]));
}
