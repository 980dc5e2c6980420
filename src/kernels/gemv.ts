import { activation } from './fields.js';

/**
 * f32_gemv: y = activation(x @ b + bias) for a few rows of x: bound by reading b once.
 * x is [rows, k] and y is [rows, n], both dense. Packed b: [panel of 32 outputs][k][32]; bias: [panels * 32], zero padded.
 * K runs in one accumulator chain per output. A unit is a panel (all rows).
 */
export const gemvFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  wPtr: 'ptr',
  biasPtr: 'ptr',
  rows: 'i32',
  k: 'i32',
  n: 'i32',
  ...activation,
} as const;
