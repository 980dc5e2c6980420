import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, boxElements, wholeBox } from '../../../src/plan/box.js';
import {
  boxesOf,
  candidateCuts,
  combineGrids,
  cutName,
  partitionCuts,
  type partitions,
} from '../../../src/plan/cuts.js';
import type { Cut } from '../../../src/plan/plan.js';
import { cellsOf } from './pieces.js';

const parts = (...counts: number[]): Cut => ({ kind: 'parts', parts: counts });
const one: Cut = { kind: 'one', memory: 0 };
const all: Cut = { kind: 'all' };
const even = (memories: number) => new Array<number>(memories).fill(1);

describe('candidates', () => {
  it.each<[string, readonly number[], readonly number[], number, readonly Cut[]]>([
    ['one memory', [1, 64, 8, 8, 8], [0, 8, 1, 1, 0], 1, [one]],
    [
      'every grid of four boxes',
      [1, 64, 8, 8, 8],
      [0, 8, 1, 1, 0],
      4,
      [
        one,
        all,
        parts(1, 1, 4, 1, 1),
        parts(1, 1, 2, 2, 1),
        parts(1, 1, 1, 4, 1),
        parts(1, 2, 2, 1, 1),
        parts(1, 2, 1, 2, 1),
        parts(1, 4, 1, 1, 1),
      ],
    ],
    ['no more parts than cells', [1, 16, 3, 8], [0, 8, 2, 0], 4, [one, all, parts(1, 2, 2, 1)]],
    ['three memories', [1, 101], [0, 8], 3, [one, all, parts(1, 3)]],
    ['a layer too small', [1, 16, 1, 1, 1], [0, 8, 1, 1, 0], 3, [one, all]],
    ['a layer that is not cut', [4, 4], [0, 0], 2, [one, all]],
    ['a scalar', [], [], 2, [one, all]],
  ])('%s', (_, dims, grid, memories, wanted) => {
    expect(candidateCuts(dims, grid, memories)).toEqual(wanted);
  });

  it('have their home', () => {
    expect(candidateCuts([4], [0], 3, 2)[0]).toEqual({ kind: 'one', memory: 2 });
  });
});

describe('boxes', () => {
  const boxes = (cut: Cut, dims: number[], grid: number[], weights: number[]) => boxesOf(cut, dims, grid, weights);

  it('of one memory, and of all', () => {
    expect(boxes({ kind: 'one', memory: 1 }, [2, 3], [0, 0], even(3))).toEqual([null, wholeBox([2, 3]), null]);
    expect(boxes(all, [2, 3], [0, 0], even(2))).toEqual([wholeBox([2, 3]), wholeBox([2, 3])]);
  });

  it('count channels fastest, then height, then depth', () => {
    const found = boxes(parts(1, 2, 2, 2, 1), [1, 16, 2, 2, 5], [0, 8, 1, 1, 0], even(8));
    expect(found.map(box => box!.slice(1, 4).map(([begin]) => begin))).toEqual([
      [0, 0, 0],
      [8, 0, 0],
      [0, 0, 1],
      [8, 0, 1],
      [0, 1, 0],
      [8, 1, 0],
      [0, 1, 1],
      [8, 1, 1],
    ]);
  });

  const ranges = (size: number, step: number, weights: number[]) =>
    boxes(parts(1, weights.length), [1, size], [0, step], weights).map(box => box?.[1]);

  it('are as long as their workers are many', () => {
    expect(ranges(12, 1, [1, 1, 1])).toEqual([
      [0, 4],
      [4, 8],
      [8, 12],
    ]);
    expect(ranges(12, 1, [1, 2, 3])).toEqual([
      [0, 2],
      [2, 6],
      [6, 12],
    ]);
    expect(ranges(101, 8, [2, 2, 2, 2])).toEqual([
      [0, 24],
      [24, 56],
      [56, 80],
      [80, 101],
    ]);
    const grid = boxes(parts(1, 1, 2, 2, 1), [1, 8, 8, 8, 8], [0, 8, 1, 1, 0], [3, 3, 1, 1]);
    expect(grid.map(box => [box![2], box![3]])).toEqual([
      [
        [0, 6],
        [0, 4],
      ],
      [
        [0, 6],
        [4, 8],
      ],
      [
        [6, 8],
        [0, 4],
      ],
      [
        [6, 8],
        [4, 8],
      ],
    ]);
  });

  it('are null for a memory that is left with nothing', () => {
    expect(ranges(2, 1, [7, 1])).toEqual([[0, 2], undefined]);
  });

  const cases = fc.record({
    dims: fc.tuple(fc.integer({ min: 1, max: 2 }), ...[40, 9, 9, 3].map(max => fc.integer({ min: 1, max }))),
    grid: fc.tuple(fc.constant(0), fc.constantFrom(0, 1, 8), fc.constantFrom(0, 1, 4), fc.constantFrom(0, 1, 2)),
    weights: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
  });

  it('have every element once, and end on the grid', () => {
    fc.assert(
      fc.property(cases, ({ dims, grid: steps, weights }) => {
        const grid = [...steps, 0];
        const cuts = candidateCuts(dims, grid, weights.length);
        expect(new Set(cuts.map(cut => JSON.stringify(cut))).size).toBe(cuts.length);
        for (const cut of cuts) {
          const found = boxesOf(cut, dims, grid, weights);
          expect(found).toHaveLength(weights.length);
          const present = found.filter((box): box is Box => box !== null);
          if (cut.kind === 'parts') {
            expect(cut.parts.reduce((a, b) => a * b, 1)).toBe(weights.length);
            expect(present.flatMap(cellsOf).sort()).toEqual(cellsOf(wholeBox(dims)).sort());
          }
          for (const box of present) {
            expect(boxElements(box)).toBeGreaterThan(0);
            box.forEach(([begin, end], axis) => {
              for (const bound of [begin, end]) {
                if (bound > 0 && bound < dims[axis]!) expect(bound % grid[axis]!).toBe(0);
              }
            });
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('of even teams differ by a cell at most, and none is left out', () => {
    fc.assert(
      fc.property(cases, ({ dims, grid: steps, weights }) => {
        const grid = [...steps, 0];
        for (const cut of candidateCuts(dims, grid, weights.length)) {
          if (cut.kind !== 'parts') continue;
          const found = boxesOf(cut, dims, grid, even(weights.length));
          found.forEach(box => {
            box!.forEach(([begin, end], axis) => {
              const count = cut.parts[axis]!;
              if (count === 1) return;
              const cells = Math.ceil(dims[axis]! / grid[axis]!);
              expect(Math.ceil((end - begin) / grid[axis]!)).toBeLessThanOrEqual(Math.ceil(cells / count));
            });
          });
        }
      }),
      { numRuns: 200 },
    );
  });
});

it('two grids at once are the multiples of both', () => {
  expect(combineGrids([0, 8, 1, 4, 6, 0], [1, 1, 0, 4, 4, 0])).toEqual([0, 8, 0, 4, 12, 0]);
});

describe('partitions', () => {
  const image = candidateCuts([1, 64, 8, 8, 8], [0, 8, 1, 1, 0], 4);
  const names = (partition: (typeof partitions)[number], cuts = image) => partitionCuts(partition, cuts).map(cutName);

  it('keep their kind of cut', () => {
    expect(names('auto')).toEqual(['one', 'all', 'depth', 'grid', 'height', 'mix', 'mix', 'channel']);
    expect(names('mix')).toEqual(['mix', 'mix']);
    for (const kind of ['one', 'channel', 'depth', 'height', 'grid'] as const) expect(names(kind)).toEqual([kind]);
  });

  it('leave a layer that cannot be cut so as it is', () => {
    const matrix = candidateCuts([1, 101], [0, 8], 4);
    expect(names('height', matrix)).toEqual(['one', 'all', 'channel']);
    expect(names('channel', matrix)).toEqual(['channel']);
    const plane = candidateCuts([1, 8, 8, 8], [0, 8, 1, 0], 4);
    expect(names('depth', plane)).toEqual(['one', 'all', 'height']);
  });
});
