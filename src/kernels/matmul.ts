import type { Kernel } from './kernel.js';
import { roundUp } from './sizes.js';

/**
 * f32_matmul: y[i] = a[i] @ b[i] for operands that are both computed: neither is packed.
 * a is [m, k], b is [k, n], y is [m, n], all dense; batch i of a and b begins at i times its batch stride (elements, 0 where
 * it is shared), of y at i * m * n. K runs in one accumulator chain per output. A unit is (batch, block of mBlock rows).
 */
export const matmulFields = {
  aPtr: 'ptr',
  bPtr: 'ptr',
  yPtr: 'ptr',
  batch: 'i32',
  aBatchStride: 'i32',
  bBatchStride: 'i32',
  m: 'i32',
  k: 'i32',
  n: 'i32',
  mBlock: 'i32',
} as const;

/** Multiply-adds of a unit that is worth handing out and soon done. */
const unitWork = 10e6;

/** mBlock for these sizes of b: a multiple of the tile's rows. */
export const matmulRowBlock = (k: number, n: number): number => roundUp(Math.max(1, Math.floor(unitWork / (k * n))), 4);

export const matmul: Kernel<typeof matmulFields> = {
  name: 'f32_matmul',
  fields: matmulFields,
  units: d => d.batch * Math.ceil(d.m / d.mBlock),
  scratchBytes: () => 0,
  twin({ f32 }, d, begin, end) {
    const blocks = Math.ceil(d.m / d.mBlock);
    for (let unit = begin; unit < end; unit++) {
      const batch = Math.floor(unit / blocks);
      const first = (unit % blocks) * d.mBlock;
      const a = d.aPtr / 4 + batch * d.aBatchStride;
      const b = d.bPtr / 4 + batch * d.bBatchStride;
      for (let m = first; m < Math.min(d.m, first + d.mBlock); m++) {
        for (let n = 0; n < d.n; n++) {
          let sum = 0;
          for (let k = 0; k < d.k; k++) sum += f32[a + m * d.k + k]! * f32[b + k * d.n + n]!;
          f32[d.yPtr / 4 + (batch * d.m + m) * d.n + n] = sum;
        }
      }
    }
  },
};
