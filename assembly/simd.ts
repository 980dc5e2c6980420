/** The one place that knows which module is built: fused where the relaxed instructions are there. */

// @ts-expect-error: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  // a * b + c
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}
