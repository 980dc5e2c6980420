import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sliceRange } from '../../../src/graph/rules/extent.js';
import { outputSize, samePads } from '../../../src/graph/rules/window.js';
import {
  broadcastDims,
  broadcastStrides,
  broadcastsTo,
  sizeOf,
  stridedOffsets,
  stridesOf,
} from '../../../src/graph/shape.js';

const small = (min: number, max: number) => fc.integer({ min, max });

describe('window positions', () => {
  it('are those that a walk over the axis counts', () => {
    fc.assert(
      fc.property(
        small(1, 20),
        small(1, 8),
        small(1, 5),
        small(0, 4),
        small(0, 4),
        (size, extent, stride, padBegin, padEnd) => {
          fc.pre(size + padBegin + padEnd >= extent);
          let whole = 0;
          let partial = 0;
          for (let start = -padBegin; start < size; start += stride) {
            if (start + extent <= size + padEnd) whole++;
            else if (start - stride + extent < size + padEnd) partial = 1;
          }
          // Whole windows may also begin in the padding after the input.
          for (let start = -padBegin; start + extent <= size + padEnd; start += stride) if (start >= size) whole++;
          const axis = { size, extent, stride, padBegin, padEnd };
          expect(outputSize(axis, false)).toBe(whole);
          const begun = outputSize(axis, true);
          const last = (begun - 1) * stride - padBegin;
          if (padEnd < extent) {
            expect(begun).toBe(whole + partial);
            expect(last).toBeLessThan(size);
          }
        },
      ),
    );
  });

  it('of same padding are ceil(size / stride), with pads that differ by one at most', () => {
    fc.assert(
      fc.property(small(1, 30), small(1, 9), small(1, 6), (size, extent, stride) => {
        const [begin, end] = samePads(size, extent, stride, true);
        expect(samePads(size, extent, stride, false)).toEqual([end, begin]);
        expect(end - begin === 0 || end - begin === 1).toBe(true);
        expect(outputSize({ size, extent, stride, padBegin: begin, padEnd: end }, false)).toBe(
          Math.ceil(size / stride),
        );
        expect(Math.max(begin, end)).toBeLessThan(extent);
      }),
    );
  });
});

/** ONNX's words for one axis, element by element. */
function slowSlice(size: number, start: number, end: number, step: number): number[] {
  const bound = (at: number, low: number, high: number) => Math.max(low, Math.min(high, at < 0 ? at + size : at));
  const picked: number[] = [];
  if (step > 0) for (let i = bound(start, 0, size); i < bound(end, 0, size); i += step) picked.push(i);
  else if (size > 0) for (let i = bound(start, 0, size - 1); i > bound(end, -1, size - 1); i += step) picked.push(i);
  return picked;
}

describe('slices', () => {
  it('hold the elements that a loop picks', () => {
    const bound = fc.oneof(small(-12, 12), fc.constantFrom(2 ** 63, -(2 ** 63), 2 ** 31 - 1));
    const step = fc.oneof(small(-4, -1), small(1, 4), fc.constantFrom(2 ** 63, -(2 ** 63)));
    fc.assert(
      fc.property(small(0, 8), bound, bound, step, (size, start, end, by) => {
        const range = sliceRange(size, start, end, by);
        const picked = Array.from({ length: range.count }, (_, i) => range.start + i * range.step);
        expect(picked).toEqual(slowSlice(size, start, end, by));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('broadcasting', () => {
  const dims = fc.array(small(1, 3), { maxLength: 4 });

  it('agrees from both sides, and is what each side broadcasts to', () => {
    fc.assert(
      fc.property(dims, dims, (a, b) => {
        const both = broadcastDims(a, b);
        expect(broadcastDims(b, a)).toEqual(both);
        const fits = a
          .toReversed()
          .every((size, i) => i >= b.length || size === 1 || b.at(-1 - i) === 1 || b.at(-1 - i) === size);
        expect(both !== null).toBe(fits);
        if (both) expect(broadcastsTo(a, both) && broadcastsTo(b, both)).toBe(true);
      }),
    );
  });

  it('reads the element whose index has 0 along broadcast axes', () => {
    fc.assert(
      fc.property(dims, dims, (a, b) => {
        const both = broadcastDims(a, b);
        fc.pre(both !== null);
        const offsets = stridedOffsets(both, broadcastStrides(a, both), 0);
        const strides = stridesOf(both);
        const inner = stridesOf(a);
        for (let at = 0; at < sizeOf(both); at++) {
          const index = both.map((size, i) => Math.floor(at / strides[i]!) % size).slice(both.length - a.length);
          expect(offsets[at]).toBe(index.reduce((sum, p, i) => sum + (a[i] === 1 ? 0 : p * inner[i]!), 0));
        }
      }),
    );
  });
});
