/** The other kernels to time, each with sizes that the caches hold and, for the plain ones, with sizes that they do not. */
import { copy, copyRowBlock, fill, fillBlock } from '../kernels/copy.js';
import { add, affine, affineRowBlock, binaryRowBlock, mul, unary, unaryBlock } from '../kernels/elementwise.js';
import { gemv } from '../kernels/gemv.js';
import { matmul, matmulRowBlock } from '../kernels/matmul.js';
import { poolAverage, poolMax, poolRowBlock } from '../kernels/pool.js';
import { reduceMean } from '../kernels/reduce.js';
import { resize, resizeRowBlock } from '../kernels/resize.js';
import { softmax } from '../kernels/softmax.js';
import { activationOf, type KernelCase, six, type WindowOptions, windowSizes } from './kernel_case.js';

function product(rows: number, k: number, n: number): KernelCase {
  return {
    kernel: gemv.name,
    values: { rows, k, n, ...activationOf('relu') },
    operands: { xPtr: 4 * rows * k, yPtr: 4 * rows * n, wPtr: 4 * k * Math.ceil(n / 32) * 32, biasPtr: 4 * n + 128 },
    fresh: ['xPtr', 'yPtr'],
  };
}

function computedProduct(m: number, k: number, n: number): KernelCase {
  return {
    kernel: matmul.name,
    values: { batch: 1, aBatchStride: 0, bBatchStride: 0, m, k, n, mBlock: matmulRowBlock(k, n) },
    operands: { aPtr: 4 * m * k, bPtr: 4 * k * n, yPtr: 4 * m * n },
    fresh: ['aPtr', 'bPtr', 'yPtr'],
  };
}

function pool(kernel: typeof poolMax, window: Omit<WindowOptions, 'outC'>): KernelCase {
  const { values, inputs, outputs } = windowSizes({ ...window, outC: window.inC });
  const padEnds = { padEndD: values.padD!, padEndH: values.padH!, padEndW: values.padW! };
  return {
    kernel: kernel.name,
    values: { ...values, ...padEnds, countIncludePad: 0, mBlock: poolRowBlock(values) },
    operands: { xPtr: 4 * inputs, yPtr: 4 * outputs },
    fresh: ['xPtr', 'yPtr'],
  };
}

function activate(count: number, activation: Parameters<typeof activationOf>[0]): KernelCase {
  return {
    kernel: unary.name,
    values: { count, ...activationOf(activation), block: unaryBlock(count) },
    operands: { xPtr: 4 * count, yPtr: 4 * count },
    fresh: ['xPtr', 'yPtr'],
  };
}

/** b is as large as a unless other strides are given. */
function combine(kernel: typeof add, dims: readonly number[], bStrides?: readonly number[]): KernelCase {
  const all = [...new Array<number>(6 - dims.length).fill(1), ...dims];
  const count = dims.reduce((a, b) => a * b, 1);
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
  return {
    kernel: kernel.name,
    values: {
      ...six('dim', dims, 1),
      ...six('aStride', strides, 0),
      ...six('bStride', bStrides ?? strides, 0),
      ...activationOf('none'),
      rowBlock: binaryRowBlock(all),
    },
    operands: { aPtr: 4 * count, bPtr: 4 * count, yPtr: 4 * count },
    fresh: ['aPtr', 'bPtr', 'yPtr'],
  };
}

function scale(rows: number, channels: number): KernelCase {
  const bytes = 4 * rows * channels;
  return {
    kernel: affine.name,
    values: { rows, channels, ...activationOf('relu'), rowBlock: affineRowBlock(channels) },
    operands: { xPtr: bytes, yPtr: bytes, scalePtr: 4 * channels, shiftPtr: 4 * channels },
    fresh: ['xPtr', 'yPtr'],
  };
}

/** Rows of `columns` values; strides of both sides along rows and columns. */
function move(rows: number, columns: number, x: readonly [number, number], y: readonly [number, number]): KernelCase {
  const span = ([row, column]: readonly [number, number]) => 4 * ((rows - 1) * row + (columns - 1) * column + 1);
  return {
    kernel: copy.name,
    values: {
      ...six('dim', [rows, columns], 1),
      ...six('xStride', x, 0),
      ...six('yStride', y, 0),
      rowBlock: copyRowBlock([1, 1, 1, 1, rows, columns]),
    },
    operands: { xPtr: span(x), yPtr: span(y) },
    fresh: ['xPtr', 'yPtr'],
  };
}

function clear(count: number): KernelCase {
  return {
    kernel: fill.name,
    values: { count, value: 0.5, block: fillBlock(count) },
    operands: { yPtr: 4 * count },
    fresh: ['yPtr'],
  };
}

/** To twice the size along every axis, linearly. */
function enlarge(x: readonly [number, number, number], channels: number): KernelCase {
  const { values, inputs } = windowSizes({ x, inC: channels, outC: channels });
  const [outD, outH, outW] = x.map(size => 2 * size) as [number, number, number];
  const word = new DataView(new ArrayBuffer(4));
  const table = (size: number) =>
    Int32Array.from({ length: 6 * size }, (_, i) => {
      const at = Math.max(0, (Math.floor(i / 3) + 0.5) / 2 - 0.5);
      const lower = Math.min(Math.floor(at), size - 1);
      if (i % 3 === 0) return lower;
      if (i % 3 === 1) return Math.min(lower + 1, size - 1);
      word.setFloat32(0, at - lower);
      return word.getInt32(0);
    });
  return {
    kernel: resize.name,
    values: { ...values, outD, outH, outW, mBlock: resizeRowBlock({ outW, outC: channels }) },
    operands: {
      xPtr: 4 * inputs,
      yPtr: 32 * inputs,
      tableDPtr: table(x[0]),
      tableHPtr: table(x[1]),
      tableWPtr: table(x[2]),
    },
    fresh: ['xPtr', 'yPtr'],
  };
}

function along(kernel: typeof softmax, outer: number, count: number, inner: number): KernelCase {
  const bytes = 4 * outer * count * inner;
  return {
    kernel: kernel.name,
    values: { outer, count, inner },
    operands: { xPtr: bytes, yPtr: bytes },
    fresh: ['xPtr', 'yPtr'],
  };
}

export const streamingCases: readonly KernelCase[] = [
  product(1, 5000, 3200),
  product(1, 1500, 2000),
  product(7, 700, 960),
  computedProduct(240, 300, 400),
  computedProduct(190, 140, 403),
  pool(poolMax, { x: [8, 60, 56], inC: 80, kernel: [2, 2, 2], stride: 2 }),
  pool(poolMax, { x: [10, 50, 52], inC: 80, kernel: [3, 3, 3], stride: 2, pad: 1 }),
  pool(poolMax, { x: [40, 60, 56], inC: 12, kernel: [2, 2, 2], stride: 2 }),
  pool(poolMax, { x: [16, 90, 80], inC: 80, kernel: [1, 2, 2], stride: 2 }),
  pool(poolAverage, { x: [10, 50, 52], inC: 80, kernel: [3, 3, 3], stride: 2, pad: 1 }),
  pool(poolAverage, { x: [40, 60, 56], inC: 12, kernel: [2, 2, 2], stride: 2 }),
  activate(1_200_000, 'relu'),
  activate(600_000, 'elu'),
  activate(5_000_000, 'relu'),
  combine(add, [900_000]),
  combine(add, [4_000_000]),
  combine(mul, [30_000, 40], [0, 1]),
  combine(mul, [100_000, 12], [1, 0]),
  combine(add, [1400, 600], [1, 1400]),
  scale(20_000, 56),
  move(90_000, 12, [12, 1], [20, 1]),
  move(4000, 300, [300, 1], [340, 1]),
  move(40, 40_000, [1, 40], [40_000, 1]),
  move(150_000, 5, [1, 150_000], [5, 1]),
  move(2000, 400, [800, 2], [400, 1]),
  move(2000, 4000, [4000, 1], [4000, 1]),
  clear(1_500_000),
  clear(6_000_000),
  enlarge([8, 20, 22], 40),
  enlarge([16, 20, 22], 12),
  along(reduceMean, 1, 3000, 320),
  along(reduceMean, 20, 400, 96),
  along(softmax, 60, 90, 80),
  along(softmax, 4000, 110, 1),
];
