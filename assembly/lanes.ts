/**
 * Vectors of fewer than four floats, for the ends of rows.
 * Invariant: no byte outside of the lanes asked for is read or written.
 */

/** The `count` (1 to 4) floats at ptr, which may be unaligned; the other lanes are 0. */
// @ts-ignore: decorator
@inline
export function loadLanes(ptr: usize, count: i32): v128 {
  if (count == 4) return v128.load(ptr);
  if (count == 1) return v128.load32_zero(ptr);
  const two = v128.load64_zero(ptr);
  return count == 2 ? two : v128.load32_lane(ptr, two, 2, 8);
}

/** The `count` (1 to 4) floats at ptr, ptr + strideBytes, ...; the other lanes are 0. */
export function gatherLanes(ptr: usize, strideBytes: usize, count: i32): v128 {
  let lanes = v128.load32_zero(ptr);
  if (count > 1) lanes = v128.load32_lane(ptr + strideBytes, lanes, 1);
  if (count > 2) lanes = v128.load32_lane(ptr + 2 * strideBytes, lanes, 2);
  if (count > 3) lanes = v128.load32_lane(ptr + 3 * strideBytes, lanes, 3);
  return lanes;
}

/** The first `count` (1 to 4) lanes to ptr, which may be unaligned. */
// @ts-ignore: decorator
@inline
export function storeLanes(ptr: usize, lanes: v128, count: i32): void {
  if (count == 4) {
    v128.store(ptr, lanes);
    return;
  }
  if (count == 1) {
    v128.store32_lane(ptr, lanes, 0);
    return;
  }
  v128.store64_lane(ptr, lanes, 0);
  if (count == 3) v128.store32_lane(ptr, lanes, 2, 8);
}

/** The first `count` (1 to 4) lanes to ptr, ptr + strideBytes, ... */
export function scatterLanes(ptr: usize, strideBytes: usize, lanes: v128, count: i32): void {
  v128.store32_lane(ptr, lanes, 0);
  if (count > 1) v128.store32_lane(ptr + strideBytes, lanes, 1);
  if (count > 2) v128.store32_lane(ptr + 2 * strideBytes, lanes, 2);
  if (count > 3) v128.store32_lane(ptr + 3 * strideBytes, lanes, 3);
}
