/**
 * f32_softmax, f32_log_softmax: over the middle dimension of x [outer, count, inner], y alike; the maximum is taken off first.
 * A unit is (outer, block of 64 of inner).
 */
export const softmaxFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  outer: 'i32',
  count: 'i32',
  inner: 'i32',
} as const;
