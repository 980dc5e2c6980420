import { describe, expect, it } from 'vitest';
import { winogradProducts } from '../../../src/kernels/winograd_products.js';
import { checkKernel, type KernelCase, moduleNames, randomFloats, runKernel } from './harness.js';

interface Problem {
  readonly points: number;
  readonly channels: number;
  readonly blockChannels: number;
  readonly taps: number;
  readonly tapRows: number;
  readonly rows: number;
  readonly panels: number;
  readonly unitPanels: number;
  /** Rows of x and of y between those that the contract asks for and the next group's first. */
  readonly gap: number;
  /** One row holds this value once at every point. */
  readonly poison?: { readonly row: number; readonly value: number };
}

const one: Problem = {
  ...{
    points: 1,
    channels: 4,
    blockChannels: 400,
    taps: 1,
    tapRows: 0,

    rows: 1,
    panels: 1,
    unitPanels: 1,
    gap: 0,
  },
};

const groupsOf = ({ channels }: Problem) => Math.ceil(channels / 16);
const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/** The rows of x; what is in between, and behind the last row and channel, is NaN. */
function inputOf(problem: Problem) {
  const { points, channels, rows, taps, tapRows, gap, poison } = problem;
  const all = rows + (taps - 1) * tapRows;
  const xRowPitch = roundUp(rows, 4) + (taps - 1) * tapRows + gap;
  // Points that lie apart by more than they need.
  const pointStride = groupsOf(problem) * xRowPitch * 16 + 4;
  const x = new Float32Array(points * pointStride).fill(Number.NaN);
  for (let point = 0; point < points; point++) {
    for (let row = 0; row < all; row++) {
      const values = randomFloats(channels, 1000 * point + row);
      if (poison?.row === row) values[channels - 2] = poison.value;
      for (const [c, value] of values.entries()) {
        x[point * pointStride + (Math.floor(c / 16) * xRowPitch + row) * 16 + (c % 16)] = value;
      }
    }
  }
  return { x, xRowPitch, pointStride };
}

function caseOf(problem: Problem) {
  const { points, channels, taps, rows, panels, gap, poison: _, ...rest } = problem;
  const { x, xRowPitch, pointStride } = inputOf(problem);
  const yRowPitch = roundUp(rows, 4) + 4 * gap;
  const yPointStride = Math.ceil(panels / 2) * yRowPitch * 16 + 4;
  const test: KernelCase = {
    operands: {
      xPtr: x,
      wPtr: weightsOf(problem),
      yPtr: { output: points * yPointStride },
    },
    scalars: {
      ...rest,
      points,
      channels,
      taps,
      rows,
      panels,
      xRowPitch,
      xPointStride: pointStride,
      yRowPitch,
      yPointStride,
    },
    tolerance: 1e-5,
  };
  return { test, yRowPitch, yPointStride };
}

/** Weights by [point][panel][tap][channel][8], the same for blocks of any size, laid out for the problem's. */
function weightsOf({ points, channels, blockChannels, taps, panels }: Problem): Float32Array {
  const plain = randomFloats(points * panels * taps * channels * 8, 2);
  const packed: number[] = [];
  for (let point = 0; point < points; point++) {
    for (let first = 0; first < channels; first += blockChannels) {
      const last = Math.min(channels, first + blockChannels);
      for (let panel = 0; panel < panels; panel++) {
        for (let tap = 0; tap < taps; tap++) {
          const row = ((point * panels + panel) * taps + tap) * channels;
          packed.push(...plain.subarray((row + first) * 8, (row + last) * 8));
        }
      }
    }
  }
  return Float32Array.from(packed);
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
    'every point of F(4, 4) twice': { points: 49, channels: 12, rows: 5, gap: 1 },
    'an odd number of panels': { points: 3, panels: 3, unitPanels: 2, channels: 8, rows: 6 },
    'many panels in units of three': { points: 2, panels: 7, unitPanels: 3, rows: 9 },
    'all panels in one unit': { points: 2, panels: 5, unitPanels: 100, rows: 9, gap: 2 },
    'whole groups of channels': { points: 2, channels: 32, panels: 2, rows: 11 },
    'a ragged group of channels': { points: 2, channels: 20, panels: 2, rows: 11, gap: 1 },
    'a depth of some hundreds': { points: 2, channels: 260, panels: 3, rows: 13 },
    'more panels than stay in a cache': { channels: 516, panels: 9, unitPanels: 100, rows: 14 },
    'two blocks of channels': { points: 2, channels: 32, blockChannels: 16, panels: 3, unitPanels: 2, rows: 10 },
    'a ragged last block': { points: 2, channels: 44, blockChannels: 16, panels: 5, unitPanels: 3, rows: 7, gap: 1 },
    'three taps a row apart': { points: 2, channels: 20, panels: 2, taps: 3, tapRows: 1, rows: 10 },
    'three taps, a prime number of rows apart': { points: 2, channels: 12, panels: 3, taps: 3, tapRows: 7, rows: 19 },
    'three taps in blocks of channels': {
      ...{ points: 2, channels: 36, blockChannels: 16, panels: 3, unitPanels: 3, taps: 3, tapRows: 2, rows: 9 },
    },
    'two taps, further apart than rows': { points: 4, channels: 8, taps: 2, tapRows: 23, rows: 3, gap: 1 },
    'channels that fill no quad': { points: 2, channels: 3, panels: 3, rows: 13 },
    'one channel': { points: 2, channels: 1, panels: 2, rows: 7 },
    'a last block that fills no quad': { points: 2, channels: 37, blockChannels: 16, panels: 3, rows: 11 },
    'three taps of ragged channels, rows apart': { points: 2, channels: 7, taps: 3, tapRows: 4, panels: 2, rows: 10 },
    'seven taps': { channels: 16, taps: 7, tapRows: 2, rows: 6 },
  };

  it.each(Object.entries(problems))('%s', (_, problem) => {
    check({ ...one, ...problem });
  });

  it.each(manyRows)('%i rows', rows => {
    for (const taps of [1, 2]) {
      check({ ...one, points: 2, channels: 32, blockChannels: 16, panels: 3, taps, tapRows: taps === 1 ? 0 : 5, rows });
    }
  });

  it.each(manyRows)('%i rows have the same bits in blocks of any size', rows => {
    const problem = { ...one, points: 2, channels: 144, panels: 3, rows };
    for (const module of moduleNames) {
      const wanted = results(problem, module);
      for (const blockChannels of [16, 32, 48, 64, 128]) {
        expect(results({ ...problem, blockChannels, unitPanels: 1 + (blockChannels % 3) }, module)).toEqual(wanted);
      }
    }
  });

  it.each([Number.NaN, Infinity, -Infinity])('keeps %d in its row', value => {
    const problem = { ...one, points: 2, channels: 12, panels: 2, rows: 11 };
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
