import { describe, expect, it } from 'vitest';
import { logSoftmax, softmax } from '../../../src/kernels/softmax.js';
import { checkKernel, type KernelCase, randomFloats } from './harness.js';

const caseOf = (outer: number, count: number, inner: number, x?: Float32Array): KernelCase => ({
  operands: {
    xPtr: x ?? randomFloats(outer * count * inner, 3).map(value => value * 9),
    yPtr: { output: outer * count * inner },
  },
  scalars: { outer, count, inner },
  tolerance: 2e-6,
});

const shapes = [
  ...[1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 66, 67, 130].map(inner => [2, 5, inner] as const),
  ...[1, 2, 3, 4, 5, 8, 9].map(outer => [outer, 7, 1] as const),
  [1, 400, 1],
  [3, 1, 6],
] as const;

describe.each(shapes)('[%i, %i, %i]', (outer, count, inner) => {
  it('f32_softmax', () => {
    checkKernel(softmax, caseOf(outer, count, inner));
  });
  it('f32_log_softmax', () => {
    checkKernel(logSoftmax, caseOf(outer, count, inner));
  });
  it('in place', () => {
    const x = randomFloats(outer * count * inner, 5);
    for (const kernel of [softmax, logSoftmax]) {
      const test = caseOf(outer, count, inner);
      const { yPtr } = checkKernel(kernel, { ...test, operands: { xPtr: { same: 'yPtr' }, yPtr: { inPlace: x } } });
      expect(yPtr).toEqual(checkKernel(kernel, caseOf(outer, count, inner, x)).yPtr);
    }
  });
});

describe('softmax', () => {
  it('adds up to one, for large values too', () => {
    const { yPtr } = checkKernel(softmax, caseOf(1, 3, 2, Float32Array.of(1e30, -1e30, 1e30, 5, -1e30, 6)));
    expect(yPtr![0]! + yPtr![2]! + yPtr![4]!).toBe(1);
    expect(yPtr![0]).toBe(0.5);
    expect(yPtr![1]! + yPtr![3]! + yPtr![5]!).toBeCloseTo(1, 6);
  });

  it.each([1, 6])('gives -Infinity no share (inner %i)', inner => {
    const x = new Float32Array(2 * inner).fill(-Infinity, 0, inner);
    const { yPtr } = checkKernel(softmax, caseOf(1, 2, inner, x));
    expect(yPtr).toEqual(Float32Array.from({ length: 2 * inner }, (_, i) => (i < inner ? 0 : 1)));
    const logs = checkKernel(logSoftmax, caseOf(1, 2, inner, x)).yPtr!;
    expect(logs).toEqual(Float32Array.from({ length: 2 * inner }, (_, i) => (i < inner ? -Infinity : 0)));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('makes a line with %f NaN as a whole, and no other', value => {
    for (const kernel of [softmax, logSoftmax]) {
      const x = randomFloats(15, 2);
      x[4] = value;
      const { yPtr } = checkKernel(kernel, { ...caseOf(5, 3, 1, x), tolerance: 1e-5 });
      const bad = Array.from(yPtr!, Number.isNaN);
      expect(bad[4]).toBe(true);
      expect(bad.filter((_, i) => i < 3 || i > 5)).not.toContain(true);
      if (Number.isNaN(value)) expect(bad.slice(3, 6)).toEqual([true, true, true]);
    }
  });

  it('has no value for a line of -Infinity', () => {
    const x = new Float32Array(4).fill(-Infinity);
    expect(checkKernel(softmax, caseOf(1, 4, 1, x)).yPtr!.every(Number.isNaN)).toBe(true);
  });
});
