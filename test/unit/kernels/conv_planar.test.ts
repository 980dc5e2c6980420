import { describe, expect, it } from 'vitest';
import { convPlanar, planarRowBlock } from '../../../src/kernels/conv_planar.js';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { type ConvProblem, convSizes } from './convolution.js';
import { checkKernel, randomFloats } from './harness.js';

interface Options {
  readonly hBlock?: number;
  /** What each row of the input holds in front of the halo that the convolution needs, and behind it. */
  readonly spare?: number;
  readonly outHalo?: number;
  readonly outSpare?: number;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: number;
  readonly poison?: readonly (readonly [row: number, w: number, value: number])[];
}

function check(problem: ConvProblem, options: Options = {}) {
  const sizes = convSizes(problem);
  const { batch, inD, inH, inW, inC, outD, outH, outW, outC, kD, kH, kW, dilW, padW } = sizes;
  const { spare = 0, outHalo = 0, outSpare = 0 } = options;
  const inHalo = padW + spare;
  const inPitch = inHalo + Math.max(inW, outW) + (kW - 1) * dilW;
  const outPitch = outHalo + outW + outSpare;
  const rows = batch * inC * inD * inH;
  // The slack behind the last row, which vectors may read.
  const x = new Float32Array(rows * inPitch + 16).fill(Number.NaN, rows * inPitch);
  for (let row = 0; row < rows; row++) x.set(randomFloats(inW, row), row * inPitch + inHalo);
  for (const [row, w, value] of options.poison ?? []) x[row * inPitch + inHalo + w] = value;
  const outputs = batch * outC * outD * outH * outPitch;
  const y = checkKernel(convPlanar, {
    operands: {
      xPtr: x,
      yPtr: { output: outputs },
      wPtr: randomFloats(kD * kH * kW * inC * outC, 2),
      biasPtr: options.bias === false ? null : randomFloats(outC, 3),
      residualPtr: options.residual ? randomFloats(outputs, 4) : null,
    },
    scalars: {
      ...sizes,
      inPitch,
      inHalo,
      outPitch,
      outHalo,
      hBlock: options.hBlock ?? planarRowBlock(sizes),
      activation: options.activation ?? activationCodes.none,
      alpha: 0.3,
      beta: 0.7,
    },
    tolerance: 1e-5,
  }).yPtr!;
  return { y, outPitch, outW };
}

const cube = { kernel: [3, 3, 3], pad: [1, 1, 1] } as const;

describe('f32_conv_planar', () => {
  const problems: readonly ConvProblem[] = [
    { title: 'one number', inC: 1, outC: 1, input: [1, 1, 1] },
    { title: '5 to 5, dilated by 1', inC: 5, outC: 5, input: [3, 4, 16], ...cube },
    {
      title: '5 to 5, dilated by 4',
      inC: 5,
      outC: 5,
      input: [5, 6, 19],
      kernel: [3, 3, 3],
      dilation: [4, 4, 4],
      pad: [4, 4, 4],
    },
    {
      title: '5 to 5, dilated by more than the input',
      inC: 5,
      outC: 5,
      input: [3, 2, 9],
      kernel: [3, 3, 3],
      dilation: [16, 16, 16],
      pad: [16, 16, 16],
    },
    ...[1, 2, 3, 4, 6, 7, 8, 9, 11].map(
      (outC): ConvProblem => ({ title: `2 to ${outC}`, inC: 2, outC, input: [2, 3, 21], ...cube }),
    ),
    ...[7, 8, 15, 16, 17].map(
      (w): ConvProblem => ({ title: `rows of ${w}`, inC: 1, outC: 7, input: [2, 2, w], ...cube }),
    ),
    { title: '1x1x1', inC: 5, outC: 3, input: [2, 3, 18] },
    { title: 'no pads', inC: 3, outC: 4, input: [3, 4, 12], kernel: [3, 3, 3] },
    { title: 'pads that lengthen rows', inC: 3, outC: 4, input: [2, 3, 9], kernel: [1, 1, 2], pad: [0, 0, 5] },
    { title: 'uneven pads', inC: 3, outC: 5, input: [3, 4, 9], kernel: [3, 3, 3], pad: [0, 1, 2], padEnd: [2, 0, 1] },
    { title: 'prime strides', inC: 3, outC: 5, input: [7, 11, 13], ...cube, stride: [2, 3, 1] },
    { title: 'no tap inside of some rows', inC: 2, outC: 5, input: [1, 1, 9], kernel: [1, 1, 1], pad: [2, 2, 0] },
    { title: 'two images', batch: 2, inC: 3, outC: 5, input: [2, 3, 10], ...cube },
  ];
  it.each(problems.flatMap(problem => [1, 2, undefined].map(hBlock => ({ ...problem, hBlock }))))(
    '$title, $hBlock rows per unit',
    ({ hBlock, ...problem }) => {
      check(problem, { ...(hBlock === undefined ? {} : { hBlock }), outHalo: 4, outSpare: 3 });
    },
  );

  const fusions = Object.entries(activationCodes).flatMap(([name, activation]) =>
    [false, true].map(residual => ({ name, activation, residual })),
  );
  it.each(fusions)('$name, residual $residual', fusion => {
    const problem: ConvProblem = { title: '', inC: 2, outC: 5, input: [2, 3, 13], ...cube };
    check(problem, { ...fusion, bias: fusion.residual, spare: 3, outHalo: 1, outSpare: 9 });
  });

  it('clears what is left and right of its rows', () => {
    const problem: ConvProblem = { title: '', inC: 2, outC: 3, input: [2, 2, 5], ...cube };
    const { y, outPitch, outW } = check(problem, { outHalo: 2, outSpare: 7 });
    const outside = y.filter((_, i) => i % outPitch < 2 || i % outPitch >= 2 + outW);
    expect(outside).toEqual(new Float32Array(outside.length));
  });

  it('keeps NaN and infinities where they are read', () => {
    const problem: ConvProblem = { title: '', inC: 1, outC: 5, input: [1, 1, 20], kernel: [1, 1, 3], pad: [0, 0, 1] };
    const { y } = check(problem, {
      poison: [
        [0, 3, Number.NaN],
        [0, 18, Number.POSITIVE_INFINITY],
      ],
    });
    for (let o = 0; o < 5; o++) {
      const row = y.subarray(o * 20, o * 20 + 20);
      expect([...row.keys()].filter(w => Number.isNaN(row[w]))).toEqual([2, 3, 4]);
      expect([...row.keys()].filter(w => !Number.isFinite(row[w]))).toEqual([2, 3, 4, 17, 18, 19]);
    }
  });
});
