/**
 * Where the time of one inference went, by layer. Invariant: the layers' times add up to the total: each lasts from when all
 * that came before it was done, everywhere, to when it was done itself.
 */
import { nodeFlops } from '../graph/cost.js';
import type { TypedGraph } from '../graph/ir.js';
import type { Program } from '../lower/program.js';
import type { RunProfile, StepProfile } from '../runtime/index.js';
import { layersOfSteps } from './step_layers.js';

export interface LayerProfile {
  readonly name: string;
  readonly op: string;
  readonly ms: number;
  /** 2 per multiply-add, as its kernels compute it. */
  readonly flops: number;
  /** The same by direct convolution: more where a fast method saves some, less where parts overlap. */
  readonly directFlops: number;
  /** In the order of its steps, each once; a copy between memories is 'exchange'. */
  readonly kernels: readonly string[];
  /** Whether the plain-TypeScript twin of a kernel did any of it. */
  readonly twin: boolean;
  /** By worker: at work. */
  readonly busyMs: readonly number[];
  /** By worker: waiting for others. */
  readonly waitMs: readonly number[];
}

/** One step of a layer; times by worker are since the first worker began. */
export interface ProfiledStep extends StepProfile {
  readonly layer: string;
}

export interface InferenceProfile {
  /** From the first worker's first step to the last worker's last. */
  readonly totalMs: number;
  /** Those with work to do, in the order in which they ran. */
  readonly layers: readonly LayerProfile[];
  readonly steps: readonly ProfiledStep[];
}

/** The runtime's profile of a run of `program`, which is `graph` lowered. */
export function inferenceProfile(graph: TypedGraph, program: Program, { steps }: RunProfile): InferenceProfile {
  const layerOf = layersOfSteps(
    program.steps,
    graph.nodes.map(node => node.name),
  );
  const doneMs = doneTimes(steps);
  const totalMs = doneMs.at(-1) ?? 0;
  const waited = steps.map((step, at) => (at === steps.length - 1 ? waitingUntil(totalMs, step) : step));
  const byLayer = new Map<number, number[]>();
  for (const [at, layer] of layerOf.entries()) byLayer.set(layer, [...(byLayer.get(layer) ?? []), at]);
  return {
    totalMs,
    layers: [...byLayer].flatMap(([layer, indices]) => {
      const node = graph.nodes[layer];
      if (!node) return [];
      const own = indices.map(at => waited[at]!);
      return [
        {
          name: node.name,
          op: node.op,
          ms: sum(indices.map(at => doneMs[at]! - (doneMs[at - 1] ?? 0))),
          flops: sum(own.map(step => step.flops)),
          directFlops: nodeFlops(graph, node),
          kernels: [...new Set(own.flatMap(step => step.kernels))],
          twin: own.some(step => step.twin),
          busyMs: sumByRank(own.map(step => step.busyMs)),
          waitMs: sumByRank(own.map(step => step.waitMs)),
        },
      ];
    }),
    steps: waited.map((step, at) => ({ ...step, layer: graph.nodes[layerOf[at]!]?.name ?? step.name })),
  };
}

/** By step: when it and all before it were done by every worker. */
function doneTimes(steps: readonly StepProfile[]): number[] {
  let latestMs = 0;
  return steps.map(({ startMs, busyMs }) => {
    latestMs = Math.max(latestMs, ...startMs.map((ms, rank) => ms + busyMs[rank]!));
    return latestMs;
  });
}

/** After the last step there is no barrier, but whoever is early has nothing else to do. */
const waitingUntil = (endMs: number, step: StepProfile): StepProfile => ({
  ...step,
  waitMs: step.startMs.map((ms, rank) => Math.max(0, endMs - ms - step.busyMs[rank]!)),
});

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const sumByRank = (rows: readonly (readonly number[])[]): number[] =>
  rows[0]!.map((_, rank) => sum(rows.map(row => row[rank]!)));
