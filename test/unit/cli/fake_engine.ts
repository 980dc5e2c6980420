/** A command line on a fake engine: what it prints and returns, and what the engine was asked for. */
import { Writable } from 'node:stream';
import type {
  CalibrateOptions,
  Engine,
  NamedTensor,
  OpenOptions,
  SessionInfo,
  ValueInfo,
} from '../../../src/cli/engine.js';
import type { FloatTensor } from '../../../src/cli/formats/npy.js';
import { runProgram } from '../../../src/cli/program.js';
import type { PlanReport } from '../../../src/index.js';
import { defaultRates } from '../../../src/index.js';
import { twoNodes } from './two_nodes.js';
import { twoWorkers } from './two_workers.js';

type Feeds = Readonly<Record<string, FloatTensor>>;

export interface FakeModel {
  readonly inputs?: readonly ValueInfo[];
  readonly outputs?: readonly ValueInfo[] | null;
  readonly run?: (feeds: Feeds, signal: AbortSignal) => readonly NamedTensor[] | Promise<readonly NamedTensor[]>;
  readonly plan?: PlanReport;
  readonly openError?: Error;
  readonly warning?: string;
  readonly tileForms?: SessionInfo['tileForms'];
}

export interface Calls {
  readonly opened: { readonly model: string; readonly options: OpenOptions }[];
  readonly fed: Feeds[];
  readonly exported: unknown[];
  readonly inspected: unknown[];
  readonly topologies: unknown[];
  readonly planned: { readonly model: string; readonly options: object }[];
  readonly calibrations: CalibrateOptions[];
  /** Which of the runs, from 1, were asked for a profile. */
  readonly profiled: number[];
  releases: number;
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: Calls;
}

export const classifier: FakeModel = {
  inputs: [{ name: 'x', dims: [1, 3, 4, 8, 8] }],
  outputs: [{ name: 'y', dims: [1, 4] }],
  run: () => [{ name: 'y', dims: [1, 4], data: Float32Array.of(0, Math.log(2), 0, -100) }],
};

export const machine: Omit<SessionInfo, 'inputs' | 'outputs'> = {
  nodes: 1,
  clusters: 1,
  logical: false,
  workers: [0, 1].map(rank => ({ rank, node: 0, cluster: 0, cpu: rank, pinned: true })),
  module: 'relaxed',
  tileForms: {},
  algorithm: 'auto',
  weights: 'f32',
  gflop: 1.5,
  parameters: 78_412_345,
  memoryBytes: 512 * 2 ** 20,
  timings: { readMs: 1, planMs: 2, startMs: 3, packMs: 4 },
};

/** Runs `numavox ARGS` with streams that are no terminal (or a stderr that is one). */
export async function numavox(
  args: readonly string[],
  model: FakeModel = classifier,
  options: { readonly signal?: AbortSignal; readonly tty?: boolean } = {},
): Promise<Result> {
  const calls: Calls = {
    opened: [],
    fed: [],
    exported: [],
    inspected: [],
    topologies: [],
    planned: [],
    calibrations: [],
    profiled: [],
    releases: 0,
  };
  const out = capture();
  const err = capture();
  const code = await runProgram(
    {
      engine: fakeEngine(model, calls),
      stdout: out.stream,
      stderr: Object.assign(err.stream, { isTTY: options.tty ?? false }),
      signal: options.signal ?? new AbortController().signal,
    },
    args,
  );
  return { code, stdout: out.text(), stderr: err.text(), calls };
}

function capture(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}

function fakeEngine(model: FakeModel, calls: Calls): Engine {
  return {
    zooNames: ['c3d', 'p3d'],
    open: async (name, options) => {
      calls.opened.push({ model: name, options });
      if (model.openError !== undefined) throw model.openError;
      if (model.warning !== undefined) options.onWarning(model.warning);
      return {
        info: () => ({
          ...machine,
          ...(model.tileForms && { tileForms: model.tileForms }),
          inputs: model.inputs ?? [],
          outputs: model.outputs ?? null,
        }),
        run: async (feeds, { signal, onProgress, onProfile }) => {
          calls.fed.push(feeds);
          onProgress?.(1, 2, 'conv1');
          const outputs = (await model.run?.(feeds, signal)) ?? [];
          if (onProfile !== undefined) calls.profiled.push(calls.fed.length);
          onProfile?.(twoWorkers);
          return outputs;
        },
        release: async () => {
          calls.releases++;
        },
      };
    },
    inspect: async (name, options) => {
      calls.inspected.push({ name, ...options });
      return {
        inputs: [{ name: 'x', dims: [1, 3] }],
        outputs: [{ name: 'y', dims: [1, 4] }],
        nodes: [
          {
            name: 'fc',
            op: 'Gemm',
            inputs: [{ name: 'x', dims: [1, 3] }],
            outputs: [{ name: 'y', dims: [1, 4] }],
            parameters: 16,
            packedBytes: 96,
            flops: 24_000,
          },
        ],
        parameters: 16,
        flops: 24_000,
        packedBytes: 96,
        problem: null,
        passes: [{ pass: 'foldConstants', node: 'fc', fired: false, reason: 'its input is fed' }],
      };
    },
    exportZoo: async (...call) => {
      calls.exported.push(call);
    },
    topology: options => {
      calls.topologies.push(options);
      return { text: 'one node', json: { online: [0, 1] } };
    },
    calibrate: async options => {
      calls.calibrations.push(options);
      if (model.warning !== undefined) options.onWarning(model.warning);
      return { rates: defaultRates, path: '/cache/rates.json', measured: options.force };
    },
    plan: (name, options) => {
      calls.planned.push({ model: name, options });
      if (model.openError !== undefined) throw model.openError;
      if (model.warning !== undefined) options.onWarning(model.warning);
      return model.plan ?? twoNodes;
    },
    decodeTensor: () => ({ dims: [1, 3, 4, 8, 8], data: new Float32Array(768).fill(2) }),
    syntheticClip: dims => new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.25),
  };
}
