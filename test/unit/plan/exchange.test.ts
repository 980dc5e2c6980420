import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/plan/box.js';
import { transfers } from '../../../src/plan/exchange.js';
import { boxIn, cellsOf, smallDims } from './pieces.js';

const flat = () => 20;
const whole: Box = [[0, 8]];

describe('transfers', () => {
  it('has every element that is needed exactly once: the own ones stay, the others come from a memory that has them', () => {
    const cases = smallDims.chain(dims =>
      fc.record({
        need: boxIn(dims),
        parts: fc.array(fc.option(boxIn(dims), { freq: 5 }), { minLength: 1, maxLength: 4 }),
        seed: fc.nat(9),
      }),
    );
    fc.assert(
      fc.property(cases, ({ need, parts: some, seed }) => {
        const parts = [...some, need.map(([, end]): [number, number] => [0, end])];
        const to = seed % parts.length;
        const found = transfers(need, to, parts, (a, b) => 10 + ((a * 7 + b * seed) % 3));
        const own = parts[to] ? new Set(cellsOf(parts[to])) : new Set<string>();
        const fetched = found.flatMap(({ box }) => cellsOf(box));
        const wanted = cellsOf(need).filter(cell => !own.has(cell));
        expect([...fetched].sort()).toEqual(wanted.sort());
        for (const { from, box } of found) {
          expect(from).not.toBe(to);
          const there = new Set(cellsOf(parts[from]!));
          expect(cellsOf(box).every(cell => there.has(cell))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes the nearest memory, and of equals the next one', () => {
    const parts = [whole, whole, null, whole];
    expect(transfers(whole, 2, parts, flat)).toEqual([{ from: 3, box: whole }]);
    expect(transfers(whole, 2, parts, (a, b) => (a === 2 && b === 1 ? 15 : 20))).toEqual([{ from: 1, box: whole }]);
    expect(transfers(whole, 0, parts, flat)).toEqual([]);
  });

  it('fetches nothing of what is not needed', () => {
    const parts: Box[] = [[[0, 4]], [[4, 8]]];
    expect(transfers([[2, 4]], 0, parts, flat)).toEqual([]);
    expect(transfers([[2, 5]], 0, parts, flat)).toEqual([{ from: 1, box: [[4, 5]] }]);
  });

  it('refuses what nobody has', () => {
    expect(() => transfers(whole, 0, [null, [[0, 4]]], flat)).toThrow(RangeError);
  });
});
