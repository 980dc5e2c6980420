import { describe, expect, it } from 'vitest';
import { convPlanarWinograd } from '../../../src/kernels/conv_planar_winograd.js';
import { activationCodes } from '../../../src/kernels/kernel.js';
import type { WinogradTile } from '../../../src/kernels/winograd_transforms.js';
import { type ConvProblem, convSizes, type Triple } from './convolution.js';
import { checkKernel, randomFloats } from './harness.js';
import { packed, reading } from './packed.js';

type Problem = Omit<ConvProblem, 'kernel'> & { readonly kW?: number };

interface Options {
  readonly tiles?: readonly [WinogradTile, WinogradTile];
  /** What each row of the input holds in front of the halo that the convolution needs. */
  readonly spare?: number;
  readonly outHalo?: number;
  readonly outSpare?: number;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: number;
  readonly poison?: readonly (readonly [line: number, w: number, value: number])[];
}

const pads = (problem: Problem): Triple => problem.pad ?? [1, 1, 1];

/** A random kernel's transforms: these weigh the points as those of a layer do. */
const packedWeights = (tiles: readonly [WinogradTile, WinogradTile], inC: number, outC: number, kW: number) =>
  packed({ kernel: 'f32_conv_planar_winograd', tiles, inC, outC, kW }, reading(randomFloats(outC * inC * 9 * kW, 2)));

function check(problem: Problem, options: Options = {}) {
  const { kW = 3 } = problem;
  const sizes = convSizes({ ...problem, kernel: [3, 3, kW], pad: pads(problem) });
  const { batch, inC, inD, inH, inW, outC, outD, outH, outW, dilD, dilH, dilW, padD, padH, padW } = sizes;
  const { tiles = [4, 4], spare = 0, outHalo = 0, outSpare = 0 } = options;
  const inHalo = padW + spare;
  const inPitch = inHalo + Math.max(inW, outW) + (kW - 1) * dilW;
  const outPitch = outHalo + outW + outSpare;
  const rows = batch * inC * inD * inH;
  // The slack behind the last row, which vectors may read.
  const x = new Float32Array(rows * inPitch + 16).fill(Number.NaN, rows * inPitch);
  for (let row = 0; row < rows; row++) x.set(randomFloats(inW, row), row * inPitch + inHalo);
  for (const [line, w, value] of options.poison ?? []) x[line * inC * inPitch + inHalo + w] = value;
  const outputs = batch * outC * outD * outH * outPitch;
  const y = checkKernel(convPlanarWinograd, {
    operands: {
      xPtr: x,
      yPtr: { output: outputs },
      wPtr: packedWeights(tiles, inC, outC, kW),
      biasPtr: options.bias === false ? null : randomFloats(outC, 3),
      residualPtr: options.residual ? randomFloats(outputs, 4) : null,
    },
    scalars: {
      ...{ batch, inC, inD, inH, inW, outC, outD, outH, outW, kW, dilD, dilH, dilW, padD, padH, padW },
      ...{ inPitch, inHalo, outPitch, outHalo, tileD: tiles[0], tileH: tiles[1] },
      activation: options.activation ?? activationCodes.none,
      alpha: 0.3,
      beta: 0.7,
    },
    tolerance: 1e-5,
  }).yPtr!;
  return { y, outPitch, outW, outH, outC };
}

describe('f32_conv_planar_winograd', () => {
  const problems: readonly Problem[] = [
    { title: 'one number', inC: 1, outC: 1, input: [1, 1, 1] },
    ...[1, 2, 3, 4, 5, 8, 9].map(
      (size): Problem => ({ title: `${size} lines along each axis`, inC: 2, outC: 5, input: [size, size, 9] }),
    ),
    ...[2, 3, 5].map(
      (dil): Problem => ({
        title: `dilated by ${dil}`,
        inC: 2,
        outC: 5,
        input: [11, 13, 18],
        dilation: [dil, dil, dil],
        pad: [dil, dil, dil],
      }),
    ),
    {
      title: 'dilated by more than the input',
      inC: 3,
      outC: 5,
      input: [3, 2, 9],
      dilation: [16, 16, 16],
      pad: [16, 16, 16],
    },
    {
      title: 'dilations that differ',
      inC: 3,
      outC: 4,
      input: [7, 11, 13],
      dilation: [1, 2, 3],
      pad: [1, 2, 3],
    },
    ...[1, 2, 3, 4, 6, 7, 8, 11].map((outC): Problem => ({ title: `3 to ${outC}`, inC: 3, outC, input: [2, 5, 21] })),
    ...[7, 8, 15, 16, 17, 33].map((w): Problem => ({ title: `rows of ${w}`, inC: 1, outC: 7, input: [2, 2, w] })),
    { title: 'no pads', inC: 3, outC: 4, input: [7, 9, 12], pad: [0, 0, 0] },
    { title: 'uneven pads', inC: 3, outC: 5, input: [5, 7, 9], pad: [0, 1, 2], padEnd: [2, 0, 1] },
    { title: 'lines beyond those that are needed', inC: 2, outC: 3, input: [9, 9, 9], padEnd: [-3, -2, 0] },
    { title: 'no tap inside of some lines', inC: 2, outC: 5, input: [1, 1, 9], pad: [4, 5, 1] },
    { title: 'one tap along w', inC: 5, outC: 3, input: [5, 6, 18], kW: 1, pad: [1, 1, 0] },
    { title: 'five taps along w', inC: 1, outC: 5, input: [4, 5, 18], kW: 5, pad: [1, 1, 2] },
    { title: 'two images', batch: 2, inC: 3, outC: 5, input: [3, 6, 10] },
  ];
  const tiles = [
    [4, 4],
    [2, 4],
    [4, 2],
    [2, 2],
  ] as const;
  it.each(problems.flatMap(problem => tiles.map(([d, h]) => ({ ...problem, d, h }))))(
    '$title, tiles of $d x $h',
    ({ d, h, ...problem }) => {
      check(problem, { tiles: [d, h], outHalo: 4, outSpare: 3 });
    },
  );

  const fusions = Object.entries(activationCodes).flatMap(([name, activation]) =>
    [false, true].map(residual => ({ name, activation, residual })),
  );
  it.each(fusions)('$name, residual $residual', fusion => {
    const problem: Problem = { title: '', inC: 2, outC: 5, input: [3, 6, 21] };
    check(problem, { ...fusion, bias: fusion.residual, spare: 3, outHalo: 1, outSpare: 9 });
  });

  it('clears what is left and right of its rows', () => {
    const problem: Problem = { title: '', inC: 2, outC: 3, input: [2, 2, 5] };
    const { y, outPitch, outW } = check(problem, { outHalo: 2, outSpare: 7 });
    const outside = y.filter((_, i) => i % outPitch < 2 || i % outPitch >= 2 + outW);
    expect(outside).toEqual(new Float32Array(outside.length));
  });

  it('keeps NaN to the tiles whose outputs need it', () => {
    const problem: Problem = { title: '', inC: 1, outC: 1, input: [1, 12, 20] };
    const { y, outW } = check(problem, { poison: [[10, 3, Number.NaN]] });
    const lines = Array.from({ length: 12 }, (_, h) => y.subarray(h * outW, (h + 1) * outW));
    expect(lines.map(line => line.some(Number.isNaN))).toEqual([...Array(8).fill(false), ...Array(4).fill(true)]);
    for (const line of lines.slice(8)) expect([...line.keys()].filter(w => Number.isNaN(line[w]))).toEqual([2, 3, 4]);
  });
});
