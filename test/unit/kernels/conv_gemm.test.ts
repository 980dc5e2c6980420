import { describe, expect, it } from 'vitest';
import { convGemm, convGemmBlocks } from '../../../src/kernels/conv_gemm.js';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { poolMax } from '../../../src/kernels/pool.js';
import { leastCommon, product } from '../../../src/kernels/sizes.js';
import { type ConvProblem, convSizes, poolSizes } from './convolution.js';
import { checkKernel, type KernelCase, moduleNames, randomFloats, runKernel } from './harness.js';
import { poolCase } from './pooled.js';

interface Blocks {
  readonly mBlock: number;
  readonly nBlock: number;
  readonly kBlock: number;
}

interface Options {
  readonly blocks?: Blocks;
  readonly x?: Float32Array;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: number;
}

function caseOf(problem: ConvProblem, options: Options): KernelCase {
  const groups = problem.groups ?? 1;
  const sizes = { ...convSizes(problem), groups, ...poolSizes(problem) };
  const { batch, inD, inH, inW, inC, outD, outH, outW, outC, kD, kH, kW } = sizes;
  const depth = (kD * kH * kW * inC) / groups;
  const panels = groups * Math.ceil(outC / groups / 8);
  const outputs = batch * outD * outH * outW * outC;
  return {
    operands: {
      xPtr: options.x ?? randomFloats(batch * inD * inH * inW * inC, 1),
      yPtr: { output: outputs },
      wPtr: randomFloats(panels * depth * 8, 2),
      biasPtr: options.bias === false ? null : randomFloats(panels * 8, 3),
      residualPtr: options.residual ? randomFloats(outputs, 4) : null,
    },
    scalars: {
      ...sizes,
      ...(options.blocks ?? convGemmBlocks(sizes)),
      activation: options.activation ?? activationCodes.none,
      alpha: 0.3,
      beta: 0.7,
    },
    tolerance: 1e-6 * Math.sqrt(depth),
  };
}

const check = (problem: ConvProblem, options: Options = {}): Float32Array =>
  checkKernel(convGemm, caseOf(problem, options)).yPtr!;

const problems: readonly ConvProblem[] = [
  { title: 'one number', inC: 1, outC: 1, input: [1, 1, 1] },
  { title: 'a tile exactly', inC: 4, outC: 8, input: [1, 2, 3] },
  { title: 'one below a tile', inC: 3, outC: 7, input: [1, 1, 5] },
  { title: 'one above a tile', inC: 5, outC: 9, input: [1, 1, 7] },
  { title: 'a matrix product', inC: 37, outC: 29, input: [1, 1, 23] },
  { title: '3x3x3', inC: 16, outC: 16, input: [3, 5, 7], kernel: [3, 3, 3], pad: [1, 1, 1] },
  { title: '3x3x3 of prime channels', inC: 17, outC: 19, input: [3, 5, 7], kernel: [3, 3, 3], pad: [1, 1, 1] },
  { title: 'few channels', inC: 3, outC: 10, input: [3, 6, 11], kernel: [3, 3, 3], pad: [1, 1, 1] },
  {
    title: 'few channels, 7x7x7, stride 2',
    inC: 3,
    outC: 8,
    input: [7, 13, 13],
    kernel: [7, 7, 7],
    stride: [1, 2, 2],
    pad: [3, 3, 3],
  },
  {
    title: 'few channels, dilated',
    inC: 2,
    outC: 5,
    input: [5, 9, 9],
    kernel: [3, 3, 3],
    dilation: [2, 1, 3],
    pad: [2, 1, 3],
  },
  {
    title: 'few channels, kernel wider than the input',
    inC: 2,
    outC: 3,
    input: [1, 2, 3],
    kernel: [1, 3, 7],
    pad: [0, 1, 3],
  },
  { title: 'fifteen channels', inC: 15, outC: 8, input: [2, 3, 5], kernel: [1, 3, 3], pad: [0, 1, 1] },
  {
    title: 'prime strides',
    inC: 20,
    outC: 11,
    input: [7, 11, 13],
    kernel: [3, 3, 3],
    stride: [2, 3, 5],
    pad: [1, 1, 1],
  },
  {
    title: 'prime dilations',
    inC: 18,
    outC: 8,
    input: [7, 11, 13],
    kernel: [2, 3, 3],
    dilation: [3, 5, 2],
    pad: [1, 2, 2],
  },
  { title: 'uneven pads', inC: 16, outC: 8, input: [3, 4, 5], kernel: [3, 3, 3], pad: [0, 1, 2], padEnd: [2, 0, 1] },
  { title: 'pads wider than the kernel', inC: 3, outC: 8, input: [2, 3, 2], kernel: [2, 2, 2], pad: [3, 3, 3] },
  { title: 'no pads', inC: 16, outC: 8, input: [4, 5, 6], kernel: [3, 3, 3] },
  { title: '1x1x1, stride 2', inC: 24, outC: 16, input: [4, 5, 7], stride: [2, 2, 2] },
  { title: 'two images', batch: 2, inC: 16, outC: 8, input: [2, 3, 5], kernel: [3, 3, 3], pad: [1, 1, 1] },
  {
    title: 'two images of few channels',
    batch: 2,
    inC: 1,
    outC: 6,
    input: [3, 4, 5],
    kernel: [3, 3, 3],
    pad: [1, 1, 1],
  },
  { title: 'groups', inC: 12, outC: 18, input: [2, 3, 5], kernel: [3, 3, 3], pad: [1, 1, 1], groups: 3 },
  { title: 'groups of panels', inC: 32, outC: 32, input: [2, 3, 5], kernel: [1, 3, 3], pad: [0, 1, 1], groups: 2 },
  { title: 'groups of one channel', inC: 5, outC: 10, input: [2, 3, 5], kernel: [3, 3, 3], pad: [1, 1, 1], groups: 5 },
  { title: '3x1x1', inC: 16, outC: 24, input: [6, 3, 3], kernel: [3, 1, 1], pad: [1, 0, 0] },
];

describe('f32_conv_gemm', () => {
  it.each(problems)('$title', problem => {
    check(problem);
  });

  const blocks: readonly Blocks[] = [
    { mBlock: 6, nBlock: 8, kBlock: 1 },
    { mBlock: 6, nBlock: 16, kBlock: 7 },
    { mBlock: 12, nBlock: 8, kBlock: 16 },
    { mBlock: 18, nBlock: 24, kBlock: 53 },
    { mBlock: 6000, nBlock: 8000, kBlock: 10000 },
  ];
  const cut = problems.filter(({ title }) => /3x3x3|few|groups$|uneven|two images$|7x7x7/.test(title));
  it.each(cut.flatMap(problem => blocks.map(block => ({ ...problem, block }))))(
    '$title in blocks of $block',
    problem => {
      check(problem, { blocks: problem.block, residual: true, activation: activationCodes.relu });
    },
  );

  const ragged: ConvProblem = {
    title: 'ragged',
    inC: 7,
    outC: 13,
    input: [2, 3, 5],
    kernel: [3, 3, 3],
    pad: [1, 1, 1],
  };
  const fusions = Object.entries(activationCodes).flatMap(([name, activation]) =>
    [false, true].map(residual => ({ name, activation, residual, bias: residual || activation > 1 })),
  );
  it.each(fusions)('$name, residual $residual, bias $bias', fusion => {
    check(ragged, { ...fusion, blocks: { mBlock: 12, nBlock: 16, kBlock: 50 } });
  });

  it('has the same bits for every size of blocks', () => {
    for (const module of moduleNames) {
      const [wanted, ...others] = blocks.map(block => runKernel(convGemm, caseOf(ragged, { blocks: block }), module));
      for (const other of others) expect(other).toEqual(wanted);
    }
  });

  it('keeps NaN and infinities where their positions are read', () => {
    const problem: ConvProblem = { title: '', inC: 16, outC: 9, input: [1, 1, 9], kernel: [1, 1, 3], pad: [0, 0, 1] };
    const x = randomFloats(9 * 16, 1);
    x[16 * 1 + 5] = Number.NaN;
    x[16 * 7 + 2] = Number.NEGATIVE_INFINITY;
    for (const activation of [activationCodes.none, activationCodes.relu, activationCodes.elu]) {
      const y = check(problem, { x, activation });
      const rows = Array.from({ length: 9 }, (_, m) => y.subarray(m * 9, m * 9 + 9));
      expect(rows.map(row => row.every(Number.isNaN))).toEqual([true, true, true, ...Array(6).fill(false)]);
      expect(rows.slice(3, 6).every(row => row.every(Number.isFinite))).toBe(true);
    }
  });
});

describe('f32_conv_gemm with a pool', () => {
  const layer: ConvProblem = {
    title: '',
    inC: 3,
    outC: 13,
    input: [5, 7, 9],
    kernel: [3, 3, 3],
    pad: [1, 1, 1],
  };
  const pooled: readonly ConvProblem[] = [
    { ...layer, title: 'of 1x2x2', pool: [1, 2, 2] },
    { ...layer, title: 'of 2x2x2', pool: [2, 2, 2] },
    { ...layer, title: 'of 3x3x3', pool: [3, 3, 3] },
    { ...layer, title: 'of 2x1x1', pool: [2, 1, 1], outC: 8 },
    { ...layer, title: 'of 1x1x4', pool: [1, 1, 4], outC: 4 },
    { ...layer, title: 'of sixty positions', pool: [5, 4, 3] },
    { ...layer, title: 'of two images', pool: [2, 3, 2], batch: 2, inC: 17, outC: 3 },
    { ...layer, title: 'of groups', pool: [2, 2, 3], inC: 6, outC: 18, groups: 3 },
    {
      ...layer,
      title: 'behind strides and dilations',
      pool: [1, 2, 2],
      stride: [1, 2, 1],
      dilation: [2, 1, 2],
      outC: 20,
    },
    { ...layer, title: 'of one tap', pool: [2, 2, 1], kernel: [1, 1, 1], pad: [0, 0, 0], inC: 33, outC: 31 },
  ];
  const blocksOf = (pool: readonly number[]) => {
    const least = leastCommon(6, product(pool));
    return [
      { mBlock: least, nBlock: 8, kBlock: 7 },
      { mBlock: 2 * least, nBlock: 24, kBlock: 53 },
    ];
  };

  it.each(pooled)('$title', problem => {
    for (const activation of Object.values(activationCodes)) check(problem, { activation, bias: activation > 0 });
    for (const blocks of blocksOf(problem.pool!)) check(problem, { blocks });
  });

  it.each(pooled)('$title has the bits of f32_pool_max behind it, for every size of blocks', problem => {
    const input = specials(convSizes(problem));
    for (const activation of [activationCodes.none, activationCodes.relu]) {
      for (const bias of [false, true]) {
        for (const module of moduleNames) {
          const plain = caseOf({ ...problem, pool: [1, 1, 1] }, { x: input, activation, bias });
          const { outD, outH, outW } = plain.scalars as Record<'outD' | 'outH' | 'outW', number>;
          const x = runKernel(convGemm, plain, module).yPtr!;
          const wanted = runKernel(poolMax, poolCase([outD, outH, outW], problem.pool!, problem.outC, x), module).yPtr;
          for (const blocks of [undefined, ...blocksOf(problem.pool!)]) {
            const own = { x: input, activation, bias, ...(blocks && { blocks }) };
            expect(runKernel(convGemm, caseOf(problem, own), module).yPtr).toEqual(wanted);
          }
        }
      }
    }
  });

  /** Zeros of both signs, infinities and NaN among few numbers, so that windows have equal ones. */
  function specials({ batch, inD, inH, inW, inC }: ReturnType<typeof convSizes>): Float32Array {
    const values = [0, -0, 1, -1, 1e-30, -1e-30];
    const x = randomFloats(batch * inD * inH * inW * inC, 9).map(value => values[Math.floor((value + 1) * 3)]!);
    x[x.length >> 1] = Number.NaN;
    x[x.length >> 2] = Number.POSITIVE_INFINITY;
    x[x.length - 1] = Number.NEGATIVE_INFINITY;
    return x;
  }
});

describe('convGemmBlocks', () => {
  const layers: readonly [string, ConvProblem][] = [
    ['conv1a', { title: '', inC: 3, outC: 64, input: [16, 112, 112], kernel: [3, 3, 3], pad: [1, 1, 1] }],
    ['conv2a', { title: '', inC: 64, outC: 128, input: [16, 56, 56], kernel: [3, 3, 3], pad: [1, 1, 1] }],
    [
      'conv2a and its pool',
      { title: '', inC: 64, outC: 128, input: [16, 56, 56], kernel: [3, 3, 3], pad: [1, 1, 1], pool: [2, 2, 2] },
    ],
    ['conv3b', { title: '', inC: 256, outC: 256, input: [8, 28, 28], kernel: [3, 3, 3], pad: [1, 1, 1] }],
    ['conv4b', { title: '', inC: 512, outC: 512, input: [4, 14, 14], kernel: [3, 3, 3], pad: [1, 1, 1] }],
    ['conv5b', { title: '', inC: 512, outC: 512, input: [2, 7, 7], kernel: [3, 3, 3], pad: [1, 1, 1] }],
    ['1x1x1', { title: '', inC: 2048, outC: 512, input: [1, 4, 4] }],
  ];
  it.each(layers)('gives %s units for many workers, each soon done', (_, problem) => {
    const sizes = { ...convSizes(problem), groups: 1, ...poolSizes(problem) };
    const { mBlock, nBlock, kBlock } = convGemmBlocks(sizes);
    expect([mBlock % 6, nBlock % 8, mBlock % product(problem.pool ?? [1])]).toEqual([0, 0, 0]);
    const depth = sizes.kD * sizes.kH * sizes.kW * sizes.inC;
    expect(mBlock * Math.min(kBlock, depth) * 4).toBeLessThan(256 * 1024);
    expect(mBlock * nBlock * depth).toBeLessThan(60e6);
    const units = Math.ceil((sizes.outD * sizes.outH * sizes.outW) / mBlock) * Math.ceil(sizes.outC / nBlock);
    expect(units).toBeGreaterThanOrEqual(16);
  });
});
