import { describe, expect, it } from 'vitest';
import { type Crew, crewsOf } from '../../../src/cost/crew.js';
import { defaultRates } from '../../../src/cost/default_rates.js';
import { barrierMs, type Rates } from '../../../src/cost/rates.js';
import { cachesOf, farness, passageMs, repeatedBytes, trafficMs } from '../../../src/cost/supply.js';
import { memoriesOf } from '../../../src/plan/memories.js';
import { tree } from '../runtime/chain.js';

/** Two nodes of two clusters of two workers; a node's memory gives 20 GB/s, 15 of them to the other node. */
const teams = { ...tree([[2, 2], [2, 2]]), distances: [[10, 30], [30, 10]] }; // biome-ignore format: a matrix
const rates: Rates = {
  ...defaultRates,
  workers: 4,
  cache: { oneBytesPerSecond: 30e9, allBytesPerSecond: 90e9 },
  memory: { oneBytesPerSecond: 10e9, allBytesPerSecond: 20e9 },
  nodes: { links: [{ distance: 30, oneBytesPerSecond: 5e9, allBytesPerSecond: 15e9 }], farArrival: 3 },
};
const whole = crewsOf({ teams, memories: [{ nodeIndex: 0, ranks: [0, 1, 2, 3, 4, 5, 6, 7] }] })[0]!;
const half = crewsOf({ teams, memories: memoriesOf(teams) })[0]!;
const work = (memoryBytes: number, cacheBytes = 0) => ({ counts: {}, memoryBytes, cacheBytes });
const streamMs = (crew: Crew, busy = crew.workers) => trafficMs(work(1e9), crew, busy, rates);

describe('what a crew gets', () => {
  it('of its own memory is what its workers get together', () => {
    expect(streamMs(half)).toBeCloseTo(50);
    expect(streamMs(half, 1)).toBeCloseTo(100);
  });

  it('of one memory from several nodes is no more than the memory gives', () => {
    expect(streamMs(whole)).toBeCloseTo(50);
  });

  it('from afar is no more than the link carries', () => {
    const far = { ...half, nodes: [{ workers: 4, distance: 30, isHome: false }] };
    expect(streamMs(far)).toBeCloseTo(1000 / 15);
    expect(streamMs(far, 1)).toBeCloseTo(200);
  });

  it('of shared caches adds up over the nodes, in size over the clusters', () => {
    const ms = (crew: Crew) => trafficMs(work(0, 9e8), crew, crew.workers, rates);
    expect(ms(half) / ms(whole)).toBeCloseTo(2);
    expect(cachesOf(whole, rates).sharedBytes).toBe(4 * rates.caches.sharedBytes);
  });

  it('again because caches are several: weights where blocks are few, the input where they are many', () => {
    const bytes = { inputBytes: 7, weightBytes: 12 };
    expect(repeatedBytes({ ...bytes, outputBlocks: 1 }, 4)).toEqual({ inputBytes: 0, weightBytes: 36 });
    expect(repeatedBytes({ ...bytes, outputBlocks: 6 }, 4)).toEqual({ inputBytes: 21, weightBytes: 6 });
    expect(repeatedBytes({ ...bytes, outputBlocks: 6 }, 1)).toEqual({ inputBytes: 0, weightBytes: 0 });
  });
});

describe('what passes between nodes', () => {
  const passage = { from: 0, to: 1, distance: 30, bytes: 15e6 };

  it('takes as long as the fullest link, and as the memory that gives most', () => {
    expect(passageMs([passage], rates)).toBeCloseTo(1);
    expect(passageMs([passage, passage], rates)).toBeCloseTo(2);
    expect(passageMs([passage, { ...passage, from: 1, to: 0 }], rates)).toBeCloseTo(1);
    const sameSource = [1, 2, 3, 4].map(to => ({ ...passage, to }));
    expect(passageMs(sameSource, rates)).toBeCloseTo(3);
    expect(passageMs([], rates)).toBe(0);
  });

  it('is slower for each worker by what is known of the link, else by distance', () => {
    expect([farness(10, 10, rates), farness(30, 10, rates), farness(30, 10, defaultRates)]).toEqual([1, 2, 3]);
    expect(passageMs([passage], defaultRates)).toBe(0);
  });

  it('makes barriers longer', () => {
    expect(barrierMs(rates, 8, 4)).toBeCloseTo(2 * barrierMs(rates, 8));
    expect(barrierMs(defaultRates, 8, 4)).toBe(barrierMs(defaultRates, 8));
  });
});
