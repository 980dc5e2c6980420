/**
 * f32_reduce_mean, f32_reduce_max: over the middle dimension, lanes along the inner one.
 * Invariant: a value's chunks of 256 are combined first, then the chunks in order, whatever its lane.
 */
import { loadLanes, storeLanes } from "./lanes";
import { ceilDiv } from "./rows";

// @ts-ignore: decorator
@unmanaged
class ReduceDescriptor {
  xPtr: usize;
  yPtr: usize;
  outer: i32;
  count: i32;
  inner: i32;
}

// @ts-ignore: decorator
@inline
const CHUNK: i32 = 256;
// @ts-ignore: decorator
@inline
const INNER_BLOCK: i32 = 64;

// @ts-ignore: decorator
@inline
const MAX: i32 = 0;
// @ts-ignore: decorator
@inline
const MEAN: i32 = 1;

// @ts-ignore: decorator
@inline
function initial(op: i32): v128 {
  return f32x4.splat(op == MAX ? -Infinity : 0);
}

// @ts-ignore: decorator
@inline
function combine(op: i32, sum: v128, value: v128): v128 {
  return op == MAX ? f32x4.max(sum, value) : f32x4.add(sum, value);
}

// @ts-ignore: decorator
@inline
function finish(op: i32, total: v128, count: i32): v128 {
  return op == MAX ? total : f32x4.div(total, f32x4.splat(<f32>count));
}

/** `inner` values from x and y on, `stride` bytes between a value's elements. */
// @ts-ignore: decorator
@inline
function reduceBlock(op: i32, x: usize, y: usize, inner: i32, count: i32, stride: usize): void {
  let left = inner;
  for (; left >= 16; left -= 16) {
    let t0 = initial(op);
    let t1 = initial(op);
    let t2 = initial(op);
    let t3 = initial(op);
    let at = x;
    for (let i = 0; i < count; i += CHUNK) {
      let s0 = initial(op);
      let s1 = initial(op);
      let s2 = initial(op);
      let s3 = initial(op);
      for (let chunk = min(CHUNK, count - i); chunk > 0; chunk--) {
        s0 = combine(op, s0, v128.load(at));
        s1 = combine(op, s1, v128.load(at, 16));
        s2 = combine(op, s2, v128.load(at, 32));
        s3 = combine(op, s3, v128.load(at, 48));
        at += stride;
      }
      t0 = combine(op, t0, s0);
      t1 = combine(op, t1, s1);
      t2 = combine(op, t2, s2);
      t3 = combine(op, t3, s3);
    }
    v128.store(y, finish(op, t0, count));
    v128.store(y, finish(op, t1, count), 16);
    v128.store(y, finish(op, t2, count), 32);
    v128.store(y, finish(op, t3, count), 48);
    x += 64;
    y += 64;
  }
  for (; left >= 4; left -= 4) {
    storeLanes(y, reduceLanes(op, x, count, stride, 4), 4);
    x += 16;
    y += 16;
  }
  if (left > 0) storeLanes(y, reduceLanes(op, x, count, stride, left), left);
}

/** Up to four values. */
// @ts-ignore: decorator
@inline
function reduceLanes(op: i32, x: usize, count: i32, stride: usize, lanes: i32): v128 {
  let total = initial(op);
  for (let i = 0; i < count; i += CHUNK) {
    let sum = initial(op);
    for (let chunk = min(CHUNK, count - i); chunk > 0; chunk--) {
      sum = combine(op, sum, loadLanes(x, lanes));
      x += stride;
    }
    total = combine(op, total, sum);
  }
  return finish(op, total, count);
}

function maxBlock(x: usize, y: usize, inner: i32, count: i32, stride: usize): void {
  reduceBlock(MAX, x, y, inner, count, stride);
}

function meanBlock(x: usize, y: usize, inner: i32, count: i32, stride: usize): void {
  reduceBlock(MEAN, x, y, inner, count, stride);
}

function reduce(op: i32, descriptorPtr: usize, unitBegin: i32, unitEnd: i32): void {
  const d = changetype<ReduceDescriptor>(descriptorPtr);
  const blocks = ceilDiv(d.inner, INNER_BLOCK);
  const stride = <usize>d.inner << 2;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const outer = <usize>(unit / blocks);
    const first = (unit % blocks) * INNER_BLOCK;
    const inner = min(INNER_BLOCK, d.inner - first);
    const x = d.xPtr + outer * <usize>d.count * stride + (<usize>first << 2);
    const y = d.yPtr + outer * stride + (<usize>first << 2);
    if (op == MAX) maxBlock(x, y, inner, d.count, stride);
    else meanBlock(x, y, inner, d.count, stride);
  }
}

export function f32_reduce_mean(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  reduce(MEAN, descriptorPtr, unitBegin, unitEnd);
}

export function f32_reduce_max(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  reduce(MAX, descriptorPtr, unitBegin, unitEnd);
}
