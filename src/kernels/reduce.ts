/**
 * f32_reduce_mean, f32_reduce_max: x is [outer, count, inner], y is [outer, inner].
 * Fixed order: chunks of 256 of `count` are summed one after another, then the chunks' sums in order. NaN wins a maximum.
 * A unit is (outer, block of 64 of inner).
 */
export const reduceFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  outer: 'i32',
  count: 'i32',
  inner: 'i32',
} as const;
