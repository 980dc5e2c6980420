import { describe, expect, it } from 'vitest';
import { defaultRates } from '../../../src/cost/default_rates.js';
import { predictProgram } from '../../../src/cost/predict.js';
import { bandwidthOf, barrierMs } from '../../../src/cost/rates.js';
import { fill } from '../../../src/kernels/copy.js';
import { encode } from '../../../src/kernels/descriptor.js';
import type { MemoryPlan, Program, Share } from '../../../src/lower/program.js';
import { memoriesOf } from '../../../src/plan/memories.js';
import { tree } from '../runtime/chain.js';

const teams = {
  ...tree([[1], [2]]),
  distances: [
    [10, 20],
    [20, 10],
  ],
};
const plan = { teams, memories: memoriesOf(teams) };

/** Writes `count` values in blocks of 4096; descriptors are at 65536 plus 64 for each. */
const counts = [1e6, 3e6];
const memory = (nodeIndex: number): MemoryPlan => ({
  ...{ nodeIndex, bytes: 2 ** 26, weightBytes: 0, arenaBytes: 2 ** 25, scratchAddress: 0, scratchBytes: 0 },
  image: counts.map((count, i) => ({
    address: 65536 + 64 * i,
    words: encode(fill.fields, { yPtr: 2 ** 20, count, value: 0, block: 4096 }),
  })),
});
const write = (memoryIndex: number, which: number): Share => {
  const units = Math.ceil(counts[which]! / 4096);
  return { kind: 'kernel', memory: memoryIndex, kernel: fill.name, descriptor: 65536 + 64 * which, units, twin: false };
};
const fetch: Share = {
  kind: 'exchange',
  memory: 1,
  pieces: [{ from: 0, fromAddress: 0, fromPitch: 1000, toAddress: 0, toPitch: 1000, runs: 300, bytes: 800 }],
};
const step = (shares: readonly Share[]) => ({ name: 'n', op: 'Add', shares, flops: 0, barrier: 'machine' }) as const;
const program = (...steps: (readonly Share[])[]): Program => ({
  memories: [memory(0), memory(1)],
  ...{ inputs: [], outputs: [], weights: [] },
  steps: steps.map(step),
});

describe('predictProgram', () => {
  it('adds up steps, their slowest memories, barriers and the run itself', () => {
    const { steps, runMs, totalMs } = predictProgram(
      program([write(0, 0)], [write(0, 1), write(1, 0)]),
      plan,
      defaultRates,
    );
    const alone = predictProgram(program([write(0, 1)]), plan, defaultRates).steps[0]!;
    expect(steps[1]).toEqual(alone);
    const each = steps.map(s => s.arithmeticMs + s.memoryMs + s.exchangeMs + s.overheadMs);
    expect(totalMs).toBeCloseTo(each[0]! + each[1]! + runMs);
    const last = predictProgram(program([write(0, 0)]), plan, defaultRates).steps[0]!;
    expect(steps[0]!.overheadMs - last.overheadMs).toBeCloseTo(barrierMs(defaultRates, 3));
  });

  it('costs exchanges by bytes, distance and runs', () => {
    const [first] = predictProgram(program([fetch]), plan, defaultRates).steps;
    const expected = (1000 * 2 * 240_000) / bandwidthOf(defaultRates.copy, 2, 1) + (300 * defaultRates.copyRunNs) / 1e6;
    expect(first).toMatchObject({ kernel: null, arithmeticMs: 0, memoryMs: 0 });
    expect(first!.exchangeMs).toBeCloseTo(expected);
  });

  it('counts what the main thread writes and reads', () => {
    const dims = [1000, 1000];
    const piece = { memory: 0, address: 0, begin: [0, 0], dims };
    const fed = { ...program([write(0, 0)]), inputs: [{ name: 'x', dims, pieces: [piece, { ...piece, memory: 1 }] }] };
    const more = predictProgram(fed, plan, defaultRates).runMs - predictProgram(program(), plan, defaultRates).runMs;
    expect(more).toBeCloseTo((1000 * 8e6) / defaultRates.portBytesPerSecond);
  });
});
