/**
 * Loops of six dimensions, dim0 ... dim5, as rows: the last dimension is a row, the others count rows.
 * Sizes and strides lie in a descriptor as six consecutive words each. The counterpart of src/kernels/rows.ts.
 */

/** Elements of a segment of a long row. */
// @ts-ignore: decorator
@inline
export const SEGMENT: i32 = 16384;

/** a / b rounded up, of a >= 0 and b > 0. */
// @ts-ignore: decorator
@inline
export function ceilDiv(a: i32, b: i32): i32 {
  return a / b + i32(a % b != 0);
}

/** Where part i of `parts` even parts of `whole` begins: sizes differ by one at most. */
// @ts-ignore: decorator
@inline
export function partBegin(whole: i32, parts: i32, i: i32): i32 {
  return i * (whole / parts) + min(i, whole % parts);
}

/** Element i of the six words at ptr. */
// @ts-ignore: decorator
@inline
export function wordAt(ptr: usize, i: i32): i32 {
  return load<i32>(ptr + (<usize>i << 2));
}

export function rowCount(dimsPtr: usize): i32 {
  return wordAt(dimsPtr, 0) * wordAt(dimsPtr, 1) * wordAt(dimsPtr, 2) * wordAt(dimsPtr, 3) * wordAt(dimsPtr, 4);
}

/**
 * Bytes from a tensor's first element to the first one of `row`, where rows are counted with dimension `fastest` (0 to 4)
 * running fastest and the others in their order. Strides may be negative: the sum is taken modulo 2^32.
 */
export function rowOffsetBytes(row: i32, dimsPtr: usize, stridesPtr: usize, fastest: i32): usize {
  let size = wordAt(dimsPtr, fastest);
  let offset = (row % size) * wordAt(stridesPtr, fastest);
  let rest = row / size;
  for (let axis = 4; rest > 0 && axis >= 0; axis--) {
    if (axis == fastest) continue;
    size = wordAt(dimsPtr, axis);
    offset += (rest % size) * wordAt(stridesPtr, axis);
    rest /= size;
  }
  return <usize>offset << 2;
}
