import { describe, expect, it } from 'vitest';
import { poolAverage, poolMax, poolRowBlock } from '../../../src/kernels/pool.js';
import { checkKernel, generator, type KernelCase, randomFloats } from './harness.js';

interface Problem {
  readonly batch?: number;
  readonly channels: number;
  readonly size: readonly [number, number, number];
  readonly kernel: readonly [number, number, number];
  readonly stride?: readonly [number, number, number];
  readonly dilation?: readonly [number, number, number];
  readonly pad?: readonly [number, number, number];
  readonly padEnd?: readonly [number, number, number];
  /** Output sizes beyond floor((in + pads - reach) / stride) + 1, as ceil_mode asks for. */
  readonly extra?: readonly [number, number, number];
  readonly mBlock?: number;
}

function caseOf(p: Problem, countIncludePad: number, x?: Float32Array): KernelCase {
  const stride = p.stride ?? [1, 1, 1];
  const dilation = p.dilation ?? [1, 1, 1];
  const pad = p.pad ?? [0, 0, 0];
  const padEnd = p.padEnd ?? pad;
  const extra = p.extra ?? [0, 0, 0];
  const batch = p.batch ?? 1;
  const out = p.size.map((size, i) => {
    const reach = (p.kernel[i]! - 1) * dilation[i]! + 1;
    return Math.floor((size + pad[i]! + padEnd[i]! - reach) / stride[i]!) + 1 + extra[i]!;
  });
  const positions = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);
  const [inD, inH, inW] = p.size;
  const [outD, outH, outW] = out as [number, number, number];
  const [kD, kH, kW] = p.kernel;
  return {
    operands: {
      xPtr: x ?? randomFloats(batch * positions(p.size) * p.channels, 7),
      yPtr: { output: batch * positions(out) * p.channels },
    },
    scalars: {
      batch,
      ...{ inD, inH, inW, inC: p.channels, outD, outH, outW, outC: p.channels, kD, kH, kW },
      ...{ strideD: stride[0], strideH: stride[1], strideW: stride[2] },
      ...{ dilD: dilation[0], dilH: dilation[1], dilW: dilation[2] },
      ...{ padD: pad[0], padH: pad[1], padW: pad[2], padEndD: padEnd[0], padEndH: padEnd[1], padEndW: padEnd[2] },
      countIncludePad,
      mBlock: p.mBlock ?? 2,
    },
    tolerance: 0,
  };
}

const problems: Record<string, Problem> = {
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 20, 31, 32, 35].map(channels => [
      `${channels} channels`,
      { channels, size: [3, 4, 5], kernel: [2, 2, 2] } as Problem,
    ]),
  ),
  'C3D first pool 1x2x2': { channels: 16, size: [2, 6, 6], kernel: [1, 2, 2], stride: [1, 2, 2] },
  'one tap': { channels: 5, size: [2, 3, 4], kernel: [1, 1, 1] },
  'prime strides': { channels: 6, size: [11, 13, 17], kernel: [3, 2, 4], stride: [2, 3, 5], mBlock: 3 },
  'pads 1': { channels: 18, size: [4, 5, 6], kernel: [3, 3, 3], stride: [2, 2, 2], pad: [1, 1, 1] },
  'asymmetric pads': { channels: 3, size: [4, 5, 6], kernel: [3, 4, 5], pad: [0, 1, 2], padEnd: [2, 0, 1] },
  'pads on one side': { channels: 4, size: [4, 4, 4], kernel: [2, 2, 2], pad: [1, 0, 1], padEnd: [0, 1, 0] },
  dilation: { channels: 7, size: [7, 9, 11], kernel: [2, 3, 3], dilation: [3, 2, 4], pad: [1, 2, 3] },
  'dilation over a stride': { channels: 4, size: [9, 9, 9], kernel: [2, 2, 3], dilation: [2, 3, 3], stride: [3, 2, 2] },
  'ceil mode over the end': { channels: 5, size: [5, 6, 7], kernel: [2, 3, 3], stride: [2, 2, 3], extra: [1, 1, 1] },
  'ceil mode with pads': {
    channels: 9,
    size: [5, 5, 6],
    kernel: [3, 3, 3],
    stride: [2, 3, 4],
    pad: [1, 1, 1],
    padEnd: [1, 0, 1],
    extra: [1, 1, 1],
  },
  'a window beyond the end': { channels: 5, size: [2, 2, 2], kernel: [1, 1, 1], stride: [2, 2, 2], extra: [1, 1, 1] },
  'a window before the begin': { channels: 5, size: [2, 2, 2], kernel: [1, 2, 1], pad: [2, 2, 3] },
  'a window of the whole': { channels: 21, size: [3, 4, 5], kernel: [3, 4, 5], batch: 2 },
  'batch 2': { channels: 5, size: [3, 4, 3], kernel: [2, 2, 2], batch: 2, mBlock: 5 },
  'block over all': { channels: 4, size: [3, 4, 3], kernel: [2, 2, 2], batch: 2, mBlock: 1000 },
};

describe.each(Object.entries(problems))('%s', (_, problem) => {
  it('f32_pool_max', () => {
    checkKernel(poolMax, caseOf(problem, 0));
  });
  it.each([0, 1])('f32_pool_average, countIncludePad %i', countIncludePad => {
    checkKernel(poolAverage, caseOf(problem, countIncludePad));
  });
});

describe('pooling', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))('random windows, seed %i', seed => {
    const next = generator(seed);
    const below = (limit: number) => Math.floor(next() * limit);
    const triple = (smallest: number, limit: number) =>
      [0, 1, 2].map(() => smallest + below(limit)) as [number, number, number];
    const kernel = triple(1, 4);
    const dilation = triple(1, 3);
    const reach = kernel.map((taps, i) => (taps - 1) * dilation[i]! + 1);
    const problem: Problem = {
      batch: 1 + below(2),
      channels: 1 + below(22),
      size: reach.map(least => least + below(5)) as [number, number, number],
      kernel,
      dilation,
      stride: triple(1, 4),
      pad: triple(0, 3),
      padEnd: triple(0, 3),
      extra: triple(0, 2),
      mBlock: 1 + below(6),
    };
    checkKernel(poolMax, caseOf(problem, 0));
    checkKernel(poolAverage, caseOf(problem, below(2)));
  });

  it('takes the maximum of what is inside, not of zero pads', () => {
    const x = Float32Array.of(-3, -1, -2);
    const { yPtr } = checkKernel(
      poolMax,
      caseOf({ channels: 1, size: [1, 1, 3], kernel: [1, 1, 2], pad: [0, 0, 1] }, 0, x),
    );
    expect(yPtr).toEqual(Float32Array.of(-3, -1, -1, -2));
  });

  it('propagates NaN and infinities, and only where a window sees them', () => {
    const x = Float32Array.of(1, Number.NaN, 2, 3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    const problem: Problem = { channels: 1, size: [1, 1, 6], kernel: [1, 1, 2] };
    expect(checkKernel(poolMax, caseOf(problem, 0, x)).yPtr).toEqual(
      Float32Array.of(Number.NaN, Number.NaN, 3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    );
    expect(checkKernel(poolAverage, caseOf(problem, 0, x)).yPtr).toEqual(
      Float32Array.of(Number.NaN, Number.NaN, 2.5, Number.POSITIVE_INFINITY, Number.NaN),
    );
  });

  it.each([5, 16, 19])('propagates NaN in each of %i channels', channels => {
    const x = randomFloats(4 * channels, 1);
    for (let c = 0; c < channels; c++) x[((c * 3) % 4) * channels + c] = Number.NaN;
    const { yPtr } = checkKernel(poolMax, caseOf({ channels, size: [1, 2, 2], kernel: [1, 2, 2] }, 0, x));
    expect(yPtr!.every(Number.isNaN)).toBe(true);
  });

  it('counts pads where it is told to, but nothing beyond them', () => {
    const x = Float32Array.of(4, 8, 12);
    // Windows at -1, 1, 3 of a padded extent [-1, 4): the last one has a single tap inside the padded extent.
    const problem: Problem = {
      channels: 1,
      size: [1, 1, 3],
      kernel: [1, 1, 2],
      stride: [1, 1, 2],
      pad: [0, 0, 1],
      extra: [0, 0, 1],
    };
    expect(checkKernel(poolAverage, caseOf(problem, 1, x)).yPtr).toEqual(Float32Array.of(2, 10, 0));
    expect(checkKernel(poolAverage, caseOf(problem, 0, x)).yPtr).toEqual(Float32Array.of(4, 10, 0));
  });

  it('has blocks of at least one row', () => {
    expect(poolRowBlock({ outW: 1e6, outC: 1e3, kD: 3, kH: 3, kW: 3 })).toBe(1);
    expect(poolRowBlock({ outW: 1, outC: 1, kD: 1, kH: 1, kW: 1 })).toBeGreaterThan(1000);
  });
});
