import { describe, expect, it } from 'vitest';
import { resize, resizeRowBlock } from '../../../src/kernels/resize.js';
import { checkKernel, type KernelCase, randomFloats } from './harness.js';

interface Step {
  readonly lower: number;
  readonly upper: number;
  readonly weight: number;
}

const table = (steps: readonly Step[]): Int32Array =>
  Int32Array.from(
    steps.flatMap(({ lower, upper, weight }) => [lower, upper, new Int32Array(Float32Array.of(weight).buffer)[0]!]),
  );

/** half_pixel interpolation from `size` to `out` positions. */
function linear(size: number, out: number): Step[] {
  return Array.from({ length: out }, (_, i) => {
    const at = Math.min(Math.max(((i + 0.5) * size) / out - 0.5, 0), size - 1);
    const lower = Math.floor(at);
    return { lower, upper: Math.min(lower + 1, size - 1), weight: at - lower };
  });
}

const nearest = (size: number, out: number): Step[] =>
  Array.from({ length: out }, (_, i) => {
    const lower = Math.floor((i * size) / out);
    return { lower, upper: lower, weight: 0 };
  });

type Triple = readonly [number, number, number];

interface Problem {
  readonly size: Triple;
  readonly out: Triple;
  readonly channels: number;
  readonly batch?: number;
  readonly mBlock?: number;
  readonly steps?: (size: number, out: number) => Step[];
}

function caseOf({ size, out, channels, batch = 1, mBlock = 2, steps = linear }: Problem, x?: Float32Array): KernelCase {
  const [inD, inH, inW] = size;
  const [outD, outH, outW] = out;
  return {
    operands: {
      xPtr: x ?? randomFloats(batch * inD * inH * inW * channels, 4),
      yPtr: { output: batch * outD * outH * outW * channels },
      tableDPtr: table(steps(inD, outD)),
      tableHPtr: table(steps(inH, outH)),
      tableWPtr: table(steps(inW, outW)),
    },
    scalars: { batch, inD, inH, inW, inC: channels, outD, outH, outW, outC: channels, mBlock },
    tolerance: 0,
  };
}

const problems: Record<string, Problem> = {
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 7, 8, 16, 17].map(channels => [
      `${channels} channels`,
      { size: [2, 3, 4], out: [4, 6, 8], channels } as Problem,
    ]),
  ),
  'to prime sizes': { size: [3, 4, 5], out: [5, 7, 11], channels: 5, mBlock: 3 },
  smaller: { size: [7, 8, 9], out: [3, 5, 2], channels: 6 },
  'one position to many': { size: [1, 1, 1], out: [2, 3, 4], channels: 9 },
  'only w': { size: [2, 3, 4], out: [2, 3, 9], channels: 3 },
  'only h': { size: [2, 3, 4], out: [2, 7, 4], channels: 3 },
  'only d': { size: [2, 3, 4], out: [5, 3, 4], channels: 3 },
  'batch 2': { size: [2, 3, 4], out: [3, 4, 5], channels: 5, batch: 2, mBlock: 5 },
  'block over all': { size: [2, 3, 4], out: [3, 4, 5], channels: 4, batch: 2, mBlock: 100 },
};

describe.each(Object.entries(problems))('f32_resize, %s', (_, problem) => {
  it('linear', () => {
    checkKernel(resize, caseOf(problem));
  });
  it('nearest', () => {
    checkKernel(resize, caseOf({ ...problem, steps: nearest }));
  });
});

describe('f32_resize', () => {
  it('interpolates between neighbours', () => {
    const { yPtr } = checkKernel(
      resize,
      caseOf({ size: [1, 1, 2], out: [1, 1, 4], channels: 1 }, Float32Array.of(0, 8)),
    );
    expect(yPtr).toEqual(Float32Array.of(0, 2, 6, 8));
  });

  it('keeps a NaN out of a neighbour that gives it no weight', () => {
    const x = Float32Array.of(1, Number.NaN, 3);
    const same = caseOf({ size: [1, 1, 3], out: [1, 1, 3], channels: 1 }, x);
    expect(checkKernel(resize, same).yPtr).toEqual(x);
    for (const size of [
      [1, 3, 1],
      [3, 1, 1],
    ] as const) {
      expect(checkKernel(resize, caseOf({ size, out: size, channels: 1 }, x)).yPtr).toEqual(x);
    }
  });

  it('has blocks of at least one row', () => {
    expect(resizeRowBlock({ outW: 1e6, outC: 64 })).toBe(1);
    expect(resizeRowBlock({ outW: 4, outC: 4 })).toBeGreaterThan(100);
  });
});
