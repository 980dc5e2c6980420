import { activate } from './activation.js';
import { bf16Place, fromBf16 } from './bf16.js';
import type { Values } from './descriptor.js';
import { activation } from './fields.js';
import type { Kernel, KernelMemory } from './kernel.js';

/**
 * f32_gemv: y = activation(x @ b + bias) for a few rows of x: bound by reading b once.
 * x is [rows, k] and y is [rows, n], both dense. Packed b: [panel of 32 outputs][k][32]; bias: [panels * 32], zero padded.
 * K runs in one accumulator chain per output. A unit is a panel (all rows).
 *
 * f32_gemv_bf16: the same with b in bfloat16, [panel of 32 outputs][k][16 words] (see `bf16Place`): half the bytes.
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

/** Row `row` (of all panels) of the packed b, output `o` of its panel. */
type WeightAt = (memory: KernelMemory, wPtr: number, row: number, o: number) => number;

const gemvKernel = (name: string, weightAt: WeightAt): Kernel<typeof gemvFields> => ({
  name,
  fields: gemvFields,
  units: d => Math.ceil(d.n / panelOutputs),
  scratchBytes: () => panelOutputs * 4,
  twin(memory, d, begin, end) {
    const finish = activate(d);
    const { f32 } = memory;
    for (let n = begin * panelOutputs; n < Math.min(d.n, end * panelOutputs); n++) {
      for (let row = 0; row < d.rows; row++) {
        const bias = d.biasPtr === 0 ? 0 : f32[d.biasPtr / 4 + n]!;
        f32[d.yPtr / 4 + row * d.n + n] = finish(Math.fround(dot(memory, d, row, n, weightAt) + bias));
      }
    }
  },
});

function dot(memory: KernelMemory, d: Values<typeof gemvFields>, row: number, n: number, weightAt: WeightAt): number {
  const panel = Math.floor(n / panelOutputs);
  let sum = 0;
  for (let k = 0; k < d.k; k++) {
    sum += memory.f32[d.xPtr / 4 + row * d.k + k]! * weightAt(memory, d.wPtr, panel * d.k + k, n % panelOutputs);
  }
  return sum;
}

export const gemv = gemvKernel('f32_gemv', ({ f32 }, wPtr, row, o) => f32[wPtr / 4 + row * panelOutputs + o]!);

export const gemvBf16 = gemvKernel('f32_gemv_bf16', ({ i32 }, wPtr, row, o) => {
  const { word, high } = bf16Place(o);
  const bits = i32[wPtr / 4 + (row * panelOutputs) / 2 + word]!;
  return fromBf16(high ? bits >>> 16 : bits & 0xffff);
});
