import { describe, expect, it } from 'vitest';
import { convGemm, convGemmBlocks } from '../../../src/kernels/conv_gemm.js';
import { convPointwise, convPointwiseBlocks } from '../../../src/kernels/conv_pointwise.js';
import { noPool } from '../../../src/kernels/fields.js';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { checkKernel, type KernelCase, moduleNames, randomFloats, runKernel } from './harness.js';

interface Problem {
  readonly positions: number;
  readonly inC: number;
  readonly outC: number;
  readonly groups?: number;
}

interface Options {
  readonly blocks?: { readonly mBlocks: number; readonly nBlocks: number };
  readonly x?: Float32Array;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: number;
}

function caseOf({ positions, inC, outC, groups = 1 }: Problem, options: Options): KernelCase {
  const shape = { positions, inC, outC, groups };
  const depth = inC / groups;
  const panels = groups * Math.ceil(outC / groups / 8);
  return {
    operands: {
      xPtr: options.x ?? randomFloats(positions * inC, 1),
      yPtr: { output: positions * outC },
      wPtr: randomFloats(panels * depth * 8, 2),
      biasPtr: options.bias === false ? null : randomFloats(panels * 8, 3),
      residualPtr: options.residual ? randomFloats(positions * outC, 4) : null,
    },
    scalars: {
      ...shape,
      ...(options.blocks ?? convPointwiseBlocks(shape)),
      activation: options.activation ?? activationCodes.none,
      alpha: 0.3,
      beta: 0.7,
    },
    tolerance: 1e-6 * Math.sqrt(depth),
  };
}

const check = (problem: Problem, options: Options = {}): Float32Array =>
  checkKernel(convPointwise, caseOf(problem, options)).yPtr!;

/** The same operands for f32_conv_gemm. */
function asGemm(test: KernelCase, { positions, inC, outC, groups = 1 }: Problem): KernelCase {
  const line = { batch: 1, inD: 1, inH: 1, inW: positions, inC, outD: 1, outH: 1, outW: positions, outC };
  const steps = { kD: 1, kH: 1, kW: 1, strideD: 1, strideH: 1, strideW: 1, dilD: 1, dilH: 1, dilW: 1 };
  const shape = { ...line, ...steps, padD: 0, padH: 0, padW: 0, groups, ...noPool };
  return { ...test, scalars: { ...test.scalars, ...shape, ...convGemmBlocks(shape) } };
}

const problems: readonly Problem[] = [
  // Every way in which rows fall into tiles.
  ...[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 23].map(positions => ({ positions, inC: 5, outC: 8 })),
  // Outputs around panels and cache lines.
  ...[1, 7, 9, 15, 16, 17, 29].map(outC => ({ positions: 7, inC: 3, outC })),
  { positions: 4, inC: 1, outC: 1 },
  { positions: 31, inC: 37, outC: 41 },
  { positions: 40, inC: 300, outC: 24 },
  { positions: 13, inC: 12, outC: 18, groups: 3 },
  { positions: 9, inC: 34, outC: 32, groups: 2 },
  { positions: 11, inC: 5, outC: 10, groups: 5 },
];
const titled = problems.map(problem => ({ title: Object.values(problem).join(' x '), problem }));

describe('f32_conv_pointwise', () => {
  it.each(titled)('positions, channels, outputs, groups: $title', ({ problem }) => {
    check(problem);
    check(problem, { residual: true, activation: activationCodes.relu });
  });

  const large: Problem = { positions: 53, inC: 7, outC: 77 };
  const blocks = [
    { mBlocks: 1, nBlocks: 1 },
    { mBlocks: 2, nBlocks: 5 },
    { mBlocks: 5, nBlocks: 2 },
    { mBlocks: 13, nBlocks: 3 },
  ];
  it.each(blocks)('in blocks of $mBlocks x $nBlocks', given => {
    check(large, { blocks: given, residual: true });
  });

  const ragged: Problem = { positions: 19, inC: 7, outC: 13 };
  const fusions = Object.entries(activationCodes).flatMap(([name, activation]) =>
    [false, true].map(residual => ({ name, activation, residual, bias: residual || activation > 1 })),
  );
  it.each(fusions)('$name, residual $residual, bias $bias', fusion => {
    check(ragged, fusion);
  });

  it.each([false, true])('of results that are far away, residual %s', residual => {
    const far: Problem = { positions: 32800, inC: 1, outC: 33 };
    check(far, { blocks: { mBlocks: 3, nBlocks: 1 }, residual, activation: activationCodes.relu });
  });

  it('has the bits of f32_conv_gemm, whatever its blocks', () => {
    const grouped: Problem = { positions: 29, inC: 36, outC: 54, groups: 3 };
    const deep: Problem = { positions: 25, inC: 700, outC: 19 };
    for (const module of moduleNames) {
      for (const problem of [large, ragged, grouped, deep]) {
        for (const activation of [activationCodes.none, activationCodes.relu, activationCodes.elu]) {
          for (const given of blocks.filter(({ mBlocks }) => 4 * mBlocks <= problem.positions)) {
            const test = caseOf(problem, { blocks: given, activation, residual: activation > 0 });
            const wanted = runKernel(convGemm, asGemm(test, problem), module);
            expect(runKernel(convPointwise, test, module)).toEqual(wanted);
          }
        }
      }
    }
  });

  it('keeps the sign of zero', () => {
    const test = caseOf({ positions: 5, inC: 3, outC: 8 }, { x: new Float32Array(15) });
    const negative = { wPtr: new Float32Array(24).fill(-1), biasPtr: new Float32Array(8).fill(-0) };
    for (const module of moduleNames) {
      const { yPtr } = runKernel(convPointwise, { ...test, operands: { ...test.operands, ...negative } }, module);
      expect(yPtr).toEqual(new Float32Array(40).fill(-0));
    }
  });

  it('keeps NaN and infinities where their positions are read', () => {
    const problem: Problem = { positions: 9, inC: 16, outC: 9 };
    const x = randomFloats(9 * 16, 1);
    x[16 * 1 + 5] = Number.NaN;
    x[16 * 7 + 2] = Number.NEGATIVE_INFINITY;
    for (const activation of [activationCodes.none, activationCodes.relu, activationCodes.elu]) {
      const y = check(problem, { x, activation });
      const rows = Array.from({ length: 9 }, (_, m) => y.subarray(m * 9, m * 9 + 9));
      expect(rows.map(row => row.every(Number.isNaN))).toEqual([false, true, ...Array(7).fill(false)]);
      expect(rows.filter((_, m) => m !== 1 && m !== 7).every(row => row.every(Number.isFinite))).toBe(true);
    }
  });
});

describe('convPointwiseBlocks', () => {
  it.each([
    [12800, 64, 64],
    [12800, 64, 256],
    [12800, 256, 64],
    [1600, 128, 512],
    [1600, 512, 128],
    [200, 256, 1024],
    [200, 1024, 256],
    [25, 512, 2048],
    [25, 2048, 512],
    [16, 1024, 512],
  ])('gives %i positions of %i channels to %i outputs even units for many workers', (positions, inC, outC) => {
    const { mBlocks, nBlocks } = convPointwiseBlocks({ positions, inC, outC, groups: 1 });
    expect((mBlocks * nBlocks) % 32).toBe(0);
    expect(outC / nBlocks).toBeGreaterThanOrEqual(16);
    expect(positions / mBlocks).toBeGreaterThanOrEqual(Math.min(positions, 24));
    expect(Math.ceil(positions / mBlocks) * inC * 4).toBeLessThan(300 * 1024);
    expect((positions / mBlocks) * (outC / nBlocks) * inC).toBeLessThan(40e6);
  });

  it('keeps units of large layers soon done', () => {
    for (const [positions, inC, outC] of [
      [4e6, 32, 32],
      [1e5, 64, 4096],
      [1e5, 2048, 32768],
    ] as const) {
      const { mBlocks, nBlocks } = convPointwiseBlocks({ positions, inC, outC, groups: 1 });
      expect((positions * inC * outC) / (mBlocks * nBlocks)).toBeLessThan(41e6);
    }
  });

  it('leaves little work in one piece, and every block its rows', () => {
    expect(convPointwiseBlocks({ positions: 9, inC: 64, outC: 64, groups: 1 })).toEqual({ mBlocks: 1, nBlocks: 1 });
    expect(convPointwiseBlocks({ positions: 4, inC: 8192, outC: 8, groups: 1 })).toEqual({ mBlocks: 1, nBlocks: 1 });
    expect(convPointwiseBlocks({ positions: 23, inC: 65536, outC: 8, groups: 1 }).mBlocks).toBeLessThanOrEqual(3);
  });
});
