/**
 * f32_gemv and f32_gemv_bf16: y = activation(x @ b + bias), b in panels of 32 outputs, in single precision or in bfloat16.
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
  storeSums(sumsPtr, s0, s1, s2, s3, s4, s5, s6, s7);
}

/** The same, the panel in bfloat16: a word holds an output of the next vector above each one of this vector. */
function dotPanelBf16(xPtr: usize, panelPtr: usize, k: i32, sumsPtr: usize): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0), s5 = f32x4.splat(0), s6 = f32x4.splat(0), s7 = f32x4.splat(0);
  const upper = i32x4.splat(0xffff0000);
  const end = xPtr + ((<usize>k) << 2);
  while (xPtr != end) {
    const x = v128.load32_splat(xPtr);
    const w0 = v128.load(panelPtr);
    const w1 = v128.load(panelPtr, 16);
    const w2 = v128.load(panelPtr, 32);
    const w3 = v128.load(panelPtr, 48);
    s0 = madd(x, i32x4.shl(w0, 16), s0);
    s1 = madd(x, v128.and(w0, upper), s1);
    s2 = madd(x, i32x4.shl(w1, 16), s2);
    s3 = madd(x, v128.and(w1, upper), s3);
    s4 = madd(x, i32x4.shl(w2, 16), s4);
    s5 = madd(x, v128.and(w2, upper), s5);
    s6 = madd(x, i32x4.shl(w3, 16), s6);
    s7 = madd(x, v128.and(w3, upper), s7);
    xPtr += 4;
    panelPtr += 64;
  }
  storeSums(sumsPtr, s0, s1, s2, s3, s4, s5, s6, s7);
}

// @ts-ignore: decorator
@inline
function storeSums(sumsPtr: usize, s0: v128, s1: v128, s2: v128, s3: v128, s4: v128, s5: v128, s6: v128, s7: v128): void {
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
  for (let panel = unitBegin; panel < unitEnd; panel++) {
    const panelPtr = d.wPtr + <usize>panel * <usize>d.k * (PANEL * 4);
    for (let row = 0; row < d.rows; row++) {
      dotPanel(rowPtr(d, row), panelPtr, d.k, scratchPtr);
      finishRow(d, scratchPtr, row, panel);
    }
  }
}

export function f32_gemv_bf16(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<GemvDescriptor>(descriptorPtr);
  for (let panel = unitBegin; panel < unitEnd; panel++) {
    const panelPtr = d.wPtr + <usize>panel * <usize>d.k * (PANEL * 2);
    for (let row = 0; row < d.rows; row++) {
      dotPanelBf16(rowPtr(d, row), panelPtr, d.k, scratchPtr);
      finishRow(d, scratchPtr, row, panel);
    }
  }
}

// @ts-ignore: decorator
@inline
function rowPtr(d: GemvDescriptor, row: i32): usize {
  return d.xPtr + ((<usize>row * <usize>d.k) << 2);
}

/** Bias and activation on the sums of a panel, as many of which go to y as there are outputs. */
function finishRow(d: GemvDescriptor, sumsPtr: usize, row: i32, panel: i32): void {
  const first = panel * PANEL;
  const yPtr = d.yPtr + ((<usize>row * <usize>d.n + <usize>first) << 2);
  const bytes = <usize>min(PANEL, d.n - first) << 2;
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
