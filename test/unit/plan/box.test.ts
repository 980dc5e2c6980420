import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  boxDims,
  boxElements,
  containsBox,
  hull,
  intersect,
  sameBox,
  subtract,
  wholeBox,
} from '../../../src/plan/box.js';
import { boxIn, cellsOf, smallDims } from './pieces.js';

const pairs = smallDims.chain(dims => fc.tuple(boxIn(dims), boxIn(dims)));

it('counts its elements', () => {
  expect(wholeBox([2, 3])).toEqual([
    [0, 2],
    [0, 3],
  ]);
  fc.assert(
    fc.property(smallDims.chain(boxIn), box => {
      expect(boxElements(box)).toBe(cellsOf(box).length);
      expect(cellsOf(wholeBox(boxDims(box)))).toHaveLength(boxElements(box));
    }),
  );
  expect(boxElements([])).toBe(1);
});

it('two boxes have in common what is in both, and their hull has both', () => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      const inB = new Set(cellsOf(b));
      const common = intersect(a, b);
      expect(common ? cellsOf(common) : []).toEqual(cellsOf(a).filter(cell => inB.has(cell)));
      const both = hull(a, b);
      expect(containsBox(both, a) && containsBox(both, b)).toBe(true);
      expect(both.every(([begin, end], axis) => [a, b].some(one => one[axis]![0] === begin) && begin < end)).toBe(true);
    }),
  );
});

it('what is left of a box without another is in boxes that do not overlap', () => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      const inB = new Set(cellsOf(b));
      const rest = subtract(a, b);
      expect(rest.flatMap(cellsOf).sort()).toEqual(
        cellsOf(a)
          .filter(cell => !inB.has(cell))
          .sort(),
      );
      expect(rest.length).toBeLessThanOrEqual(2 * a.length);
    }),
  );
});

it('contains and equals as its elements do', () => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      const inA = new Set(cellsOf(a));
      expect(containsBox(a, b)).toBe(cellsOf(b).every(cell => inA.has(cell)));
      expect(sameBox(a, b)).toBe(cellsOf(a).join(' ') === cellsOf(b).join(' '));
      expect(sameBox(a, [...a])).toBe(true);
    }),
  );
});
