import { activate } from './activation.js';
import { activation } from './fields.js';
import type { Kernel } from './kernel.js';

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

const panelOutputs = 32;

export const gemv: Kernel<typeof gemvFields> = {
  name: 'f32_gemv',
  fields: gemvFields,
  units: d => Math.ceil(d.n / panelOutputs),
  scratchBytes: () => panelOutputs * 4,
  twin({ f32 }, d, begin, end) {
    const finish = activate(d);
    for (let n = begin * panelOutputs; n < Math.min(d.n, end * panelOutputs); n++) {
      const panel = Math.floor(n / panelOutputs);
      for (let row = 0; row < d.rows; row++) {
        let sum = 0;
        for (let k = 0; k < d.k; k++) {
          const weight = f32[d.wPtr / 4 + (panel * d.k + k) * panelOutputs + (n % panelOutputs)]!;
          sum += f32[d.xPtr / 4 + row * d.k + k]! * weight;
        }
        const bias = d.biasPtr === 0 ? 0 : f32[d.biasPtr / 4 + n]!;
        f32[d.yPtr / 4 + row * d.n + n] = finish(Math.fround(sum + bias));
      }
    }
  },
};
