/** A plan of three layers on two logical nodes, in round numbers. */
import type { PlanReport } from '../../../src/index.js';

const MiB = 2 ** 20;
const whole = [0, 1] as const;

export const twoNodes: PlanReport = {
  model: 'net',
  inputs: [{ name: 'x', dims: [1, 3, 4, 8, 8] }],
  gflop: 1.5,
  algorithm: 'auto',
  partition: 'auto',
  machine: { nodes: 2, clusters: 2, workers: 4, logical: true },
  rates: { source: 'given', cpu: 'Abacus', node: 'v20.1.0', module: 'relaxed' },
  memories: [
    { node: 0, workers: 2, bytes: 6 * MiB, weightBytes: 4 * MiB, arenaBytes: MiB },
    { node: 3, workers: 2, bytes: 5 * MiB, weightBytes: 3 * MiB, arenaBytes: MiB },
  ],
  layers: [
    {
      name: 'conv1',
      op: 'Conv',
      dims: [1, 16, 4, 8, 8],
      cut: 'height',
      parts: [1, 1, 1, 2, 1],
      boxes: [
        [whole, [0, 16], [0, 4], [0, 4], [0, 8]],
        [whole, [0, 16], [0, 4], [4, 8], [0, 8]],
      ],
      moves: [],
      exchangeBytes: 0,
      weightBytes: [MiB, MiB],
      ...{ ms: 4, computeMs: 3, memoryMs: 0.5, exchangeMs: 0, barrierMs: 0.5 },
    },
    {
      name: 'conv2',
      op: 'Conv',
      dims: [1, 32, 4, 8, 8],
      cut: 'channel',
      parts: [1, 2, 1, 1, 1],
      boxes: [
        [whole, [0, 24], [0, 4], [0, 8], [0, 8]],
        [whole, [24, 32], [0, 4], [0, 8], [0, 8]],
      ],
      moves: [
        { from: 0, to: 3, bytes: 2 * MiB },
        { from: 3, to: 0, bytes: MiB },
      ],
      exchangeBytes: 3 * MiB,
      weightBytes: [3 * MiB, 2 * MiB],
      ...{ ms: 8, computeMs: 5, memoryMs: 1, exchangeMs: 1.5, barrierMs: 0.5 },
    },
    {
      name: 'relu',
      op: 'Activation',
      dims: [1, 32, 4, 8, 8],
      cut: 'one',
      parts: null,
      boxes: [[whole, [0, 32], [0, 4], [0, 8], [0, 8]], null],
      moves: [{ from: 3, to: 0, bytes: 512 }],
      exchangeBytes: 512,
      weightBytes: [0, 0],
      ...{ ms: 0.25, computeMs: 0.125, memoryMs: 0, exchangeMs: 0.125, barrierMs: 0 },
    },
  ],
  steps: { total: 5, exchanges: 2, barriers: { cluster: 0, node: 3, machine: 2 } },
  totals: {
    ...{ ms: 12.5, computeMs: 8.125, memoryMs: 1.5, exchangeMs: 1.625, barrierMs: 1, runMs: 0.25 },
    ...{ exchangeBytes: 3 * MiB + 512, weightBytes: 7 * MiB, memoryBytes: 11 * MiB },
  },
  secondBest: { ms: 12.625 },
  oneCore: {
    ...{ ms: 40, exchangeBytes: 0, weightBytes: 5 * MiB, memoryBytes: 8 * MiB },
    ...{ problem: null, speedUp: 3.2 },
  },
  oneNode: { ms: null, problem: 'the memory holds 4 GiB', speedUp: null, node: 0, workers: 2 },
  alternatives: [
    {
      ...{ partition: 'frugal', layersCut: null, problem: null },
      ...{ ms: 13, exchangeBytes: 2 * MiB, weightBytes: 8 * MiB, memoryBytes: 12 * MiB },
    },
    {
      ...{ partition: 'channel', layersCut: 2, problem: null },
      ...{ ms: 14, exchangeBytes: 4 * MiB, weightBytes: 5 * MiB, memoryBytes: 9 * MiB },
    },
    { partition: 'one', layersCut: 0, ms: null, problem: 'the memory holds 4 GiB' },
  ],
};
