/**
 * A profile as tables for people and as numbers for programs. Rates are floating-point operations over a layer's whole time,
 * waits included; the effective ones count direct convolution, whatever the kernels really do.
 */
import type { InferenceProfile, LayerProfile } from '../../index.js';
import type { WorkerInfo } from '../engine.js';
import { formatTable } from '../text.js';

export function profileText({ totalMs, layers }: InferenceProfile, workers: readonly WorkerInfo[]): string {
  const row = (layer: Omit<LayerProfile, 'twin'>): string[] => [
    layer.name,
    layer.op,
    layer.ms.toFixed(3),
    percent(layer.ms, totalMs),
    layer.flops > 0 ? rate(layer.flops, layer.ms).toFixed(1) : '-',
    layer.directFlops > 0 ? rate(layer.directFlops, layer.ms).toFixed(1) : '-',
    imbalance(layer.busyMs)?.toFixed(2) ?? '-',
    mean(layer.waitMs).toFixed(3),
    layer.kernels.join(' '),
  ];
  const header = ['layer', 'op', 'ms', 'share', 'GFLOP/s', 'effective', 'imbalance', 'wait ms', 'kernels'];
  const rows = layers.map(layer => row(layer.twin ? { ...layer, kernels: [...layer.kernels, '(twin)'] } : layer));
  const total = row(totalOf(totalMs, layers, workers));
  const team = workerTimes(layers, workers).map(({ rank, node, cpu, busyMs, waitMs }) => [
    ...[rank, node, cpu].map(String),
    busyMs.toFixed(3),
    waitMs.toFixed(3),
    percent(waitMs, busyMs + waitMs),
  ]);
  return [
    formatTable('llrrrrrrl', [header, ...rows, total]),
    formatTable('rrrrrr', [['worker', 'node', 'CPU', 'busy ms', 'wait ms', 'waiting'], ...team]),
  ].join('\n\n');
}

export function profileJson({ totalMs, layers }: InferenceProfile, workers: readonly WorkerInfo[]): object {
  return {
    totalMs,
    layers: layers.map(layer => ({
      ...layer,
      gflops: rate(layer.flops, layer.ms),
      effectiveGflops: rate(layer.directFlops, layer.ms),
      imbalance: imbalance(layer.busyMs),
    })),
    workers: workerTimes(layers, workers),
  };
}

function totalOf(
  ms: number,
  layers: readonly LayerProfile[],
  workers: readonly WorkerInfo[],
): Omit<LayerProfile, 'twin'> {
  const times = workerTimes(layers, workers);
  return {
    name: 'total',
    op: '',
    ms,
    flops: sum(layers.map(layer => layer.flops)),
    directFlops: sum(layers.map(layer => layer.directFlops)),
    kernels: [],
    busyMs: times.map(worker => worker.busyMs),
    waitMs: times.map(worker => worker.waitMs),
  };
}

const workerTimes = (layers: readonly LayerProfile[], workers: readonly WorkerInfo[]) =>
  workers.map(({ rank, node, cpu }) => ({
    rank,
    node,
    cpu,
    busyMs: sum(layers.map(layer => layer.busyMs[rank]!)),
    waitMs: sum(layers.map(layer => layer.waitMs[rank]!)),
  }));

/** The busiest worker over the average one: 1 is even; null where nobody was measurably busy. */
function imbalance(busyMs: readonly number[]): number | null {
  const average = mean(busyMs);
  return average > 0 ? Math.max(...busyMs) / average : null;
}

/** Billions of operations per second; 0 for a layer too short to measure. */
const rate = (flops: number, ms: number): number => (ms > 0 ? flops / (ms * 1e6) : 0);

const percent = (part: number, whole: number): string => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : '-');

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const mean = (values: readonly number[]): number => (values.length > 0 ? sum(values) / values.length : 0);
