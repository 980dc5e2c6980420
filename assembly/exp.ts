/**
 * exp and expm1 of four floats: x = n ln 2 + r, |r| <= ln 2 / 2, with the Taylor series for exp(r) and 2^n from bits.
 * Invariant: NaN stays NaN, and no argument overflows on the way to its limit (0, -1 or infinity).
 */
import { madd } from "./simd";

// @ts-ignore: decorator
@inline
const LOG2_E: f32 = 1.44269504;
/** ln 2 in two parts; the first has few bits, so that n times it is exact. */
// @ts-ignore: decorator
@inline
const LN_2_HIGH: f32 = 0.693359375;
// @ts-ignore: decorator
@inline
const LN_2_LOW: f32 = -2.12194440e-4;

// @ts-ignore: decorator
@inline
function wholePart(x: v128): v128 {
  return f32x4.nearest(f32x4.mul(x, f32x4.splat(LOG2_E)));
}

// @ts-ignore: decorator
@inline
function remainder(x: v128, n: v128): v128 {
  const high = madd(n, f32x4.splat(-LN_2_HIGH), x);
  return madd(n, f32x4.splat(-LN_2_LOW), high);
}

/** exp(r) - 1 for |r| <= ln 2 / 2. */
// @ts-ignore: decorator
@inline
function series(r: v128): v128 {
  let p = f32x4.splat(1.0 / 5040.0);
  p = madd(p, r, f32x4.splat(1.0 / 720.0));
  p = madd(p, r, f32x4.splat(1.0 / 120.0));
  p = madd(p, r, f32x4.splat(1.0 / 24.0));
  p = madd(p, r, f32x4.splat(1.0 / 6.0));
  p = madd(p, r, f32x4.splat(0.5));
  return madd(f32x4.mul(p, r), r, r);
}

/** 2^n for whole numbers -127 <= n <= 128; -127 gives 0, 128 infinity. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** e^x: 0 and infinity where a float32 ends, subnormals on the way. */
export function exp(x: v128): v128 {
  const inside = f32x4.max(f32x4.min(x, f32x4.splat(90)), f32x4.splat(-105));
  const n = wholePart(inside);
  const e = f32x4.add(series(remainder(inside, n)), f32x4.splat(1));
  // Two factors, because 2^n alone leaves the range of float32 before e^x does.
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(e, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

/** e^x - 1 for x <= 0, accurate near 0. */
export function expm1NonPositive(x: v128): v128 {
  const inside = f32x4.max(x, f32x4.splat(-87));
  const n = wholePart(inside);
  const power = powerOfTwo(i32x4.trunc_sat_f32x4_s(n));
  return madd(series(remainder(inside, n)), power, f32x4.sub(power, f32x4.splat(1)));
}
