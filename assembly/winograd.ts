/**
 * f32_winograd_input, f32_winograd_output: the transforms around the grouped convolution that multiplies. Lanes along
 * channels. The matrices are those of src/kernels/winograd.ts, written out.
 */
import { activate } from "./activation";
import { loadLanes, storeLanes } from "./lanes";
import { ceilDiv } from "./rows";
import { madd } from "./simd";

// @ts-ignore: decorator
@unmanaged
class WinogradInputDescriptor {
  xPtr: usize;
  yPtr: usize;
  outer: i32;
  inSize: i32;
  tiles: i32;
  tile: i32;
  pad: i32;
  positions: i32;
  channels: i32;
  rowBlock: i32;
}

// @ts-ignore: decorator
@unmanaged
class WinogradOutputDescriptor {
  xPtr: usize;
  yPtr: usize;
  outer: i32;
  outSize: i32;
  tiles: i32;
  tile: i32;
  positions: i32;
  channels: i32;
  biasPtr: usize;
  residualPtr: usize;
  activation: i32;
  alpha: f32;
  beta: f32;
  rowBlock: i32;
}

/** Address of an input slice's first row, or of the zeros where the slice lies outside. */
// @ts-ignore: decorator
@inline
function sliceOf(d: WinogradInputDescriptor, outer: i32, slice: i32, offset: usize, zeros: usize): usize {
  if (<u32>slice >= <u32>d.inSize) return zeros;
  return d.xPtr + <usize>(outer * d.inSize + slice) * <usize>d.positions * (<usize>d.channels << 2) + offset;
}

/** Bytes to the next position of a slice: none where it is the row of zeros. */
// @ts-ignore: decorator
@inline
function strideOf(d: WinogradInputDescriptor, slice: i32): usize {
  return <u32>slice >= <u32>d.inSize ? 0 : <usize>d.channels << 2;
}

export function f32_winograd_input(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<WinogradInputDescriptor>(descriptorPtr);
  memory.fill(scratchPtr, 0, <usize>d.channels << 2);
  const blocks = ceilDiv(d.positions, d.rowBlock);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const tileIndex = unit / blocks;
    const first = (unit % blocks) * d.rowBlock;
    const count = min(d.rowBlock, d.positions - first);
    if (d.tile == 2) inputTile2(d, tileIndex, first, count, scratchPtr);
    else inputTile4(d, tileIndex, first, count, scratchPtr);
  }
}

function inputTile2(d: WinogradInputDescriptor, tileIndex: i32, first: i32, count: i32, zeros: usize): void {
  const outer = tileIndex / d.tiles;
  const slice = (tileIndex % d.tiles) * 2 - d.pad;
  const rowBytes = <usize>d.channels << 2;
  const offset = <usize>first * rowBytes;
  let p0 = sliceOf(d, outer, slice, offset, zeros);
  let p1 = sliceOf(d, outer, slice + 1, offset, zeros);
  let p2 = sliceOf(d, outer, slice + 2, offset, zeros);
  let p3 = sliceOf(d, outer, slice + 3, offset, zeros);
  let y = d.yPtr + (<usize>tileIndex * <usize>d.positions + <usize>first) * rowBytes * 4;
  for (let position = 0; position < count; position++) {
    for (let c = 0; c < d.channels; c += 4) {
      const lanes = min(4, d.channels - c);
      const at = <usize>c << 2;
      const x1 = loadLanes(p1 + at, lanes);
      const x2 = loadLanes(p2 + at, lanes);
      const to = y + at;
      storeLanes(to, f32x4.sub(loadLanes(p0 + at, lanes), x2), lanes);
      storeLanes(to + rowBytes, f32x4.add(x1, x2), lanes);
      storeLanes(to + 2 * rowBytes, f32x4.sub(x2, x1), lanes);
      storeLanes(to + 3 * rowBytes, f32x4.sub(x1, loadLanes(p3 + at, lanes)), lanes);
    }
    p0 += strideOf(d, slice);
    p1 += strideOf(d, slice + 1);
    p2 += strideOf(d, slice + 2);
    p3 += strideOf(d, slice + 3);
    y += 4 * rowBytes;
  }
}

function inputTile4(d: WinogradInputDescriptor, tileIndex: i32, first: i32, count: i32, zeros: usize): void {
  const outer = tileIndex / d.tiles;
  const slice = (tileIndex % d.tiles) * 4 - d.pad;
  const rowBytes = <usize>d.channels << 2;
  const offset = <usize>first * rowBytes;
  let p0 = sliceOf(d, outer, slice, offset, zeros);
  let p1 = sliceOf(d, outer, slice + 1, offset, zeros);
  let p2 = sliceOf(d, outer, slice + 2, offset, zeros);
  let p3 = sliceOf(d, outer, slice + 3, offset, zeros);
  let p4 = sliceOf(d, outer, slice + 4, offset, zeros);
  let p5 = sliceOf(d, outer, slice + 5, offset, zeros);
  let y = d.yPtr + (<usize>tileIndex * <usize>d.positions + <usize>first) * rowBytes * 6;
  const two = f32x4.splat(2);
  const four = f32x4.splat(4);
  const minusFour = f32x4.splat(-4);
  const minusFive = f32x4.splat(-5);
  for (let position = 0; position < count; position++) {
    for (let c = 0; c < d.channels; c += 4) {
      const lanes = min(4, d.channels - c);
      const at = <usize>c << 2;
      const x1 = loadLanes(p1 + at, lanes);
      const x2 = loadLanes(p2 + at, lanes);
      const x3 = loadLanes(p3 + at, lanes);
      const x4 = loadLanes(p4 + at, lanes);
      const to = y + at;
      storeLanes(to, madd(loadLanes(p0 + at, lanes), four, madd(x2, minusFive, x4)), lanes);
      const even = madd(x2, minusFour, x4);
      const odd = madd(x1, minusFour, x3);
      storeLanes(to + rowBytes, f32x4.add(even, odd), lanes);
      storeLanes(to + 2 * rowBytes, f32x4.sub(even, odd), lanes);
      const far = f32x4.sub(x4, x2);
      const near = f32x4.mul(f32x4.sub(x3, x1), two);
      storeLanes(to + 3 * rowBytes, f32x4.add(far, near), lanes);
      storeLanes(to + 4 * rowBytes, f32x4.sub(far, near), lanes);
      storeLanes(to + 5 * rowBytes, madd(x1, four, madd(x3, minusFive, loadLanes(p5 + at, lanes))), lanes);
    }
    p0 += strideOf(d, slice);
    p1 += strideOf(d, slice + 1);
    p2 += strideOf(d, slice + 2);
    p3 += strideOf(d, slice + 3);
    p4 += strideOf(d, slice + 4);
    p5 += strideOf(d, slice + 5);
    y += 6 * rowBytes;
  }
}

export function f32_winograd_output(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<WinogradOutputDescriptor>(descriptorPtr);
  const blocks = ceilDiv(d.positions, d.rowBlock);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const tileIndex = unit / blocks;
    const first = (unit % blocks) * d.rowBlock;
    const last = first + min(d.rowBlock, d.positions - first);
    for (let position = first; position < last; position++) {
      if (d.tile == 2) outputTile2(d, tileIndex, position);
      else outputTile4(d, tileIndex, position);
    }
  }
}

/** Stores activation(value + residual) of output slice `slice` at byte `at` of a slice's data; slices beyond the last are dropped. */
// @ts-ignore: decorator
@inline
function storeSlice(d: WinogradOutputDescriptor, slice: i32, end: i32, at: usize, value: v128, lanes: i32): void {
  if (slice >= end) return;
  const offset = <usize>slice * <usize>d.positions * (<usize>d.channels << 2) + at;
  const sum = d.residualPtr ? f32x4.add(value, loadLanes(d.residualPtr + offset, lanes)) : value;
  storeLanes(d.yPtr + offset, activate(sum, d.activation, d.alpha, d.beta), lanes);
}

function outputTile2(d: WinogradOutputDescriptor, tileIndex: i32, position: i32): void {
  const outer = tileIndex / d.tiles;
  const slice = outer * d.outSize + (tileIndex % d.tiles) * 2;
  const end = (outer + 1) * d.outSize;
  const rowBytes = <usize>d.channels << 2;
  const x = d.xPtr + (<usize>tileIndex * <usize>d.positions + <usize>position) * rowBytes * 4;
  for (let c = 0; c < d.channels; c += 4) {
    const lanes = min(4, d.channels - c);
    const at = <usize>c << 2;
    const m1 = loadLanes(x + rowBytes + at, lanes);
    const m2 = loadLanes(x + 2 * rowBytes + at, lanes);
    const bias = d.biasPtr ? loadLanes(d.biasPtr + at, lanes) : f32x4.splat(0);
    const y0 = f32x4.add(loadLanes(x + at, lanes), f32x4.add(m1, m2));
    const y1 = f32x4.sub(f32x4.sub(m1, m2), loadLanes(x + 3 * rowBytes + at, lanes));
    const to = <usize>position * rowBytes + at;
    storeSlice(d, slice, end, to, f32x4.add(bias, y0), lanes);
    storeSlice(d, slice + 1, end, to, f32x4.add(bias, y1), lanes);
  }
}

function outputTile4(d: WinogradOutputDescriptor, tileIndex: i32, position: i32): void {
  const outer = tileIndex / d.tiles;
  const slice = outer * d.outSize + (tileIndex % d.tiles) * 4;
  const end = (outer + 1) * d.outSize;
  const rowBytes = <usize>d.channels << 2;
  const x = d.xPtr + (<usize>tileIndex * <usize>d.positions + <usize>position) * rowBytes * 6;
  for (let c = 0; c < d.channels; c += 4) {
    const lanes = min(4, d.channels - c);
    const at = <usize>c << 2;
    const m1 = loadLanes(x + rowBytes + at, lanes);
    const m2 = loadLanes(x + 2 * rowBytes + at, lanes);
    const m3 = loadLanes(x + 3 * rowBytes + at, lanes);
    const m4 = loadLanes(x + 4 * rowBytes + at, lanes);
    const bias = d.biasPtr ? loadLanes(d.biasPtr + at, lanes) : f32x4.splat(0);
    const sum = f32x4.add(m1, m2);
    const difference = f32x4.sub(m1, m2);
    const farSum = f32x4.add(m3, m4);
    const farDifference = f32x4.sub(m3, m4);
    const y0 = f32x4.add(loadLanes(x + at, lanes), f32x4.add(sum, farSum));
    const y1 = madd(farDifference, f32x4.splat(2), difference);
    const y2 = madd(farSum, f32x4.splat(4), sum);
    const y3 = f32x4.add(madd(farDifference, f32x4.splat(8), difference), loadLanes(x + 5 * rowBytes + at, lanes));
    const to = <usize>position * rowBytes + at;
    storeSlice(d, slice, end, to, f32x4.add(bias, y0), lanes);
    storeSlice(d, slice + 1, end, to, f32x4.add(bias, y1), lanes);
    storeSlice(d, slice + 2, end, to, f32x4.add(bias, y2), lanes);
    storeSlice(d, slice + 3, end, to, f32x4.add(bias, y3), lanes);
  }
}
