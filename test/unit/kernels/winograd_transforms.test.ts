import { describe, expect, it } from 'vitest';
import { type AxisTile, alongAxis, axisTiles, tapsOf, transformsOf } from '../../../src/kernels/winograd_transforms.js';
import { randomFloats } from './harness.js';

const { none, f23, f43, f53, f44 } = axisTiles;
const times = (matrix: readonly (readonly number[])[], vector: ArrayLike<number>) =>
  matrix.map(row => row.reduce((sum, factor, i) => sum + factor * vector[i]!, 0));

describe('the transforms', () => {
  it.each([
    ['F(2, 3)', f23, 3],
    ['F(4, 3)', f43, 3],
    ['F(5, 3)', f53, 3],
    ['F(4, 4)', f44, 4],
    ['an axis that is not transformed', none, 1],
  ] as [string, AxisTile, number][])('of %s compute a correlation', (_, axis, taps) => {
    const { input, weight, output } = transformsOf(axis);
    const x = randomFloats(axis.tile + taps - 1, 1);
    const w = randomFloats(taps, 2);
    const transformed = times(weight, w);
    const products = times(input, x).map((value, point) => value * transformed[point]!);
    const direct = Array.from({ length: axis.tile }, (_, i) => w.reduce((sum, tap, t) => sum + tap * x[i + t]!, 0));
    expect(tapsOf(axis)).toBe(taps);
    times(output, products).forEach((value, i) => {
      expect(value).toBeCloseTo(direct[i]!, 12);
    });
  });

  it('of an axis that is not transformed are the identity', () => {
    expect(transformsOf(none)).toEqual({ input: [[1]], weight: [[1]], output: [[1]] });
  });

  it('apply along the middle one of three axes', () => {
    const matrix = [
      [1, 2],
      [0, 3],
      [4, 0],
    ];
    expect(alongAxis(matrix, [1, 2, 10, 20, 3, 4, 30, 40], 2)).toEqual([21, 42, 30, 60, 4, 8, 63, 84, 90, 120, 12, 16]);
    expect(alongAxis([[0, 1]], [Number.NaN, 1], 1)).toEqual([1]);
  });
});
