import { describe, expect, it } from 'vitest';
import { reduceMax, reduceMean } from '../../../src/kernels/reduce.js';
import { checkKernel, type KernelCase, randomFloats } from './harness.js';

const caseOf = (outer: number, count: number, inner: number, x?: Float32Array): KernelCase => ({
  operands: { xPtr: x ?? randomFloats(outer * count * inner, 3), yPtr: { output: outer * inner } },
  scalars: { outer, count, inner },
  tolerance: 0,
});

const shapes = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 67, 130].map(inner => [2, 6, inner] as const),
  ...[1, 2, 255, 256, 257, 512, 513, 1000].map(count => [3, count, 5] as const),
  [1, 3000, 1],
  [7, 1, 1],
  [1, 700, 20],
] as const;

describe.each(shapes)('[%i, %i, %i]', (outer, count, inner) => {
  it('f32_reduce_mean', () => {
    checkKernel(reduceMean, caseOf(outer, count, inner));
  });
  it('f32_reduce_max', () => {
    checkKernel(reduceMax, caseOf(outer, count, inner));
  });
});

describe('reductions', () => {
  it('keeps the digits of many equal values, which one chain would lose', () => {
    const count = 1 << 20;
    const { yPtr } = checkKernel(reduceMean, caseOf(1, count, 1, new Float32Array(count).fill(0.1)));
    expect(Math.abs(yPtr![0]! - 0.1)).toBeLessThan(1e-5);
  });

  it.each([0, 255, 256, 299])('lets a NaN at %i win, in its own lane', at => {
    const x = randomFloats(300 * 6, 1);
    x[at * 6 + 4] = Number.NaN;
    for (const kernel of [reduceMax, reduceMean]) {
      const { yPtr } = checkKernel(kernel, caseOf(1, 300, 6, x));
      expect(Array.from(yPtr!, Number.isNaN)).toEqual([false, false, false, false, true, false]);
    }
  });

  it('finds a maximum below zero, and -Infinity', () => {
    const { yPtr } = checkKernel(reduceMax, caseOf(2, 2, 1, Float32Array.of(-5, -3, -Infinity, -Infinity)));
    expect(yPtr).toEqual(Float32Array.of(-3, -Infinity));
  });
});
