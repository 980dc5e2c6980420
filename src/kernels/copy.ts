import type { Values } from './descriptor.js';
import type { Kernel } from './kernel.js';
import {
  dimsOf,
  indicesOf,
  rowCount,
  rowOffset,
  rowsPerUnit,
  segmentElements,
  segmentedUnits,
  segmentsOf,
} from './rows.js';

/**
 * f32_copy: moves a box of six dimensions from one strided tensor to another (strides in elements, may be negative or 0 in the
 * source): layout changes, Transpose, Slice, Concat, Pad's middle, Expand. Fast where the last dimension is dense in both,
 * and where it is dense in one and another dimension is dense in the other (a transpose, done in 4x4 tiles).
 * x and y do not overlap.
 * A unit is a block of rowBlock of the dim0 * ... * dim4 rows, in one segment of `segmentElements` of dim5.
 */
export const copyFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  dim0: 'i32',
  dim1: 'i32',
  dim2: 'i32',
  dim3: 'i32',
  dim4: 'i32',
  dim5: 'i32',
  xStride0: 'i32',
  xStride1: 'i32',
  xStride2: 'i32',
  xStride3: 'i32',
  xStride4: 'i32',
  xStride5: 'i32',
  yStride0: 'i32',
  yStride1: 'i32',
  yStride2: 'i32',
  yStride3: 'i32',
  yStride4: 'i32',
  yStride5: 'i32',
  rowBlock: 'i32',
} as const;

const xStridesOf = (d: Values<typeof copyFields>) => [d.xStride0, d.xStride1, d.xStride2, d.xStride3, d.xStride4];
const yStridesOf = (d: Values<typeof copyFields>) => [d.yStride0, d.yStride1, d.yStride2, d.yStride3, d.yStride4];

export const copy: Kernel<typeof copyFields> = {
  name: 'f32_copy',
  fields: copyFields,
  units: segmentedUnits,
  scratchBytes: () => 0,
  twin({ i32 }, d, begin, end) {
    const dims = dimsOf(d);
    const xStrides = xStridesOf(d);
    const yStrides = yStridesOf(d);
    for (const { row, begin: first, end: last } of segmentsOf(d, begin, end)) {
      const x = d.xPtr / 4 + rowOffset(row, dims, xStrides);
      const y = d.yPtr / 4 + rowOffset(row, dims, yStrides);
      for (let i = first; i < last; i++) i32[y + i * d.yStride5] = i32[x + i * d.xStride5]!;
    }
  },
};

/** Default rowBlock for loops of these six sizes: at least 16 rows, so that a transpose uses whole cache lines of both sides. */
export function copyRowBlock(dims: readonly number[]): number {
  return Math.max(16, rowsPerUnit(Math.min(dims[5]!, segmentElements)));
}

/** f32_fill: y[i] = value, i < count. A unit is a block of `block` elements. */
export const fillFields = { yPtr: 'ptr', count: 'i32', value: 'f32', block: 'i32' } as const;

export const fill: Kernel<typeof fillFields> = {
  name: 'f32_fill',
  fields: fillFields,
  units: d => Math.ceil(d.count / d.block),
  scratchBytes: () => 0,
  twin({ f32 }, d, begin, end) {
    const y = d.yPtr / 4;
    f32.fill(d.value, y + begin * d.block, y + Math.min(end * d.block, d.count));
  },
};

/** Default block for `count` elements. */
export const fillBlock = (count: number): number => Math.min(Math.max(count, 1), 262144);

/**
 * f32_gather_nd: y[i0, ..., i5] = x[table0[i0] + ... + table5[i5]]; the tables hold element offsets (i32). Reflecting and
 * edge pads. Fast where long runs of table5 count up by one. A unit is a block of rowBlock of the dim0 * ... * dim4 rows.
 */
export const gatherFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  dim0: 'i32',
  dim1: 'i32',
  dim2: 'i32',
  dim3: 'i32',
  dim4: 'i32',
  dim5: 'i32',
  table0Ptr: 'ptr',
  table1Ptr: 'ptr',
  table2Ptr: 'ptr',
  table3Ptr: 'ptr',
  table4Ptr: 'ptr',
  table5Ptr: 'ptr',
  rowBlock: 'i32',
} as const;

export const gather: Kernel<typeof gatherFields> = {
  name: 'f32_gather_nd',
  fields: gatherFields,
  units: d => (d.dim5 === 0 ? 0 : Math.ceil(rowCount(d) / d.rowBlock)),
  scratchBytes: () => 0,
  twin({ i32 }, d, begin, end) {
    const dims = dimsOf(d);
    const tables = [d.table0Ptr, d.table1Ptr, d.table2Ptr, d.table3Ptr, d.table4Ptr];
    const last = Math.min(end * d.rowBlock, rowCount(d));
    for (let row = begin * d.rowBlock; row < last; row++) {
      let x = d.xPtr / 4;
      indicesOf(row, dims).forEach((index, axis) => {
        x += i32[tables[axis]! / 4 + index]!;
      });
      const y = d.yPtr / 4 + row * d.dim5;
      for (let i = 0; i < d.dim5; i++) i32[y + i] = i32[x + i32[d.table5Ptr / 4 + i]!]!;
    }
  },
};

/** Default rowBlock for loops of these six sizes. */
export const gatherRowBlock = (dims: readonly number[]): number => rowsPerUnit(dims[5]!);
