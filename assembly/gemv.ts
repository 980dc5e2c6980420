/**
 * f32_gemv: y = activation(x @ b + bias), b in panels of 32 outputs.
 * Invariant: each row's result depends on that row alone, in one chain over k per output.
 */
import { activate } from "./activation";
import { madd } from "./simd";

// @ts-ignore: decorator
@unmanaged
class GemvDescriptor {
  xPtr: usize;
  yPtr: usize;
  wPtr: usize;
  biasPtr: usize;
  rows: i32;
  k: i32;
  n: i32;
  activation: i32;
  alpha: f32;
  beta: f32;
}

// @ts-ignore: decorator
@inline
const PANEL: i32 = 32;

/** sums[0..32) = x[0..k) @ panel. */
function dotPanel(xPtr: usize, panelPtr: usize, k: i32, sumsPtr: usize): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0), s5 = f32x4.splat(0), s6 = f32x4.splat(0), s7 = f32x4.splat(0);
  const end = xPtr + ((<usize>k) << 2);
  while (xPtr != end) {
    const x = v128.load32_splat(xPtr);
    s0 = madd(x, v128.load(panelPtr), s0);
    s1 = madd(x, v128.load(panelPtr, 16), s1);
    s2 = madd(x, v128.load(panelPtr, 32), s2);
    s3 = madd(x, v128.load(panelPtr, 48), s3);
    s4 = madd(x, v128.load(panelPtr, 64), s4);
    s5 = madd(x, v128.load(panelPtr, 80), s5);
    s6 = madd(x, v128.load(panelPtr, 96), s6);
    s7 = madd(x, v128.load(panelPtr, 112), s7);
    xPtr += 4;
    panelPtr += 128;
  }
  v128.store(sumsPtr, s0);
  v128.store(sumsPtr, s1, 16);
  v128.store(sumsPtr, s2, 32);
  v128.store(sumsPtr, s3, 48);
  v128.store(sumsPtr, s4, 64);
  v128.store(sumsPtr, s5, 80);
  v128.store(sumsPtr, s6, 96);
  v128.store(sumsPtr, s7, 112);
}

export function f32_gemv(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<GemvDescriptor>(descriptorPtr);
  const k = d.k;
  for (let panel = unitBegin; panel < unitEnd; panel++) {
    const panelPtr = d.wPtr + <usize>panel * <usize>k * (PANEL * 4);
    const first = panel * PANEL;
    const count = min(PANEL, d.n - first);
    for (let row = 0; row < d.rows; row++) {
      dotPanel(d.xPtr + ((<usize>row * <usize>k) << 2), panelPtr, k, scratchPtr);
      finishRow(d, scratchPtr, d.yPtr + ((<usize>row * <usize>d.n + <usize>first) << 2), first, count);
    }
  }
}

/** Bias and activation on the sums, of which the first `count` go to y. */
function finishRow(d: GemvDescriptor, sumsPtr: usize, yPtr: usize, first: i32, count: i32): void {
  const bytes = <usize>count << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = v128.load(sumsPtr + at);
    if (d.biasPtr) sum = f32x4.add(sum, v128.load(d.biasPtr + ((<usize>first) << 2) + at));
    sum = activate(sum, d.activation, d.alpha, d.beta);
    if (at + 16 <= bytes) v128.store(yPtr + at, sum);
    else v128.store(sumsPtr + at, sum);
  }
  const whole = bytes & ~15;
  if (whole != bytes) memory.copy(yPtr + whole, sumsPtr + whole, bytes - whole);
}
