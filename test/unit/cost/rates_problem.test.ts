import { describe, expect, it } from 'vitest';
import { defaultRates } from '../../../src/cost/default_rates.js';
import { ratesProblem } from '../../../src/cost/rates_problem.js';

describe('what is wrong with rates', () => {
  it('is nothing where they are whole, whatever else is there', () => {
    expect(ratesProblem(defaultRates)).toBeNull();
    expect(ratesProblem({ ...defaultRates, path: '/cache', measured: true })).toBeNull();
    expect(ratesProblem({ ...defaultRates, barrierUs: 0 })).toBeNull();
    const link = { distance: 20, oneBytesPerSecond: 1e9, allBytesPerSecond: 2e9 };
    expect(ratesProblem({ ...defaultRates, nodes: { links: [link], farArrival: 2 } })).toBeNull();
    expect(ratesProblem(JSON.parse(JSON.stringify(defaultRates)))).toBeNull();
  });

  it.each<[unknown, string]>([
    [null, 'the whole is no object'],
    [[], 'the whole is no object'],
    [{}, 'format is missing'],
    [{ ...defaultRates, format: 99 }, 'format is 99, this version has 1'],
    [{ ...defaultRates, copy: undefined }, 'copy is missing'],
    [{ ...defaultRates, copy: 3 }, 'copy is no object'],
    [{ ...defaultRates, pieceNs: { ...defaultRates.pieceNs, curve: '1' } }, 'pieceNs.curve is no number'],
    [{ ...defaultRates, stepUs: -1 }, 'stepUs is -1; it must be at least 0'],
    [{ ...defaultRates, workers: 0 }, 'workers is 0; it must be above 0'],
    [{ ...defaultRates, runUs: Number.NaN }, 'runUs is NaN; it must be at least 0'],
    [
      { ...defaultRates, memory: { oneBytesPerSecond: 1, allBytesPerSecond: 0 } },
      'memory.allBytesPerSecond is 0; it must be above 0',
    ],
    [{ ...defaultRates, nodes: null }, 'nodes is no object'],
    [{ ...defaultRates, nodes: { farArrival: 2, links: [] } }, 'nodes.links is no list with a link'],
    [
      { ...defaultRates, nodes: { farArrival: 2, links: [{ distance: 20 }] } },
      'nodes.links.0.oneBytesPerSecond is missing',
    ],
  ])('is said in a line: %j', (value, problem) => {
    expect(ratesProblem(value)).toBe(problem);
  });
});
