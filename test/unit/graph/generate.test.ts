import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFloats } from '../../../src/graph/constant.js';
import { fillGenerated } from '../../../src/graph/generate.js';

const generator = { seed: 7, tensor: 3, mean: 0, halfWidth: 1 };

function generate(start: number, count: number, change: Partial<typeof generator> = {}): Float32Array {
  const values = new Float32Array(count);
  fillGenerated({ ...generator, ...change }, start, values);
  return values;
}

describe('generated weights', () => {
  it('gives an element the same value in every run that holds it', () => {
    const all = generate(0, 1000);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.nat(999), (start, length) => {
        const count = Math.min(length, 1000 - start);
        expect(generate(start, count)).toEqual(all.slice(start, start + count));
      }),
    );
  });

  it('goes on across 2^32', () => {
    const run = generate(2 ** 32 - 4, 8);
    expect(generate(2 ** 32, 4)).toEqual(run.slice(4));
    expect(generate(2 ** 32 - 1, 1)[0]).toBe(run[3]);
    expect(generate(2 ** 32, 4)).not.toEqual(generate(0, 4));
  });

  it('has the moments of a uniform distribution, and no correlation of neighbours, tensors or seeds', () => {
    const count = 1 << 18;
    // Five standard errors of a product of two uniform variables.
    const bound = (5 / 3) * count ** -0.5;
    const a = generate(0, count);
    const product = (b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0) / count;
    expect(Math.abs(a.reduce((sum, x) => sum + x, 0) / count)).toBeLessThan(5 * (3 * count) ** -0.5);
    expect(Math.abs(product(a) - 1 / 3)).toBeLessThan(bound);
    for (const lag of [1, 2, 27, 64, 512, 1728]) expect(Math.abs(product(generate(lag, count)))).toBeLessThan(bound);
    expect(Math.abs(product(generate(0, count, { tensor: 4 })))).toBeLessThan(bound);
    expect(Math.abs(product(generate(0, count, { seed: 8 })))).toBeLessThan(bound);
  });

  it('stays within its bounds and reaches most of them', () => {
    const values = generate(0, 100_000, { mean: 2, halfWidth: 0.5 });
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(1.5);
    expect(Math.max(...values.slice(0, 50_000))).toBeLessThanOrEqual(2.5);
    expect(Math.max(...values.slice(0, 50_000))).toBeGreaterThan(2.499);
  });

  it('is what a constant reads', () => {
    const constant = { dtype: 'float32', dims: [10, 5], source: { kind: 'generated', generator } } as const;
    expect(readFloats(constant, 7, 30)).toEqual(generate(7, 30));
  });
});
