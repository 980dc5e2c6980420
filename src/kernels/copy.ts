/**
 * f32_copy: moves a box of six dimensions from one strided tensor to another (strides in elements, may be negative or 0 in the
 * source): layout changes, Transpose, Slice, Concat, Pad's middle, Expand. Fast where the last dimension is dense in both,
 * and where it is dense in one and another dimension is dense in the other (a transpose, done in 4x4 tiles).
 * A unit is a block of rowBlock of the dim0 * ... * dim4 rows.
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

/** f32_fill: y[i] = value, i < count. A unit is a block of `block` elements. */
export const fillFields = { yPtr: 'ptr', count: 'i32', value: 'f32', block: 'i32' } as const;

/**
 * f32_gather_nd: y[i0, ..., i5] = x[table0[i0] + ... + table5[i5]]; the tables hold element offsets (i32). Reflecting and
 * edge pads. A unit is a block of rowBlock of the dim0 * ... * dim4 rows.
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
