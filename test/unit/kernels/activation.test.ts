import { describe, expect, it } from 'vitest';
import { gemv } from '../../../src/kernels/gemv.js';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { checkKernel } from './harness.js';

/** Powers of two times 1 and 1.4, both signs; a fine grid around the ends of exp; what is no number. */
const values = Float32Array.from([
  ...Array.from({ length: 300 }, (_, i) => 2 ** (i - 150)).flatMap(p => [p, 1.4 * p, -p, -1.4 * p]),
  ...Array.from({ length: 4001 }, (_, i) => (i - 2000) / 20),
  ...Array.from({ length: 2001 }, (_, i) => (i - 1000) / 1000),
  0,
  -0,
  3.4028234e38,
  -3.4028234e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
]);

/** Checks activation(values), through a product with 1, and returns the twin's. */
function check(activation: number, alpha: number, beta: number): Float32Array {
  const padded = new Float32Array(Math.ceil(values.length / 32) * 32);
  padded.set(values);
  return checkKernel(gemv, {
    operands: { xPtr: Float32Array.of(1), yPtr: { output: values.length }, wPtr: padded, biasPtr: null },
    scalars: { rows: 1, k: 1, n: values.length, activation, alpha, beta },
    tolerance: 2e-7,
    perElement: true,
  }).yPtr!;
}

describe('a fused activation', () => {
  it.each(Object.entries(activationCodes))('%s is the twin within 2e-7 of max(1, |y|)', (_, activation) => {
    for (const [alpha, beta] of [
      [0.25, 6],
      [1, 1],
      [-1.5, 2.5],
    ] as const) {
      expect(check(activation, alpha, beta).at(-1)).toBeNaN();
    }
  });
});
