import { describe, expect, it } from 'vitest';
import { type Crew, crewsOf } from '../../../src/cost/crew.js';
import { defaultRates } from '../../../src/cost/default_rates.js';
import { kernelTime, totalMs } from '../../../src/cost/kernel_time.js';
import { createCostModel, type LoweredStep } from '../../../src/cost/model.js';
import { bandwidthOf, barrierMs, crowdingOf, type Rates } from '../../../src/cost/rates.js';
import { memoriesOf } from '../../../src/plan/memories.js';
import { tree } from '../runtime/chain.js';

const rates: Rates = { ...defaultRates, workers: 4, crowding: 1.2 };

/** Workers of one cluster, in their own node's memory. */
const crew = (workers: number): Crew => ({
  ...{ workers, remoteness: 1, clusters: 1 },
  nodes: [{ workers, distance: 10, isHome: true }],
});

/** A sum of `elements` dense values in `units` units. */
function add(elements: number, units: number): LoweredStep {
  const values: Record<string, number> = { dim5: elements, activation: 0, rowBlock: 8 };
  for (const axis of [0, 1, 2, 3, 4]) values[`dim${axis}`] = 1;
  for (const side of ['a', 'b']) {
    for (const axis of [0, 1, 2, 3, 4, 5]) values[`${side}Stride${axis}`] = axis === 5 ? 1 : 0;
  }
  return { kernel: 'f32_add', values, units, weightBytes: 0 };
}

describe('rates', () => {
  it('share a bandwidth that grows with the workers towards a limit', () => {
    const memory = { oneBytesPerSecond: 20e9, allBytesPerSecond: 50e9 };
    const of = (workers: number) => bandwidthOf(memory, 4, workers);
    expect(of(1)).toBe(20e9);
    expect(of(4)).toBeCloseTo(50e9);
    expect(of(2)).toBeGreaterThan(of(1));
    expect(of(64)).toBeLessThan(20e9 / ((80 / 50 - 1) / 3));
    expect(bandwidthOf(memory, 1, 3)).toBe(60e9);
  });

  it('slow pieces down between one worker and all that were measured, and no further', () => {
    expect([1, 4, 16].map(workers => crowdingOf(rates, workers))).toEqual([1, 1.2, 1.2]);
    expect(crowdingOf({ ...rates, workers: 1 }, 8)).toBe(1);
  });

  it('cost nothing at the barrier of one worker', () => {
    expect(barrierMs(rates, 1)).toBe(0);
    expect(barrierMs(rates, 8)).toBeCloseTo(2 * barrierMs(rates, 4));
  });
});

describe('the time of a kernel', () => {
  const alone = crew(1);

  it('is shared out by whole units', () => {
    const step = add(1e6, 3);
    const flat = { ...rates, crowding: 1 };
    const one = kernelTime(step, alone, flat).arithmeticMs;
    expect(kernelTime(step, { ...alone, workers: 2 }, flat).arithmeticMs).toBeCloseTo((one * 2) / 3);
    expect(kernelTime(step, { ...alone, workers: 8 }, flat).arithmeticMs).toBeCloseTo(one / 3);
  });

  it('waits longer for memory that is far, and not for what the caches hold', () => {
    const large = add(1e8, 800);
    const near = kernelTime(large, alone, rates);
    expect(kernelTime(large, { ...alone, remoteness: 2 }, rates).memoryMs).toBeCloseTo(2 * near.memoryMs);
    const small = add(1e5, 1);
    expect(kernelTime(small, { ...alone, remoteness: 2 }, rates)).toEqual(kernelTime(small, alone, rates));
  });

  it('is little without units', () => {
    expect(totalMs(kernelTime(add(0, 0), alone, rates))).toBe(rates.stepUs / 1000);
  });
});

describe('the cost model', () => {
  const teams = {
    ...tree([[2], [2]]),
    distances: [
      [10, 30],
      [30, 10],
    ],
  };
  const model = createCostModel({ rates, teams, stepsOf: () => [add(1e6, 8), { ...add(1e6, 8), weightBytes: 12 }] });
  const node = {} as never;

  it('adds up the steps that lowering emits', () => {
    const { computeMs, memoryMs, barrierMs: barrier, weightBytes } = model.compute(node, [], 0);
    const { arithmeticMs, memoryMs: waits, overheadMs } = kernelTime(add(1e6, 8), crew(2), rates);
    expect([computeMs, memoryMs, weightBytes]).toEqual([2 * arithmeticMs, 2 * waits, 12]);
    expect(barrier).toBeCloseTo(2 * (overheadMs + barrierMs(rates, 2)));
  });

  it('takes the memory that fetches longest, by distance, twice for what is scattered', () => {
    const move = { from: 1, to: 0, bytes: 3e6, scattered: false };
    const one = model.exchangeMs([move]);
    expect(one).toBeCloseTo((1000 * 9e6) / bandwidthOf(rates.copy, 4, 2));
    expect(model.exchangeMs([move, { ...move, from: 0, to: 1 }])).toBe(one);
    expect(model.exchangeMs([{ ...move, scattered: true }])).toBeCloseTo(2 * one);
    expect(model.exchangeMs([])).toBe(0);
  });

  it('knows who works in one memory from afar', () => {
    const whole = [{ nodeIndex: 0, ranks: [0, 1, 2, 3] }];
    const home = { workers: 2, distance: 10, isHome: true };
    const nodes = [home, { workers: 2, distance: 30, isHome: false }];
    expect(crewsOf({ teams, memories: whole })).toEqual([{ workers: 4, remoteness: 2, clusters: 2, nodes }]);
    expect(crewsOf({ teams, memories: memoriesOf(teams) })).toEqual([crew(2), crew(2)]);
  });
});
