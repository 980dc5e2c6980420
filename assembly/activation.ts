/**
 * What kernels apply to the values they store, four at a time. Codes are those of src/kernels/kernel.ts.
 * Invariant: NaN stays NaN.
 */
import { exp, expm1NonPositive } from "./exp";

// @ts-ignore: decorator
@inline
export const NONE: i32 = 0;
// @ts-ignore: decorator
@inline
export const RELU: i32 = 1;
// @ts-ignore: decorator
@inline
export const LEAKY_RELU: i32 = 2;
// @ts-ignore: decorator
@inline
export const ELU: i32 = 3;
// @ts-ignore: decorator
@inline
export const SIGMOID: i32 = 4;
// @ts-ignore: decorator
@inline
export const TANH: i32 = 5;
// @ts-ignore: decorator
@inline
export const CLIP: i32 = 6;

/** activation(x); the common ones where they are used, the others in a function of their own. */
// @ts-ignore: decorator
@inline
export function activate(x: v128, code: i32, alpha: f32, beta: f32): v128 {
  if (code == NONE) return x;
  if (code == RELU) return f32x4.pmax(x, f32x4.splat(0));
  return activateCurved(x, code, alpha, beta);
}

function activateCurved(x: v128, code: i32, alpha: f32, beta: f32): v128 {
  const a = f32x4.splat(alpha);
  const zero = f32x4.splat(0);
  if (code == LEAKY_RELU) return v128.bitselect(f32x4.mul(x, a), x, f32x4.lt(x, zero));
  if (code == CLIP) return f32x4.pmin(f32x4.pmax(x, a), f32x4.splat(beta));
  if (code == ELU) {
    const below = f32x4.mul(expm1NonPositive(f32x4.pmin(x, zero)), a);
    return v128.bitselect(x, below, f32x4.gt(x, zero));
  }
  if (code == SIGMOID) return f32x4.div(f32x4.splat(1), f32x4.add(exp(f32x4.neg(x)), f32x4.splat(1)));
  return tanh(x);
}

/** Through e^(-2|x|) - 1, which keeps the digits near 0. */
function tanh(x: v128): v128 {
  const t = expm1NonPositive(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)));
  const magnitude = f32x4.div(f32x4.neg(t), f32x4.add(t, f32x4.splat(2)));
  return v128.or(magnitude, v128.and(x, f32x4.splat(-0.0)));
}

/** activation(x) of one value, with the bits that its lane would have. */
export function activateOne(x: f32, code: i32, alpha: f32, beta: f32): f32 {
  return f32x4.extract_lane(activate(f32x4.splat(x), code, alpha, beta), 0);
}
