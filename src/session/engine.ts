import type { ModuleName } from '../assets.js';
import { NumavoxError } from '../errors.js';
import { bindInputs, hasOpenSizes, isOpen, type Shapes } from '../graph/bind.js';
import { parameterCount } from '../graph/cost.js';
import type { Dim, Graph, GraphInput } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { buildTeams } from '../plan/build_teams.js';
import type { TeamTree } from '../plan/team.js';
import { type Loaded, type Runtime, startRuntime, type WorkerInfo } from '../runtime/index.js';
import { hostTopology } from '../topology/index.js';
import { isZooUri, loadGraph, type ModelSource } from './load.js';
import type { Algorithm, NumavoxOptions, NumavoxRunOptions } from './options.js';
import { type Prepared, prepare } from './prepare.js';

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
  readonly algorithm: Algorithm;
  readonly gflop: number;
  readonly parameters: number;
  readonly memoryBytes: number;
  readonly weightBytes: number;
  /** The weights come from a seed: nothing was ever learned. */
  readonly untrained: boolean;
  /** Milliseconds of session creation. `readMs` and `startMs` overlap: workers start while the model is read. */
  readonly timings: {
    readonly readMs: number;
    readonly startMs: number;
    readonly planMs: number;
    readonly packMs: number;
  };
}

type Feeds = Readonly<Record<string, Array32>>;

export interface Engine {
  readonly graph: Graph;
  describe(): SessionDescription;
  run(feeds: Feeds, options: NumavoxRunOptions): Promise<Record<string, Array32>>;
  release(): Promise<void>;
}

interface Ready extends Prepared {
  readonly key: string;
  readonly loaded: Loaded;
}

/** Reads the model, starts the workers, and packs the weights as soon as every size is known. */
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
  const graph = loadGraph(source);
  const readMs = performance.now() - started;
  const runtime = await startRuntime({
    teams,
    onWarning: warn,
    ...(options.module === undefined ? {} : { module: options.module }),
  });
  const timings = { readMs, startMs: performance.now() - started, planMs: 0, packMs: 0 };
  const session = {
    graph,
    runtime,
    teams,
    algorithm,
    timings,
    fixed: options.shapes ?? {},
    untrained: isZooUri(source),
  };
  try {
    return await openEngine(session);
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

interface EngineParts {
  readonly graph: Graph;
  readonly runtime: Runtime;
  readonly teams: TeamTree;
  readonly algorithm: Algorithm;
  readonly timings: { readMs: number; startMs: number; planMs: number; packMs: number };
  readonly fixed: Shapes;
  readonly untrained: boolean;
}

async function openEngine({
  graph,
  runtime,
  teams,
  algorithm,
  timings,
  fixed,
  untrained,
}: EngineParts): Promise<Engine> {
  let ready: Ready | null = null;
  let released = false;
  // Runs of one session take turns: they share one arena, and the next one may need other sizes.
  let turn: Promise<unknown> = Promise.resolve();
  let running = 0;

  const keyOf = (shapes: Shapes) => JSON.stringify([...bindInputs(graph, shapes).values()]);

  async function makeReady(shapes: Shapes): Promise<Ready> {
    const key = keyOf(shapes);
    if (ready?.key === key) return ready;
    const planned = performance.now();
    const prepared = prepare(graph, shapes, teams, algorithm);
    const packed = performance.now();
    if (ready) await runtime.unload(ready.loaded);
    ready = null;
    const loaded = await runtime.load(prepared.program, prepared.plan.memories);
    timings.planMs = packed - planned;
    timings.packMs = performance.now() - packed;
    ready = { ...prepared, key, loaded };
    return ready;
  }

  if (!hasOpenSizes(graph, fixed)) await makeReady(fixed);

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
      algorithm,
      gflop: (ready?.flops ?? 0) / 1e9,
      parameters: parameterCount(graph),
      memoryBytes: ready?.program.memories.reduce((sum, memory) => sum + memory.bytes, 0) ?? 0,
      weightBytes: ready?.program.memories.reduce((sum, memory) => sum + memory.weightBytes, 0) ?? 0,
      untrained,
      timings: { ...timings },
    };
  }

  /** Reads the feeds before it returns. */
  async function begin({ program, loaded }: Ready, feeds: Feeds, { signal, onProgress }: NumavoxRunOptions) {
    const data = program.inputs.map(({ name }) => feeds[name]!.data);
    const results = await runtime.run(loaded, data, {
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onStep: onProgress } : {}),
    });
    return Object.fromEntries(program.outputs.map(({ name, dims }, i) => [name, { dims, data: results[i]! }]));
  }

  async function run(feeds: Feeds, options: NumavoxRunOptions) {
    if (released) throw new NumavoxError('closed', 'the session has been released');
    const shapes = feedShapes(graph.inputs, feeds, fixed);
    running += 1;
    try {
      let mine: Promise<Record<string, Array32>>;
      if (running === 1 && ready?.key === keyOf(shapes)) {
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
