import { activate } from './activation.js';
import { activation } from './fields.js';
import type { Kernel } from './kernel.js';
import { dimsOf, rowOffset, rowsPerUnit, segmentElements, segmentedUnits, segmentsOf } from './rows.js';

/** f32_unary: y[i] = activation(x[i]), i < count. In place is allowed. A unit is a block of `block` elements (a multiple of 4). */
export const unaryFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  count: 'i32',
  ...activation,
  block: 'i32',
} as const;

export const unary: Kernel<typeof unaryFields> = {
  name: 'f32_unary',
  fields: unaryFields,
  units: d => Math.ceil(d.count / d.block),
  scratchBytes: () => 0,
  twin({ f32 }, d, begin, end) {
    const apply = activate(d);
    const last = Math.min(end * d.block, d.count);
    for (let i = begin * d.block; i < last; i++) f32[d.yPtr / 4 + i] = apply(f32[d.xPtr / 4 + i]!);
  },
};

/** Default block for `count` elements. */
export const unaryBlock = (count: number): number => Math.min(Math.max(4, Math.ceil(count / 4) * 4), 65536);

/**
 * f32_add, f32_sub, f32_mul, f32_div, f32_prelu: y = activation(a op b) over six dimensions; y is dense, a and b have one stride
 * per dimension (elements; 0 broadcasts). prelu: a * b where a < 0, else a. Dimensions are merged where they can be
 * before the kernel sees them, so the last one is long: lanes run along it (strides 0 or 1 are the fast ones).
 * In place is allowed (y on a, or on b) where that operand is dense like y.
 * A unit is a block of rowBlock rows (a row: the last dimension), in one segment of `segmentElements` of the row.
 */
export const binaryFields = {
  aPtr: 'ptr',
  bPtr: 'ptr',
  yPtr: 'ptr',
  dim0: 'i32',
  dim1: 'i32',
  dim2: 'i32',
  dim3: 'i32',
  dim4: 'i32',
  dim5: 'i32',
  aStride0: 'i32',
  aStride1: 'i32',
  aStride2: 'i32',
  aStride3: 'i32',
  aStride4: 'i32',
  aStride5: 'i32',
  bStride0: 'i32',
  bStride1: 'i32',
  bStride2: 'i32',
  bStride3: 'i32',
  bStride4: 'i32',
  bStride5: 'i32',
  ...activation,
  rowBlock: 'i32',
} as const;

function binary(name: string, apply: (a: number, b: number) => number): Kernel<typeof binaryFields> {
  return {
    name,
    fields: binaryFields,
    units: segmentedUnits,
    scratchBytes: () => 0,
    twin({ f32 }, d, begin, end) {
      const dims = dimsOf(d);
      const aStrides = [d.aStride0, d.aStride1, d.aStride2, d.aStride3, d.aStride4];
      const bStrides = [d.bStride0, d.bStride1, d.bStride2, d.bStride3, d.bStride4];
      const store = activate(d);
      for (const { row, begin: first, end: last } of segmentsOf(d, begin, end)) {
        const a = d.aPtr / 4 + rowOffset(row, dims, aStrides);
        const b = d.bPtr / 4 + rowOffset(row, dims, bStrides);
        const y = d.yPtr / 4 + row * d.dim5;
        for (let i = first; i < last; i++) {
          f32[y + i] = store(Math.fround(apply(f32[a + i * d.aStride5]!, f32[b + i * d.bStride5]!)));
        }
      }
    },
  };
}

export const add = binary('f32_add', (a, b) => a + b);
export const sub = binary('f32_sub', (a, b) => a - b);
export const mul = binary('f32_mul', (a, b) => a * b);
export const div = binary('f32_div', (a, b) => a / b);
export const prelu = binary('f32_prelu', (a, b) => (a < 0 ? a * b : a));

/** Default rowBlock for loops of these six sizes. */
export const binaryRowBlock = (dims: readonly number[]): number => rowsPerUnit(Math.min(dims[5]!, segmentElements));

/**
 * f32_affine: y[r, c] = activation(x[r, c] * scale[c] + shift[c]) for x [rows, channels], product and sum rounded one by one;
 * a BatchNorm that found no convolution to fold into. In place is allowed. A unit is a block of rowBlock rows.
 */
export const affineFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  scalePtr: 'ptr',
  shiftPtr: 'ptr',
  rows: 'i32',
  channels: 'i32',
  ...activation,
  rowBlock: 'i32',
} as const;

export const affine: Kernel<typeof affineFields> = {
  name: 'f32_affine',
  fields: affineFields,
  units: d => Math.ceil(d.rows / d.rowBlock),
  scratchBytes: () => 0,
  twin({ f32 }, d, begin, end) {
    const apply = activate(d);
    const last = Math.min(end * d.rowBlock, d.rows);
    for (let row = begin * d.rowBlock; row < last; row++) {
      for (let c = 0; c < d.channels; c++) {
        const at = row * d.channels + c;
        const scaled = Math.fround(f32[d.xPtr / 4 + at]! * f32[d.scalePtr / 4 + c]!);
        f32[d.yPtr / 4 + at] = apply(Math.fround(scaled + f32[d.shiftPtr / 4 + c]!));
      }
    }
  },
};

/** Default rowBlock for rows of `channels` elements. */
export const affineRowBlock = (channels: number): number => rowsPerUnit(channels);
