import { describe, expect, it } from 'vitest';
import { fitRates } from '../../../src/calibrate/fit.js';

const rowsFor = (rates: readonly number[], counts: readonly (readonly number[])[]) =>
  counts.map(own => ({ counts: own, measured: own.reduce((sum, count, i) => sum + count * rates[i]!, 0) }));

describe('fitRates', () => {
  it('finds the rates that explain the times', () => {
    const rates = [2, 0.5, 30];
    const counts = [
      [100, 40, 1],
      [10, 900, 2],
      [500, 500, 0],
      [3, 4, 60],
    ];
    fitRates(rowsFor(rates, counts), [1, 1, 20]).forEach((rate, i) => {
      expect(Math.abs(rate / rates[i]! - 1)).toBeLessThan(0.02);
    });
  });

  it('keeps a rate that no row tells at its prior, and none at nothing', () => {
    const fitted = fitRates([...rowsFor([3, 0, 0], [[10, 0, 0]]), { counts: [10, 5, 0], measured: 20 }], [1, 1, 7]);
    expect(fitted[1]).toBeGreaterThan(0);
    expect(fitted[1]).toBeLessThan(0.1);
    expect(fitted[2]).toBe(7);
  });
});
