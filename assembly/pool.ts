/**
 * f32_pool_max, f32_pool_average: windows over channels-last tensors, lanes along channels.
 * Invariant: a value takes its taps in the order d, h, w, whatever its lane.
 */
import { loadLanes, storeLanes } from "./lanes";

// @ts-ignore: decorator
@unmanaged
class PoolDescriptor {
  xPtr: usize;
  yPtr: usize;
  batch: i32;
  inD: i32;
  inH: i32;
  inW: i32;
  inC: i32;
  outD: i32;
  outH: i32;
  outW: i32;
  outC: i32;
  kD: i32;
  kH: i32;
  kW: i32;
  strideD: i32;
  strideH: i32;
  strideW: i32;
  dilD: i32;
  dilH: i32;
  dilW: i32;
  padD: i32;
  padH: i32;
  padW: i32;
  padEndD: i32;
  padEndH: i32;
  padEndW: i32;
  countIncludePad: i32;
  mBlock: i32;
}

/** Number of taps before position `limit`, for a window whose tap t is at start + t * dilation. */
// @ts-ignore: decorator
@inline
function tapsBefore(limit: i32, start: i32, dilation: i32, kernel: i32): i32 {
  const room = limit - start;
  return room <= 0 ? 0 : min(kernel, (room - 1) / dilation + 1);
}

// @ts-ignore: decorator
@inline
const MAX: i32 = 0;
// @ts-ignore: decorator
@inline
const AVERAGE: i32 = 1;

// @ts-ignore: decorator
@inline
function initial(op: i32): v128 {
  return f32x4.splat(op == MAX ? -Infinity : 0);
}

/** For a maximum, NaNs stay out of the sum and are kept by `noteNaN`: together less work than f32x4.max is on x86. */
// @ts-ignore: decorator
@inline
function combine(op: i32, sum: v128, value: v128): v128 {
  return op == MAX ? f32x4.pmax(sum, value) : f32x4.add(sum, value);
}

/** Lanes of all ones where a NaN was seen. */
// @ts-ignore: decorator
@inline
function noteNaN(op: i32, noted: v128, value: v128): v128 {
  return op == MAX ? v128.or(noted, f32x4.ne(value, value)) : noted;
}

// @ts-ignore: decorator
@inline
function finish(op: i32, sum: v128, noted: v128, divisor: f32): v128 {
  return op == MAX ? v128.or(sum, noted) : f32x4.div(sum, f32x4.splat(divisor));
}

/** The taps of one window that lie inside x: x points to the first of them. */
// @ts-ignore: decorator
@inline
function window(
  op: i32,
  d: PoolDescriptor,
  x: usize,
  y: usize,
  tapsD: i32,
  tapsH: i32,
  tapsW: i32,
  divisor: f32,
): void {
  const wBytes = <usize>d.dilW * (<usize>d.inC << 2);
  const hBytes = <usize>d.dilH * (<usize>d.inW * (<usize>d.inC << 2));
  const dBytes = <usize>d.dilD * (<usize>d.inH * <usize>d.inW * (<usize>d.inC << 2));
  let left = d.outC;
  for (; left >= 16; left -= 16) {
    let s0 = initial(op);
    let s1 = initial(op);
    let s2 = initial(op);
    let s3 = initial(op);
    let n0 = i32x4.splat(0);
    let n1 = i32x4.splat(0);
    let n2 = i32x4.splat(0);
    let n3 = i32x4.splat(0);
    let xD = x;
    for (let i = 0; i < tapsD; i++) {
      let xH = xD;
      for (let j = 0; j < tapsH; j++) {
        let xW = xH;
        for (let k = 0; k < tapsW; k++) {
          const v0 = v128.load(xW);
          const v1 = v128.load(xW, 16);
          const v2 = v128.load(xW, 32);
          const v3 = v128.load(xW, 48);
          s0 = combine(op, s0, v0);
          s1 = combine(op, s1, v1);
          s2 = combine(op, s2, v2);
          s3 = combine(op, s3, v3);
          n0 = noteNaN(op, n0, v0);
          n1 = noteNaN(op, n1, v1);
          n2 = noteNaN(op, n2, v2);
          n3 = noteNaN(op, n3, v3);
          xW += wBytes;
        }
        xH += hBytes;
      }
      xD += dBytes;
    }
    v128.store(y, finish(op, s0, n0, divisor));
    v128.store(y, finish(op, s1, n1, divisor), 16);
    v128.store(y, finish(op, s2, n2, divisor), 32);
    v128.store(y, finish(op, s3, n3, divisor), 48);
    x += 64;
    y += 64;
  }
  for (; left >= 4; left -= 4) {
    storeLanes(y, fewLanes(op, x, tapsD, tapsH, tapsW, dBytes, hBytes, wBytes, divisor, 4), 4);
    x += 16;
    y += 16;
  }
  if (left > 0) storeLanes(y, fewLanes(op, x, tapsD, tapsH, tapsW, dBytes, hBytes, wBytes, divisor, left), left);
}

/** Up to four channels of one window. */
// @ts-ignore: decorator
@inline
function fewLanes(
  op: i32,
  x: usize,
  tapsD: i32,
  tapsH: i32,
  tapsW: i32,
  dBytes: usize,
  hBytes: usize,
  wBytes: usize,
  divisor: f32,
  lanes: i32,
): v128 {
  let sum = initial(op);
  let noted = i32x4.splat(0);
  for (let i = 0; i < tapsD; i++) {
    let xH = x;
    for (let j = 0; j < tapsH; j++) {
      let xW = xH;
      for (let k = 0; k < tapsW; k++) {
        const value = loadLanes(xW, lanes);
        sum = combine(op, sum, value);
        noted = noteNaN(op, noted, value);
        xW += wBytes;
      }
      xH += hBytes;
    }
    x += dBytes;
  }
  return finish(op, sum, noted, divisor);
}

function maxWindow(d: PoolDescriptor, x: usize, y: usize, tapsD: i32, tapsH: i32, tapsW: i32): void {
  window(MAX, d, x, y, tapsD, tapsH, tapsW, 1);
}

function averageWindow(
  d: PoolDescriptor,
  x: usize,
  y: usize,
  tapsD: i32,
  tapsH: i32,
  tapsW: i32,
  divisor: f32,
): void {
  window(AVERAGE, d, x, y, tapsD, tapsH, tapsW, divisor);
}

function pool(op: i32, descriptorPtr: usize, unitBegin: i32, unitEnd: i32): void {
  const d = changetype<PoolDescriptor>(descriptorPtr);
  const rows = d.batch * d.outD * d.outH;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = unit * d.mBlock;
    const last = first + min(d.mBlock, rows - first);
    for (let row = first; row < last; row++) poolRow(op, d, row);
  }
}

function poolRow(op: i32, d: PoolDescriptor, row: i32): void {
  const plane = row / d.outH;
  const startD = (plane % d.outD) * d.strideD - d.padD;
  const startH = (row % d.outH) * d.strideH - d.padH;
  const firstD = tapsBefore(0, startD, d.dilD, d.kD);
  const firstH = tapsBefore(0, startH, d.dilH, d.kH);
  const tapsD = tapsBefore(d.inD, startD, d.dilD, d.kD) - firstD;
  const tapsH = tapsBefore(d.inH, startH, d.dilH, d.kH) - firstH;
  const paddedDH =
    tapsBefore(d.inD + d.padEndD, startD, d.dilD, d.kD) * tapsBefore(d.inH + d.padEndH, startH, d.dilH, d.kH);
  const channelBytes = <usize>d.outC << 2;
  const inD = <usize>(startD + firstD * d.dilD);
  const inH = <usize>(startH + firstH * d.dilH);
  const n = <usize>(plane / d.outD);
  const x = d.xPtr + ((n * <usize>d.inD + inD) * <usize>d.inH + inH) * <usize>d.inW * channelBytes;
  let y = d.yPtr + <usize>row * <usize>d.outW * channelBytes;
  let startW = -d.padW;
  for (let i = 0; i < d.outW; i++) {
    const firstW = tapsBefore(0, startW, d.dilW, d.kW);
    const tapsW = tapsBefore(d.inW, startW, d.dilW, d.kW) - firstW;
    const xW = x + <usize>(startW + firstW * d.dilW) * channelBytes;
    if (op == MAX) {
      maxWindow(d, xW, y, tapsD, tapsH, tapsW);
    } else {
      const inside = tapsD * tapsH * tapsW;
      const padded = paddedDH * tapsBefore(d.inW + d.padEndW, startW, d.dilW, d.kW);
      averageWindow(d, xW, y, tapsD, tapsH, tapsW, inside == 0 ? 1 : <f32>(d.countIncludePad ? padded : inside));
    }
    startW += d.strideW;
    y += channelBytes;
  }
}

export function f32_pool_max(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  pool(MAX, descriptorPtr, unitBegin, unitEnd);
}

export function f32_pool_average(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  pool(AVERAGE, descriptorPtr, unitBegin, unitEnd);
}
