import { describe, expect, it } from 'vitest';
import { mergeAxes } from '../../../src/lower/copying.js';
import { channelsLast, extentOf, type Layout, rowMajor, sameBytes, stridesOf } from '../../../src/lower/layout.js';

const planar: Layout = { kind: 'planar', halo: 4, pitch: 24 };

describe('layouts', () => {
  it.each([
    [rowMajor, [120, 60, 20, 5, 1], 240],
    [channelsLast, [120, 1, 40, 10, 2], 240],
    [planar, [2 * 3 * 4 * 24, 24, 2 * 4 * 24, 2 * 24, 1], 2 * 2 * 3 * 4 * 24],
  ] as const)('strides and extent of %o', (layout, strides, extent) => {
    expect(stridesOf([2, 2, 3, 4, 5], layout)).toEqual(strides);
    expect(extentOf([2, 2, 3, 4, 5], layout)).toBe(extent);
  });

  it('knows when two layouts put every element at the same place', () => {
    expect(sameBytes([2, 1, 3, 4, 5], rowMajor, channelsLast)).toBe(true);
    expect(sameBytes([2, 7, 1, 1, 1], rowMajor, channelsLast)).toBe(true);
    expect(sameBytes([1, 2, 3, 4, 5], rowMajor, channelsLast)).toBe(false);
    expect(sameBytes([1, 1, 1, 1, 8], rowMajor, { kind: 'planar', halo: 0, pitch: 8 })).toBe(true);
    expect(sameBytes([1, 1, 1, 2, 8], rowMajor, { kind: 'planar', halo: 4, pitch: 16 })).toBe(false);
  });

  it('does not take a single row for one with a halo behind it', () => {
    expect(sameBytes([1, 1, 20], rowMajor, { kind: 'planar', halo: 0, pitch: 32 })).toBe(false);
  });
});

describe('mergeAxes', () => {
  it('drops unit axes and merges neighbours that step alike in every operand', () => {
    const { dims, strides } = mergeAxes(
      [2, 1, 3, 4, 5],
      [
        [60, 60, 20, 5, 1],
        [120, 7, 40, 10, 1],
      ],
    )!;
    expect(dims).toEqual([1, 1, 1, 1, 24, 5]);
    expect(strides).toEqual([
      [0, 0, 0, 0, 5, 1],
      [0, 0, 0, 0, 10, 1],
    ]);
  });

  it('merges broadcast axes, and says when over six remain', () => {
    expect(mergeAxes([3, 4], [[0, 0]])!.dims).toEqual([1, 1, 1, 1, 1, 12]);
    const seven = [2, 2, 2, 2, 2, 2, 2];
    expect(mergeAxes(seven, [[1, 7, 2, 11, 3, 5, 13]])).toBeNull();
  });
});
