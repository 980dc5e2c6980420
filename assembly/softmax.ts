/**
 * f32_softmax, f32_log_softmax: over the middle dimension. Lanes run along the inner one; where that has size 1, along the outer.
 * Invariant: each line is one chain in order along the middle dimension, whatever its lane.
 */
import { exp } from "./exp";
import { gatherLanes, loadLanes, scatterLanes, storeLanes } from "./lanes";
import { ceilDiv } from "./rows";

// @ts-ignore: decorator
@unmanaged
class SoftmaxDescriptor {
  xPtr: usize;
  yPtr: usize;
  outer: i32;
  count: i32;
  inner: i32;
}

// @ts-ignore: decorator
@inline
const INNER_BLOCK: i32 = 64;

/** Natural logarithm of each lane. */
function log(x: v128): v128 {
  let y = f32x4.splat(Mathf.log(f32x4.extract_lane(x, 0)));
  y = f32x4.replace_lane(y, 1, Mathf.log(f32x4.extract_lane(x, 1)));
  y = f32x4.replace_lane(y, 2, Mathf.log(f32x4.extract_lane(x, 2)));
  return f32x4.replace_lane(y, 3, Mathf.log(f32x4.extract_lane(x, 3)));
}

// @ts-ignore: decorator
@inline
function read(ptr: usize, laneStride: usize, lanes: i32): v128 {
  return laneStride == 4 ? loadLanes(ptr, lanes) : gatherLanes(ptr, laneStride, lanes);
}

// @ts-ignore: decorator
@inline
function write(ptr: usize, laneStride: usize, value: v128, lanes: i32): void {
  if (laneStride == 4) storeLanes(ptr, value, lanes);
  else scatterLanes(ptr, laneStride, value, lanes);
}

/** One line per lane: `stride` bytes between a line's elements, `laneStride` bytes between lines. */
// @ts-ignore: decorator
@inline
function lines(isLog: bool, x: usize, y: usize, count: i32, stride: usize, laneStride: usize, lanes: i32): void {
  let maximum = f32x4.splat(-Infinity);
  let at = x;
  for (let i = 0; i < count; i++) {
    maximum = f32x4.max(maximum, read(at, laneStride, lanes));
    at += stride;
  }
  let sum = f32x4.splat(0);
  let to = y;
  at = x;
  for (let i = 0; i < count; i++) {
    const power = exp(f32x4.sub(read(at, laneStride, lanes), maximum));
    sum = f32x4.add(sum, power);
    if (!isLog) write(to, laneStride, power, lanes);
    at += stride;
    to += stride;
  }
  const logSum = isLog ? log(sum) : sum;
  at = x;
  to = y;
  for (let i = 0; i < count; i++) {
    const value = isLog
      ? f32x4.sub(f32x4.sub(read(at, laneStride, lanes), maximum), logSum)
      : f32x4.div(read(to, laneStride, lanes), sum);
    write(to, laneStride, value, lanes);
    at += stride;
    to += stride;
  }
}

function softmaxLines(x: usize, y: usize, count: i32, stride: usize, laneStride: usize, lanes: i32): void {
  lines(false, x, y, count, stride, laneStride, lanes);
}

function logSoftmaxLines(x: usize, y: usize, count: i32, stride: usize, laneStride: usize, lanes: i32): void {
  lines(true, x, y, count, stride, laneStride, lanes);
}

function linesOf(isLog: bool, x: usize, y: usize, count: i32, stride: usize, laneStride: usize, lanes: i32): void {
  if (isLog) logSoftmaxLines(x, y, count, stride, laneStride, lanes);
  else softmaxLines(x, y, count, stride, laneStride, lanes);
}

function softmax(isLog: bool, descriptorPtr: usize, unitBegin: i32, unitEnd: i32): void {
  const d = changetype<SoftmaxDescriptor>(descriptorPtr);
  const outerBytes = <usize>d.count * (<usize>d.inner << 2);
  if (d.inner == 1) {
    for (let unit = unitBegin; unit < unitEnd; unit += 4) {
      const offset = <usize>unit * outerBytes;
      linesOf(isLog, d.xPtr + offset, d.yPtr + offset, d.count, 4, outerBytes, min(4, unitEnd - unit));
    }
    return;
  }
  const blocks = ceilDiv(d.inner, INNER_BLOCK);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = (unit % blocks) * INNER_BLOCK;
    let offset = <usize>(unit / blocks) * outerBytes + (<usize>first << 2);
    for (let left = min(INNER_BLOCK, d.inner - first); left > 0; left -= 4) {
      linesOf(isLog, d.xPtr + offset, d.yPtr + offset, d.count, <usize>d.inner << 2, 4, min(4, left));
      offset += 16;
    }
  }
}

export function f32_softmax(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  softmax(false, descriptorPtr, unitBegin, unitEnd);
}

export function f32_log_softmax(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  softmax(true, descriptorPtr, unitBegin, unitEnd);
}
