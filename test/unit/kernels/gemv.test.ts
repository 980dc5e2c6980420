import { describe, expect, it } from 'vitest';
import { toBf16 } from '../../../src/kernels/bf16.js';
import { gemv, gemvBf16 } from '../../../src/kernels/gemv.js';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { checkKernel, randomFloats } from './harness.js';

interface GemvShape {
  readonly rows: number;
  readonly k: number;
  readonly n: number;
}

/** The two kernels, with the packed weights of each. */
const variants = [
  { kernel: gemv, weights: (count: number) => randomFloats(count, 2) },
  { kernel: gemvBf16, weights: (count: number) => pairs(randomFloats(count, 2)) },
];

const pairs = (values: Float32Array) =>
  Int32Array.from({ length: values.length / 2 }, (_, i) => toBf16(values[2 * i]!) | (toBf16(values[2 * i + 1]!) << 16));

type Variant = (typeof variants)[number];

function check(
  { kernel, weights }: Variant,
  shape: GemvShape,
  options: { x?: Float32Array; bias?: boolean; activation?: number } = {},
) {
  const { rows, k, n } = shape;
  const panels = Math.ceil(n / 32);
  return checkKernel(kernel, {
    operands: {
      xPtr: options.x ?? randomFloats(rows * k, 1),
      yPtr: { output: rows * n },
      wPtr: weights(panels * k * 32),
      biasPtr: options.bias === false ? null : randomFloats(panels * 32, 3),
    },
    scalars: { ...shape, activation: options.activation ?? 0, alpha: 0.3, beta: 0.7 },
    tolerance: 1e-6 * Math.sqrt(k),
  }).yPtr!;
}

describe.each(variants)('$kernel.name', variant => {
  const shapes: [number, number, number][] = [
    [1, 1, 1],
    [1, 7, 31],
    [1, 64, 32],
    [1, 257, 33],
    [1, 1031, 101],
    [2, 19, 64],
    [3, 5, 65],
    [5, 33, 130],
    [8, 300, 29],
  ];
  it.each(shapes)('%i x %i @ %i', (rows, k, n) => {
    check(variant, { rows, k, n });
  });

  it('adds no bias where there is none', () => {
    check(variant, { rows: 2, k: 11, n: 37 }, { bias: false });
  });

  it.each(Object.entries(activationCodes))('applies %s', (_, activation) => {
    check(variant, { rows: 2, k: 13, n: 45 }, { activation });
  });

  it('keeps NaN and infinities in their own rows', () => {
    const x = randomFloats(4 * 9, 5);
    x[3] = Number.NaN;
    x[9 + 4] = Number.POSITIVE_INFINITY;
    const y = check(variant, { rows: 4, k: 9, n: 35 }, { x });
    expect(y.subarray(0, 35).every(Number.isNaN)).toBe(true);
    expect(y.subarray(35, 70).every(value => Math.abs(value) === Number.POSITIVE_INFINITY)).toBe(true);
    expect(y.subarray(70).every(Number.isFinite)).toBe(true);
  });
});
