/**
 * exp and expm1 of four floats: x = n ln 2 + r, |r| <= ln 2 / 2, with the Taylor series for exp(r) and 2^n from bits.
 * Constants are read from memory, where one instruction spreads them over four lanes; as immediates they take several each.
 * Invariant: NaN stays NaN, and no argument overflows on the way to its limit (0, -1 or infinity).
 */
import { madd } from "./simd";

/** [1 / ln 2, rounder, -ln 2 in two parts, 1 / 7! ... 1 / 2!, 1, -87, 90, -105] */
const TABLE: usize = memory.data<f32>([
  1.44269504, 12582912, -0.693359375, 2.1219444e-4,
  1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5,
  1, -87, 90, -105,
], 64);

/**
 * n + 12582912. A float of that size has no fraction: x / ln 2 added to it is rounded to a whole number n, which is in the sum's last
 * bits.
 */
// @ts-ignore: decorator
@inline
function rounded(x: v128): v128 {
  return madd(x, v128.load32_splat(TABLE), v128.load32_splat(TABLE, 4));
}

/** x - n ln 2. The first part of ln 2 has few bits, so that n times it is exact. */
// @ts-ignore: decorator
@inline
function remainder(x: v128, rounded: v128): v128 {
  const n = f32x4.sub(rounded, v128.load32_splat(TABLE, 4));
  const high = madd(n, v128.load32_splat(TABLE, 8), x);
  return madd(n, v128.load32_splat(TABLE, 12), high);
}

/** exp(r) - 1 for |r| <= ln 2 / 2. */
// @ts-ignore: decorator
@inline
function series(r: v128): v128 {
  let p = v128.load32_splat(TABLE, 16);
  p = madd(p, r, v128.load32_splat(TABLE, 20));
  p = madd(p, r, v128.load32_splat(TABLE, 24));
  p = madd(p, r, v128.load32_splat(TABLE, 28));
  p = madd(p, r, v128.load32_splat(TABLE, 32));
  p = madd(p, r, v128.load32_splat(TABLE, 36));
  return madd(f32x4.mul(p, r), r, r);
}

/** 2^n for whole numbers -127 <= n <= 128, to which a multiple of 512 may be added; -127 gives 0, 128 infinity. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  // Shifted, 127 is the bits of 1: adding it behind the shift spares a constant.
  return i32x4.add(i32x4.shl(n, 23), v128.load32_splat(TABLE, 40));
}

/** e^x: 0 and infinity where a float32 ends, subnormals on the way. */
export function exp(x: v128): v128 {
  const inside = f32x4.pmax(f32x4.pmin(x, v128.load32_splat(TABLE, 48)), v128.load32_splat(TABLE, 52));
  const n = rounded(inside);
  const e = f32x4.add(series(remainder(inside, n)), v128.load32_splat(TABLE, 40));
  // Two factors, because 2^n alone leaves the range of float32 before e^x does.
  const whole = i32x4.sub(n, v128.load32_splat(TABLE, 4));
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(e, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

/** e^x - 1 for x <= 0, accurate near 0. */
export function expm1NonPositive(x: v128): v128 {
  const inside = f32x4.pmax(x, v128.load32_splat(TABLE, 44));
  const n = rounded(inside);
  const power = powerOfTwo(n);
  return madd(series(remainder(inside, n)), power, f32x4.sub(power, v128.load32_splat(TABLE, 40)));
}
