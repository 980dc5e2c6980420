/**
 * The largest values of a window over what a kernel has just computed, lanes along channels.
 * Invariant: the bits are those that f32_pool_max gives for the same values: NaN wins, and of equal zeros the first one stays.
 */
import { loadLanes, storeLanes } from "./lanes";

/** Members along three axes, and the bytes from one to the next. */
// @ts-ignore: decorator
@unmanaged
export class PoolWindow {
  d: i32;
  h: i32;
  w: i32;
  stepD: usize;
  stepH: usize;
  stepW: usize;

  sizes(d: i32, h: i32, w: i32): void {
    this.d = d;
    this.h = h;
    this.w = w;
  }

  steps(d: usize, h: usize, w: usize): void {
    this.stepD = d;
    this.stepH = h;
    this.stepW = w;
  }
}

/**
 * To `to`, of `channels` channels, the largest of max(floor, bias + member). `from` is the first member; members are whole vectors, their
 * lanes beyond the last channel may hold anything. biasPtr 0: nothing is added.
 */
export function storeMaxima(window: PoolWindow, from: usize, biasPtr: usize, floor: f32, to: usize, channels: i32): void {
  if (biasPtr) maxima(true, window, from, biasPtr, floor, to, channels);
  else maxima(false, window, from, 0, floor, to, channels);
}

// @ts-ignore: decorator
@inline
function maxima(
  biased: bool,
  window: PoolWindow,
  from: usize,
  biasPtr: usize,
  floor: f32,
  to: usize,
  channels: i32,
): void {
  const least = f32x4.splat(floor);
  for (; channels >= 8; channels -= 8) {
    const b0 = biased ? v128.load(biasPtr) : least;
    const b1 = biased ? v128.load(biasPtr, 16) : least;
    let s0 = f32x4.splat(-Infinity);
    let s1 = f32x4.splat(-Infinity);
    let n0 = i32x4.splat(0);
    let n1 = i32x4.splat(0);
    let atD = from;
    for (let i = 0; i < window.d; i++) {
      let atH = atD;
      for (let j = 0; j < window.h; j++) {
        let at = atH;
        for (let k = 0; k < window.w; k++) {
          const v0 = member(biased, v128.load(at), b0, least);
          const v1 = member(biased, v128.load(at, 16), b1, least);
          s0 = f32x4.pmax(s0, v0);
          s1 = f32x4.pmax(s1, v1);
          n0 = v128.or(n0, f32x4.ne(v0, v0));
          n1 = v128.or(n1, f32x4.ne(v1, v1));
          at += window.stepW;
        }
        atH += window.stepH;
      }
      atD += window.stepD;
    }
    v128.store(to, v128.or(s0, n0));
    v128.store(to, v128.or(s1, n1), 16);
    from += 32;
    biasPtr += 32;
    to += 32;
  }
  for (; channels > 0; channels -= 4) {
    const lanes = min(4, channels);
    const bias = biased ? loadLanes(biasPtr, lanes) : least;
    let sum = f32x4.splat(-Infinity);
    let noted = i32x4.splat(0);
    for (let i = 0; i < window.d; i++) {
      for (let j = 0; j < window.h; j++) {
        let at = from + <usize>i * window.stepD + <usize>j * window.stepH;
        for (let k = 0; k < window.w; k++) {
          const value = member(biased, v128.load(at), bias, least);
          sum = f32x4.pmax(sum, value);
          noted = v128.or(noted, f32x4.ne(value, value));
          at += window.stepW;
        }
      }
    }
    storeLanes(to, v128.or(sum, noted), lanes);
    from += 16;
    biasPtr += 16;
    to += 16;
  }
}

// @ts-ignore: decorator
@inline
function member(biased: bool, value: v128, bias: v128, least: v128): v128 {
  // pmax keeps a NaN that comes first.
  return f32x4.pmax(biased ? f32x4.add(bias, value) : value, least);
}
