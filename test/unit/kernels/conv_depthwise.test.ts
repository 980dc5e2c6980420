import { describe, expect, it } from 'vitest';
import { convDepthwise, depthwiseRowBlock } from '../../../src/kernels/conv_depthwise.js';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { type ConvProblem, convSizes } from './convolution.js';
import { checkKernel, randomFloats } from './harness.js';

type Problem = Omit<ConvProblem, 'inC' | 'outC'> & { readonly channels: number };

interface Options {
  readonly mBlock?: number;
  readonly x?: Float32Array;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: number;
}

function check({ channels, ...problem }: Problem, options: Options = {}): Float32Array {
  const sizes = convSizes({ ...problem, inC: channels, outC: channels });
  const { batch, inD, inH, inW, outD, outH, outW, kD, kH, kW } = sizes;
  const outputs = batch * outD * outH * outW * channels;
  return checkKernel(convDepthwise, {
    operands: {
      xPtr: options.x ?? randomFloats(batch * inD * inH * inW * channels, 1),
      yPtr: { output: outputs },
      wPtr: randomFloats(kD * kH * kW * channels, 2),
      biasPtr: options.bias === false ? null : randomFloats(channels, 3),
      residualPtr: options.residual ? randomFloats(outputs, 4) : null,
    },
    scalars: {
      ...sizes,
      mBlock: options.mBlock ?? depthwiseRowBlock(sizes),
      activation: options.activation ?? activationCodes.none,
      alpha: 0.3,
      beta: 0.7,
    },
    tolerance: 1e-5,
  }).yPtr!;
}

const cube = { kernel: [3, 3, 3], pad: [1, 1, 1] } as const;

describe('f32_conv_depthwise', () => {
  const problems: readonly Problem[] = [
    { title: 'one number', channels: 1, input: [1, 1, 1] },
    { title: 'three channels', channels: 3, input: [3, 4, 5], ...cube },
    { title: 'four channels', channels: 4, input: [3, 4, 5], ...cube },
    { title: 'sixteen channels', channels: 16, input: [3, 4, 5], ...cube },
    { title: 'channels of every kind', channels: 39, input: [2, 3, 5], ...cube },
    { title: 'prime strides', channels: 17, input: [7, 11, 13], ...cube, stride: [2, 3, 5] },
    { title: 'prime dilations', channels: 5, input: [7, 11, 13], ...cube, dilation: [2, 3, 5] },
    {
      title: 'dilations wider than the input',
      channels: 5,
      input: [2, 3, 3],
      ...cube,
      dilation: [5, 7, 3],
      pad: [5, 7, 3],
    },
    { title: 'uneven pads', channels: 8, input: [3, 4, 5], ...cube, pad: [0, 1, 2], padEnd: [2, 0, 1] },
    { title: 'pads wider than the kernel', channels: 6, input: [2, 2, 2], kernel: [2, 2, 2], pad: [3, 3, 3] },
    { title: 'two images', channels: 20, batch: 2, input: [2, 3, 4], ...cube },
    { title: '1x5x7', channels: 21, input: [2, 6, 8], kernel: [1, 5, 7], pad: [0, 2, 3] },
  ];
  it.each(problems.flatMap(problem => [1, 3, undefined].map(mBlock => ({ ...problem, mBlock }))))(
    '$title, $mBlock rows per unit',
    ({ mBlock, ...problem }) => {
      check(problem, mBlock === undefined ? {} : { mBlock });
    },
  );

  const fusions = Object.entries(activationCodes).flatMap(([name, activation]) =>
    [false, true].map(residual => ({ name, activation, residual })),
  );
  it.each(fusions)('$name, residual $residual', fusion => {
    check({ title: '', channels: 23, input: [2, 3, 4], ...cube }, { ...fusion, bias: fusion.residual });
  });

  it('keeps NaN and infinities in their own channels', () => {
    const x = randomFloats(4 * 19, 1);
    x[5] = Number.NaN;
    x[19 + 17] = Number.NEGATIVE_INFINITY;
    const y = check({ title: '', channels: 19, input: [1, 1, 4] }, { x });
    expect([...y.keys()].filter(i => !Number.isFinite(y[i]))).toEqual([5, 19 + 17]);
  });
});
