import { describe, expect, it } from 'vitest';
import { matmul, matmulRowBlock } from '../../../src/kernels/matmul.js';
import { checkKernel, randomFloats } from './harness.js';

interface Product {
  readonly batch?: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly mBlock?: number;
  readonly shared?: 'a' | 'b';
  readonly a?: Float32Array;
}

function check({ batch = 1, m, k, n, mBlock = matmulRowBlock(k, n), shared, a }: Product): Float32Array {
  const aBatches = shared === 'a' ? 1 : batch;
  const bBatches = shared === 'b' ? 1 : batch;
  return checkKernel(matmul, {
    operands: {
      aPtr: a ?? randomFloats(aBatches * m * k, 1),
      bPtr: randomFloats(bBatches * k * n, 2),
      yPtr: { output: batch * m * n },
    },
    scalars: {
      batch,
      aBatchStride: shared === 'a' ? 0 : m * k,
      bBatchStride: shared === 'b' ? 0 : k * n,
      m,
      k,
      n,
      mBlock,
    },
    tolerance: 1e-6 * Math.sqrt(k),
  }).yPtr!;
}

describe('f32_matmul', () => {
  const products: readonly Product[] = [
    { m: 1, k: 1, n: 1 },
    { m: 4, k: 8, n: 8 },
    { m: 3, k: 7, n: 7 },
    { m: 5, k: 9, n: 9 },
    { m: 9, k: 31, n: 17 },
    { m: 17, k: 101, n: 40, mBlock: 4 },
    { m: 7, k: 13, n: 19, mBlock: 1 },
    { batch: 3, m: 5, k: 6, n: 11, mBlock: 2 },
    { batch: 3, m: 6, k: 5, n: 12, shared: 'a' },
    { batch: 2, m: 6, k: 5, n: 13, shared: 'b' },
  ];
  it.each(products)('batch $batch, $m x $k @ $n, blocks of $mBlock, shared $shared', product => {
    check(product);
  });

  it('keeps NaN and infinities in their own rows', () => {
    const a = randomFloats(5 * 3, 1);
    a[1] = Number.NaN;
    a[3 * 2] = Number.POSITIVE_INFINITY;
    const y = check({ m: 5, k: 3, n: 10, a });
    const rows = Array.from({ length: 5 }, (_, m) => y.subarray(m * 10, m * 10 + 10));
    expect(rows.map(row => row.every(Number.isNaN))).toEqual([true, false, false, false, false]);
    expect(rows.map(row => row.every(Number.isFinite))).toEqual([false, true, false, true, true]);
  });
});
