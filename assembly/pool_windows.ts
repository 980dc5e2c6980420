/**
 * The largest values of windows over what a kernel has just computed, lanes along channels.
 * Invariant: the bits are those that f32_pool_max gives for the same values, but for what a NaN carries: NaN wins, and of equal zeros the
 * first one stays. Bias and floor come after the maximum, which changes nothing for finite biases, but that a zero that ReLU makes of a
 * negative number does not stand before a negative zero.
 */
import { loadLanes, storeLanes } from "./lanes";

/** Windows of one shape, which begin `fromStep` bytes apart and whose results are stored `toStep` bytes apart. */
// @ts-ignore: decorator
@unmanaged
export class Windows {
  fromStep: usize;
  toStep: usize;
  /** Added to the largest members; 0: nothing is. */
  biasPtr: usize;
  /** What is below it then becomes it: 0 for ReLU, -Infinity for nothing. */
  floor: f32;
  /** Members along each axis; bytes between neighbours. */
  d: i32;
  h: i32;
  w: i32;
  stepD: usize;
  stepH: usize;
  stepW: usize;
  /** How many members a window has. What follows are their distances from the first one, in bytes. */
  members: i32;

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

// @ts-ignore: decorator
@inline
const OFFSETS_AT: usize = 44;

/** With room for the offsets of 64 members. */
// @ts-ignore: decorator
@inline
export const WINDOWS_BYTES: usize = 320;

/** Lists the members, from their sizes and steps. */
export function fillMembers(windows: Windows): void {
  windows.members = windows.d * windows.h * windows.w;
  let ptr = changetype<usize>(windows) + OFFSETS_AT;
  for (let i = 0; i < windows.d; i++) {
    for (let j = 0; j < windows.h; j++) {
      for (let k = 0; k < windows.w; k++) {
        store<usize>(ptr, <usize>i * windows.stepD + <usize>j * windows.stepH + <usize>k * windows.stepW);
        ptr += 4;
      }
    }
  }
}

/**
 * Stores `channels` channels of the largest members of `count` windows, biased and floored. Members are whole vectors; their lanes beyond the last channel may
 * hold anything.
 */
export function storeLargest(windows: Windows, from: usize, to: usize, count: i32, channels: i32): void {
  const floor = f32x4.splat(windows.floor);
  const others = changetype<usize>(windows) + OFFSETS_AT + 4;
  const end = others + (<usize>(windows.members - 1) << 2);
  for (; count > 0; count--) {
    let at = from;
    let yPtr = to;
    let biasPtr = windows.biasPtr;
    let left = channels;
    for (; left >= 8; left -= 8) {
      // pmax keeps a NaN that comes first; others are noted.
      let s0 = v128.load(at);
      let s1 = v128.load(at, 16);
      let n0 = i32x4.splat(0);
      let n1 = i32x4.splat(0);
      for (let next = others; next != end; next += 4) {
        const ptr = at + load<usize>(next);
        const v0 = v128.load(ptr);
        const v1 = v128.load(ptr, 16);
        s0 = f32x4.pmax(s0, v0);
        s1 = f32x4.pmax(s1, v1);
        n0 = v128.or(n0, f32x4.ne(v0, v0));
        n1 = v128.or(n1, f32x4.ne(v1, v1));
      }
      s0 = v128.or(s0, n0);
      s1 = v128.or(s1, n1);
      if (biasPtr) {
        s0 = f32x4.add(v128.load(biasPtr), s0);
        s1 = f32x4.add(v128.load(biasPtr, 16), s1);
        biasPtr += 32;
      }
      v128.store(yPtr, f32x4.pmax(s0, floor));
      v128.store(yPtr, f32x4.pmax(s1, floor), 16);
      at += 32;
      yPtr += 32;
    }
    for (; left > 0; left -= 4) {
      const lanes = min(4, left);
      let sum = v128.load(at);
      let noted = i32x4.splat(0);
      for (let next = others; next != end; next += 4) {
        const value = v128.load(at + load<usize>(next));
        sum = f32x4.pmax(sum, value);
        noted = v128.or(noted, f32x4.ne(value, value));
      }
      sum = v128.or(sum, noted);
      if (biasPtr) {
        sum = f32x4.add(loadLanes(biasPtr, lanes), sum);
        biasPtr += 16;
      }
      storeLanes(yPtr, f32x4.pmax(sum, floor), lanes);
      at += 16;
      yPtr += 16;
    }
    from += windows.fromStep;
    to += windows.toStep;
  }
}
