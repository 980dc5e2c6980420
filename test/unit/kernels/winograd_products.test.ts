import { describe, expect, it } from 'vitest';
import { winogradProducts } from '../../../src/kernels/winograd_products.js';
import { checkKernel, type KernelCase, moduleNames, randomFloats, runKernel } from './harness.js';

interface Problem {
  readonly points: number;
  readonly quads: number;
  readonly taps: number;
  readonly tapRows: number;
  readonly rows: number;
  readonly xRowBlock: number;
  readonly rowBlock: number;
  readonly panels: number;
  readonly unitPanels: number;
  /** One row's last quad holds this value at every point. */
  readonly poison?: { readonly row: number; readonly value: number };
}

const one: Problem = {
  ...{ points: 1, quads: 1, taps: 1, tapRows: 0, rows: 1, xRowBlock: 4, rowBlock: 4, panels: 1, unitPanels: 1 },
};

const groupsOf = ({ quads }: Problem) => Math.ceil(quads / 4);
const rowsRead = ({ rows, taps, tapRows }: Problem) => rows + (taps - 1) * tapRows;

/** The rows of x in their blocks; what is in between, and behind the last row and quad, is NaN. */
function inputOf(problem: Problem) {
  const { points, quads, xRowBlock, poison } = problem;
  const groups = groupsOf(problem);
  const all = rowsRead(problem);
  // Room for three rows behind the last, and points that lie apart by more than they need.
  const pointStride = (Math.ceil(all / xRowBlock) * groups * xRowBlock + 3) * 16 + 4;
  const x = new Float32Array(points * pointStride).fill(Number.NaN);
  for (let point = 0; point < points; point++) {
    for (let row = 0; row < all; row++) {
      const values = randomFloats(4 * quads, 1000 * point + row);
      if (poison?.row === row) values[4 * quads - 2] = poison.value;
      for (const [c, value] of values.entries()) {
        const slot = (Math.floor(row / xRowBlock) * groups + Math.floor(c / 16)) * xRowBlock + (row % xRowBlock);
        x[point * pointStride + slot * 16 + (c % 16)] = value;
      }
    }
  }
  return { x, pointStride };
}

function caseOf(problem: Problem) {
  const { points, quads, taps, rows, panels, poison: _, ...rest } = problem;
  const { x, pointStride } = inputOf(problem);
  const yRowPitch = rows + 1;
  const yPointStride = Math.ceil(panels / 2) * yRowPitch * 16 + 4;
  const test: KernelCase = {
    operands: {
      xPtr: x,
      wPtr: randomFloats(points * panels * taps * quads * 32, 2),
      yPtr: { output: points * yPointStride },
    },
    scalars: { ...rest, points, quads, taps, rows, panels, xPointStride: pointStride, yRowPitch, yPointStride },
    tolerance: 1e-5,
  };
  return { test, yRowPitch, yPointStride };
}

/** Elements of y by [point][row][output]. */
function* elementsOf({ points, rows, panels }: Problem, yRowPitch: number, yPointStride: number): Generator<number> {
  for (let point = 0; point < points; point++) {
    for (let row = 0; row < rows; row++) {
      for (let output = 0; output < 8 * panels; output++) {
        yield point * yPointStride + (Math.floor(output / 16) * yRowPitch + row) * 16 + (output % 16);
      }
    }
  }
}

function check(problem: Problem): void {
  const { test, yRowPitch, yPointStride } = caseOf(problem);
  const { yPtr } = checkKernel(winogradProducts, test);
  const holds = new Set(elementsOf(problem, yRowPitch, yPointStride));
  yPtr!.forEach((value, at) => {
    if (Number.isNaN(value) === holds.has(at)) expect.fail(`element ${at} is ${value}`);
  });
}

/** What the problem computes, as [point][row][output], whatever the blocks are. */
function results(problem: Problem, module: (typeof moduleNames)[number]): number[] {
  const { test, yRowPitch, yPointStride } = caseOf(problem);
  const { yPtr } = runKernel(winogradProducts, test, module);
  return Array.from(elementsOf(problem, yRowPitch, yPointStride), at => yPtr![at]!);
}

const manyRows = Array.from({ length: 13 }, (_, i) => i + 1);

describe('f32_winograd_products', () => {
  const problems: Readonly<Record<string, Partial<Problem>>> = {
    'one number': {},
    'every point of F(4, 4) twice': { points: 49, quads: 3, rows: 5, xRowBlock: 8, rowBlock: 8 },
    'an odd number of panels': { points: 3, panels: 3, unitPanels: 2, quads: 2, rows: 6, xRowBlock: 8, rowBlock: 8 },
    'many panels in units of three': { points: 2, panels: 7, unitPanels: 3, rows: 9, xRowBlock: 12, rowBlock: 12 },
    'all panels in one unit': { points: 2, panels: 5, unitPanels: 100, rows: 9, xRowBlock: 12, rowBlock: 12 },
    'whole groups of quads': { points: 2, quads: 8, panels: 2, rows: 11, xRowBlock: 12, rowBlock: 12 },
    'a ragged group of quads': { points: 2, quads: 5, panels: 2, rows: 11, xRowBlock: 12, rowBlock: 12 },
    'a depth of some hundreds': { points: 2, quads: 65, panels: 3, rows: 13, xRowBlock: 16, rowBlock: 16 },
    'rows in several blocks': { points: 2, quads: 6, panels: 2, rows: 29, xRowBlock: 12, rowBlock: 12 },
    'blocks of rows within those of x': { points: 2, quads: 6, panels: 2, rows: 29, xRowBlock: 24, rowBlock: 8 },
    'blocks of one row': { points: 2, quads: 5, panels: 2, rows: 7, xRowBlock: 1, rowBlock: 1 },
    'blocks of two rows': { points: 2, quads: 5, panels: 2, rows: 7, xRowBlock: 6, rowBlock: 2 },
    'one block of x, which those of rows do not divide': {
      points: 2,
      quads: 5,
      panels: 2,
      rows: 29,
      xRowBlock: 40,
      rowBlock: 12,
    },
    'three taps a row apart': {
      points: 2,
      quads: 5,
      panels: 2,
      taps: 3,
      tapRows: 1,
      rows: 10,
      xRowBlock: 17,
      rowBlock: 8,
    },
    'three taps, a prime number of rows apart': {
      points: 2,
      quads: 3,
      panels: 3,
      taps: 3,
      tapRows: 7,
      rows: 19,
      xRowBlock: 40,
      rowBlock: 12,
    },
    'two taps, further apart than rows': {
      points: 4,
      quads: 2,
      panels: 1,
      taps: 2,
      tapRows: 23,
      rows: 3,
      xRowBlock: 32,
      rowBlock: 4,
    },
    'seven taps': { points: 1, quads: 4, panels: 1, taps: 7, tapRows: 2, rows: 6, xRowBlock: 24, rowBlock: 100 },
  };

  it.each(Object.entries(problems))('%s', (_, problem) => {
    check({ ...one, ...problem });
  });

  it.each(manyRows)('%i rows', rows => {
    for (const taps of [1, 2]) {
      const xRowBlock = rows + 9;
      check({
        ...one,
        points: 2,
        quads: 2,
        panels: 3,
        taps,
        tapRows: taps === 1 ? 0 : 5,
        rows,
        xRowBlock,
        rowBlock: 100,
      });
    }
  });

  it.each(manyRows)('%i rows have the same bits in blocks of any size', rows => {
    const problem = { ...one, points: 2, quads: 9, panels: 3, rows };
    for (const module of moduleNames) {
      const wanted = results({ ...problem, xRowBlock: 16, rowBlock: 16 }, module);
      for (const [xRowBlock, rowBlock] of [
        [1, 1],
        [2, 2],
        [12, 3],
        [4, 4],
        [5, 5],
        [12, 6],
        [7, 7],
        [16, 8],
        [16, 5],
      ] as const) {
        expect(results({ ...problem, xRowBlock, rowBlock }, module)).toEqual(wanted);
      }
    }
  });

  it.each([Number.NaN, Infinity, -Infinity])('keeps %d in its row', value => {
    const problem = { ...one, points: 2, quads: 3, panels: 2, rows: 11, xRowBlock: 12, rowBlock: 12 };
    for (const row of [0, 5, 10]) {
      const poisoned = { ...problem, poison: { row, value } };
      checkKernel(winogradProducts, caseOf(poisoned).test);
      for (const module of moduleNames) {
        const wanted = results(problem, module);
        results(poisoned, module).forEach((result, at) => {
          if (Math.floor(at / 16) % 11 === row) expect(Number.isFinite(result)).toBe(false);
          else expect(result).toBe(wanted[at]);
        });
      }
    }
  });
});
