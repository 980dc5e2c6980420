import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignment, type Lifetime, planArena } from '../../../src/lower/arena.js';

const lifetimes = fc.array(
  fc.record({ bytes: fc.integer({ min: 0, max: 5000 }), first: fc.nat(30), length: fc.nat(10) }),
  { maxLength: 40 },
);

describe('planArena', () => {
  it('never lets two overlap in time and in space', () => {
    fc.assert(
      fc.property(lifetimes, list => {
        const lives = list.map(({ bytes, first, length }): Lifetime => ({ bytes, first, last: first + length }));
        const { offsets, bytes } = planArena(lives);
        lives.forEach((a, i) => {
          expect(offsets[i]! % alignment).toBe(0);
          expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes);
          lives.forEach((b, j) => {
            if (i >= j || a.first > b.last || b.first > a.last) return;
            const apart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
            expect(apart).toBe(true);
          });
        });
      }),
    );
  });

  it('reuses the space of what is no longer read', () => {
    const chain = [0, 1, 2, 3, 4, 5].map(first => ({ bytes: 640, first, last: first + 1 }));
    expect(planArena(chain).bytes).toBe(2 * 640);
  });

  it('keeps a chain of uneven sizes in two places', () => {
    const sizes = [5, 5, 6, 8, 6, 5, 5, 5, 4];
    const chain = sizes.map((size, first) => ({ bytes: 64 * size, first, last: first + 1 }));
    expect(planArena(chain).bytes).toBe(64 * (8 + 6));
  });
});
