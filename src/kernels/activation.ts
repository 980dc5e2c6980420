import { activationCodes } from './kernel.js';

/**
 * The activation that a kernel applies to each value it stores, for the twins. NaN stays NaN.
 *
 * @param fields code of `activationCodes`; alpha: slope (leakyRelu), scale (elu) or lower bound (clip); beta: upper bound
 *   (clip).
 * @returns a function from a float32 to a number that rounds to the float32 result.
 */
export function activate(fields: { activation: number; alpha: number; beta: number }): (value: number) => number {
  const { alpha, beta } = fields;
  switch (fields.activation) {
    case activationCodes.none:
      return value => value;
    case activationCodes.relu:
      return value => Math.max(value, 0);
    case activationCodes.leakyRelu:
      return value => (value < 0 ? value * alpha : value);
    case activationCodes.elu:
      return value => (value < 0 ? alpha * Math.expm1(value) : value);
    case activationCodes.sigmoid:
      return value => 1 / (1 + Math.exp(-value));
    case activationCodes.tanh:
      return value => Math.tanh(value);
    case activationCodes.clip:
      return value => Math.min(Math.max(value, alpha), beta);
    default:
      throw new RangeError(`activation code ${fields.activation} is none of ${Object.values(activationCodes)}`);
  }
}
