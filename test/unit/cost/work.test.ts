import { describe, expect, it } from 'vitest';
import { costedKernels, workOf } from '../../../src/cost/work_of.js';
import { convGemm, convGemmBlocks, convGemmFields } from '../../../src/kernels/conv_gemm.js';
import { convPointwise, convPointwiseBlocks } from '../../../src/kernels/conv_pointwise.js';
import { convWinograd, convWinogradFields } from '../../../src/kernels/conv_winograd.js';
import { noPool } from '../../../src/kernels/fields.js';
import { kernels } from '../../../src/kernels/index.js';

const caches = { ownBytes: 2 ** 20, sharedBytes: 2 ** 25 };

/** A convolution's descriptor: 3x3x3 taps at stride 1 unless said otherwise. */
function gemm(overrides: Record<string, number> = {}) {
  const zeros = Object.fromEntries(Object.keys(convGemmFields).map(name => [name, 0]));
  const sizes = { batch: 1, inC: 16, inD: 6, inH: 12, inW: 10, outC: 24, outD: 6, outH: 12, outW: 10 };
  const window = { kD: 3, kH: 3, kW: 3, strideD: 1, strideH: 1, strideW: 1, dilD: 1, dilH: 1, dilW: 1 };
  const shape = { ...zeros, ...sizes, ...window, padD: 1, padH: 1, padW: 1, groups: 1, ...noPool, ...overrides };
  const values = { ...shape, ...convGemmBlocks(shape as never), ...overrides };
  return { kernel: 'f32_conv_gemm', values, units: convGemm.units(values as never) };
}

/** A convolution of 1x1x1 taps, rows in place. */
function pointwise(overrides: Record<string, number> = {}) {
  const shape = { positions: 720, inC: 64, outC: 24, groups: 1, ...overrides };
  const values = { ...shape, ...convPointwiseBlocks(shape), activation: 0, residualPtr: 0, ...overrides };
  return { kernel: convPointwise.name, values, units: convPointwise.units(values as never) };
}

/** Winograd's method in blocks: 100 tiles of 36 points, 64 to 32 channels; the input transformed before where `productsXPtr` is given. */
function blocks(overrides: Record<string, number> = {}) {
  const zeros = Object.fromEntries(Object.keys(convWinogradFields).map(name => [name, 0]));
  const points = {
    inputPointsD: 1,
    inputPointsH: 6,
    inputPointsW: 6,
    outputPointsD: 1,
    outputPointsH: 6,
    outputPointsW: 6,
  };
  const sizes = {
    inputInD: 1,
    inputInH: 40,
    inputInW: 40,
    inputInC: 64,
    outputOutD: 1,
    outputOutH: 40,
    outputOutW: 40,
  };
  const tiles = {
    outputTileD: 1,
    outputTileH: 4,
    outputTileW: 4,
    outputOutC: 32,
    outputPoolD: 1,
    outputPoolH: 1,
    outputPoolW: 1,
  };
  const products = {
    productsPoints: 36,
    productsChannels: 64,
    productsBlockChannels: 64,
    productsTaps: 1,
    productsPanels: 4,
  };
  const values = { ...zeros, rows: 100, blockRows: 6, ...points, ...sizes, ...tiles, ...products, ...overrides };
  return { kernel: convWinograd.name, values, units: convWinograd.units(values as never) };
}

describe('work', () => {
  it('of blocks of tiles is that of the three steps, without what stays in a cache between them', () => {
    const work = workOf(blocks(), caches);
    expect(work.counts).toMatchObject({
      transformIn: 100 * 36 * 16,
      gemmStep: 36 * 4 * Math.ceil(100 / 6) * 64,
      transformOut: 100 * 36 * 8,
    });
    expect(work.cacheBytes).toBe(4 * 40 * 40 * (64 + 32));
    expect(work.memoryBytes).toBe(4 * 36 * 64 * 32);
    const columns = workOf(blocks({ blockRows: 10, productsTaps: 3, productsTapRows: 1 }), caches);
    expect(columns.counts.transformIn).toBe((100 + 10 * 2) * 36 * 16);
    expect(columns.cacheBytes).toBe(work.cacheBytes);
  });

  it('is known for every kernel', () => {
    expect([...costedKernels].sort()).toEqual(Object.keys(kernels).sort());
    expect(() => workOf({ kernel: 'f32_new', values: {}, units: 1 }, caches)).toThrow('f32_new');
  });

  it('counts the register tiles of a convolution with their padding', () => {
    const { counts } = workOf(gemm(), caches);
    expect(counts.gemmStep).toBe((720 / 6) * (24 / 8) * 27 * 16);
    expect(counts.gemmEdge).toBe(0);
    const padded = workOf(gemm({ outC: 17, outW: 7, inW: 7 }), caches).counts;
    expect(padded.gemmStep).toBe((504 / 6) * 3 * 27 * 16);
    expect(padded.gemmEdge).toBeGreaterThan(0);
  });

  it('packs rows once per block of outputs, and cuts them at the border where channels are few', () => {
    const whole = workOf(gemm({ nBlock: 24 }), caches).counts;
    const halves = workOf(gemm({ nBlock: 16 }), caches).counts;
    expect(halves.packValue! / whole.packValue!).toBe(2);
    expect(whole.packCut).toBe(0);
    expect(workOf(gemm({ inC: 3 }), caches).counts.packCut).toBe((720 * 9 * 2) / 10);
  });

  it('reads weights from memory once, and from the shared cache for every further block of positions', () => {
    const few = workOf(gemm({ inC: 512, outC: 512, mBlock: 720 }), caches);
    const many = workOf(gemm({ inC: 512, outC: 512, mBlock: 240 }), caches);
    const weightBytes = 4 * 512 * 512 * 27;
    expect(few.memoryBytes).toBeGreaterThanOrEqual(weightBytes);
    expect(many.cacheBytes - few.cacheBytes).toBe(2 * weightBytes);
  });

  it('tells inputs that a worker can keep from those that it cannot', () => {
    expect(workOf(gemm(), caches).counts.packFar).toBe(0);
    const large = gemm({ inC: 320, kD: 1, kH: 1, kW: 1, padD: 0, padH: 0, padW: 0 });
    expect(workOf(large, caches).counts.packFar).toBe(720 * 320);
  });

  it('packs nothing where rows are read in place, and has no rows of nothing', () => {
    const { counts } = workOf(pointwise(), caches);
    expect(counts).toEqual({ gemmStep: 120 * 3 * 64, gemmTile: 120 * 3, gemmEdge: 0, finish: 0, curve: 0 });
    expect(workOf(pointwise({ positions: 25 }), caches).counts.gemmStep).toBe((25 / 6) * 3 * 64);
    expect(workOf(pointwise({ outC: 17 }), caches).counts.gemmEdge).toBe(720);
    const few = workOf(pointwise({ inC: 4096, outC: 4096, mBlocks: 1, nBlocks: 1 }), caches);
    const many = workOf(pointwise({ inC: 4096, outC: 4096, mBlocks: 3, nBlocks: 2 }), caches);
    expect(many.cacheBytes - few.cacheBytes).toBe(2 * 4 * 4096 ** 2 + 4 * 720 * 4096);
  });

  it('counts a pool by what it compares, and what it does not store', () => {
    const small = { ownBytes: 0, sharedBytes: 0 };
    const pooled = workOf(gemm({ outD: 3, outH: 6, outW: 5, poolD: 2, poolH: 2, poolW: 2 }), small);
    const plain = workOf(gemm(), small);
    expect(pooled.counts.gemmStep).toBe(plain.counts.gemmStep);
    expect(pooled.counts).toMatchObject({ poolMaxTap: (720 * 24) / 16, poolWindow: (90 * 24) / 16 });
    expect(plain.memoryBytes - pooled.memoryBytes).toBe(4 * (720 - 90) * 24);
  });

  it('applies residuals and curved activations to every result', () => {
    const results = 720 * 24;
    expect(workOf(gemm({ activation: 1 }), caches).counts).toMatchObject({ finish: 0, curve: 0 });
    expect(workOf(gemm({ residualPtr: 64 }), caches).counts).toMatchObject({ finish: results / 4, curve: 0 });
    expect(workOf(gemm({ activation: 3 }), caches).counts).toMatchObject({ finish: results / 4, curve: results / 4 });
  });

  it('tells a transpose from a copy of rows and of single values', () => {
    const copy = (strides: Record<string, number>) => {
      const dims = { dim0: 1, dim1: 1, dim2: 1, dim3: 1, dim4: 40, dim5: 50 };
      const none = Object.fromEntries(['x', 'y'].flatMap(s => [0, 1, 2, 3].map(axis => [`${s}Stride${axis}`, 0])));
      return workOf({ kernel: 'f32_copy', values: { ...dims, ...none, ...strides }, units: 1 }, caches).counts;
    };
    expect(copy({ xStride4: 50, xStride5: 1, yStride4: 70, yStride5: 1 })).toEqual({ copyVector: 500, copyRow: 40 });
    expect(copy({ xStride4: 1, xStride5: 40, yStride4: 50, yStride5: 1 })).toEqual({ copyTransposed: 2000 });
    expect(copy({ xStride4: 100, xStride5: 2, yStride4: 50, yStride5: 1 })).toEqual({ copyStrided: 2000 });
  });
});
