import { activation } from './fields.js';

/** f32_unary: y[i] = activation(x[i]), i < count. In place is allowed. A unit is a block of `block` elements (a multiple of 4). */
export const unaryFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  count: 'i32',
  ...activation,
  block: 'i32',
} as const;

/**
 * f32_add, f32_sub, f32_mul, f32_div, f32_prelu: y = activation(a op b) over six dimensions; y is dense, a and b have one stride
 * per dimension (elements; 0 broadcasts). prelu: a where a >= 0, else a * b. Dimensions are merged where they can be
 * before the kernel sees them, so the last one is long: lanes run along it (strides 0 or 1 are the fast ones).
 * A unit is a block of rowBlock rows (a row: the last dimension).
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

/** f32_affine: y[r, c] = activation(x[r, c] * scale[c] + shift[c]) for x [rows, channels]; a BatchNorm that found no convolution to
 * fold into. In place is allowed. A unit is a block of rowBlock rows. */
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
