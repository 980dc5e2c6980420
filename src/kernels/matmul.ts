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
