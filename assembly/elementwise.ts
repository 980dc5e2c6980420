/**
 * f32_unary, f32_add, f32_sub, f32_mul, f32_div, f32_prelu, f32_affine: y from values at the same place.
 * Invariant: a value's bits depend on its own operands alone, never on its lane.
 */
import { activate } from "./activation";
import { gatherLanes, loadLanes, storeLanes } from "./lanes";
import { ceilDiv, rowCount, rowOffsetBytes, SEGMENT } from "./rows";

// @ts-ignore: decorator
@unmanaged
class UnaryDescriptor {
  xPtr: usize;
  yPtr: usize;
  count: i32;
  activation: i32;
  alpha: f32;
  beta: f32;
  block: i32;
}

export function f32_unary(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<UnaryDescriptor>(descriptorPtr);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = unit * d.block;
    let x = d.xPtr + (<usize>first << 2);
    let y = d.yPtr + (<usize>first << 2);
    let left = min(d.block, d.count - first);
    for (; left >= 4; left -= 4) {
      v128.store(y, activate(v128.load(x), d.activation, d.alpha, d.beta));
      x += 16;
      y += 16;
    }
    if (left > 0) storeLanes(y, activate(loadLanes(x, left), d.activation, d.alpha, d.beta), left);
  }
}

// @ts-ignore: decorator
@unmanaged
class BinaryDescriptor {
  aPtr: usize;
  bPtr: usize;
  yPtr: usize;
  dim0: i32;
  dim1: i32;
  dim2: i32;
  dim3: i32;
  dim4: i32;
  dim5: i32;
  aStride0: i32;
  aStride1: i32;
  aStride2: i32;
  aStride3: i32;
  aStride4: i32;
  aStride5: i32;
  bStride0: i32;
  bStride1: i32;
  bStride2: i32;
  bStride3: i32;
  bStride4: i32;
  bStride5: i32;
  activation: i32;
  alpha: f32;
  beta: f32;
  rowBlock: i32;
}

// @ts-ignore: decorator
@inline
const ADD: i32 = 0;
// @ts-ignore: decorator
@inline
const SUB: i32 = 1;
// @ts-ignore: decorator
@inline
const MUL: i32 = 2;
// @ts-ignore: decorator
@inline
const DIV: i32 = 3;
// @ts-ignore: decorator
@inline
const PRELU: i32 = 4;

/** `op` is a constant wherever this is inlined. */
// @ts-ignore: decorator
@inline
function combine(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUB) return f32x4.sub(a, b);
  if (op == MUL) return f32x4.mul(a, b);
  if (op == DIV) return f32x4.div(a, b);
  return v128.bitselect(f32x4.mul(a, b), a, f32x4.lt(a, f32x4.splat(0)));
}

/** Four elements of a row from ptr on, `stride` elements apart. */
// @ts-ignore: decorator
@inline
function four(ptr: usize, stride: i32): v128 {
  if (stride == 1) return v128.load(ptr);
  if (stride == 0) return v128.load32_splat(ptr);
  return gatherLanes(ptr, <usize>stride << 2, 4);
}

// @ts-ignore: decorator
@inline
function combineRow(
  op: i32,
  d: BinaryDescriptor,
  a: usize,
  aStride: i32,
  b: usize,
  bStride: i32,
  y: usize,
  count: i32,
): void {
  const aStep = <usize>aStride << 2;
  const bStep = <usize>bStride << 2;
  let left = count;
  for (; left >= 4; left -= 4) {
    v128.store(y, activate(combine(op, four(a, aStride), four(b, bStride)), d.activation, d.alpha, d.beta));
    a += 4 * aStep;
    b += 4 * bStep;
    y += 16;
  }
  if (left > 0) {
    const value = combine(op, gatherLanes(a, aStep, left), gatherLanes(b, bStep, left));
    storeLanes(y, activate(value, d.activation, d.alpha, d.beta), left);
  }
}

/** One copy of the loop for each common pair of strides, and one for the others. */
// @ts-ignore: decorator
@inline
function row(op: i32, d: BinaryDescriptor, a: usize, b: usize, y: usize, count: i32): void {
  const aStride = d.aStride5;
  const bStride = d.bStride5;
  if (aStride == 1 && bStride == 1) combineRow(op, d, a, 1, b, 1, y, count);
  else if (aStride == 1 && bStride == 0) combineRow(op, d, a, 1, b, 0, y, count);
  else if (aStride == 0 && bStride == 1) combineRow(op, d, a, 0, b, 1, y, count);
  else combineRow(op, d, a, aStride, b, bStride, y, count);
}

function addRow(d: BinaryDescriptor, a: usize, b: usize, y: usize, count: i32): void {
  row(ADD, d, a, b, y, count);
}

function subRow(d: BinaryDescriptor, a: usize, b: usize, y: usize, count: i32): void {
  row(SUB, d, a, b, y, count);
}

function mulRow(d: BinaryDescriptor, a: usize, b: usize, y: usize, count: i32): void {
  row(MUL, d, a, b, y, count);
}

function divRow(d: BinaryDescriptor, a: usize, b: usize, y: usize, count: i32): void {
  row(DIV, d, a, b, y, count);
}

function preluRow(d: BinaryDescriptor, a: usize, b: usize, y: usize, count: i32): void {
  row(PRELU, d, a, b, y, count);
}

function rowOf(op: i32, d: BinaryDescriptor, a: usize, b: usize, y: usize, count: i32): void {
  if (op == ADD) addRow(d, a, b, y, count);
  else if (op == SUB) subRow(d, a, b, y, count);
  else if (op == MUL) mulRow(d, a, b, y, count);
  else if (op == DIV) divRow(d, a, b, y, count);
  else preluRow(d, a, b, y, count);
}

function binary(op: i32, descriptorPtr: usize, unitBegin: i32, unitEnd: i32): void {
  const d = changetype<BinaryDescriptor>(descriptorPtr);
  const dimsPtr = descriptorPtr + offsetof<BinaryDescriptor>("dim0");
  const aStridesPtr = descriptorPtr + offsetof<BinaryDescriptor>("aStride0");
  const bStridesPtr = descriptorPtr + offsetof<BinaryDescriptor>("bStride0");
  const rows = rowCount(dimsPtr);
  const segments = ceilDiv(d.dim5, SEGMENT);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const column = (unit % segments) * SEGMENT;
    const columns = min(SEGMENT, d.dim5 - column);
    const aColumn = d.aPtr + (<usize>(column * d.aStride5) << 2);
    const bColumn = d.bPtr + (<usize>(column * d.bStride5) << 2);
    let at = (unit / segments) * d.rowBlock;
    let left = min(d.rowBlock, rows - at);
    while (left > 0) {
      const run = min(d.dim4 - at % d.dim4, left);
      let a = aColumn + rowOffsetBytes(at, dimsPtr, aStridesPtr, 4);
      let b = bColumn + rowOffsetBytes(at, dimsPtr, bStridesPtr, 4);
      let y = d.yPtr + ((<usize>at * <usize>d.dim5 + <usize>column) << 2);
      for (let i = 0; i < run; i++) {
        rowOf(op, d, a, b, y, columns);
        a += <usize>d.aStride4 << 2;
        b += <usize>d.bStride4 << 2;
        y += <usize>d.dim5 << 2;
      }
      at += run;
      left -= run;
    }
  }
}

export function f32_add(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  binary(ADD, descriptorPtr, unitBegin, unitEnd);
}

export function f32_sub(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  binary(SUB, descriptorPtr, unitBegin, unitEnd);
}

export function f32_mul(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  binary(MUL, descriptorPtr, unitBegin, unitEnd);
}

export function f32_div(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  binary(DIV, descriptorPtr, unitBegin, unitEnd);
}

export function f32_prelu(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  binary(PRELU, descriptorPtr, unitBegin, unitEnd);
}

// @ts-ignore: decorator
@unmanaged
class AffineDescriptor {
  xPtr: usize;
  yPtr: usize;
  scalePtr: usize;
  shiftPtr: usize;
  rows: i32;
  channels: i32;
  activation: i32;
  alpha: f32;
  beta: f32;
  rowBlock: i32;
}

export function f32_affine(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<AffineDescriptor>(descriptorPtr);
  const rowBytes = <usize>d.channels << 2;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = unit * d.rowBlock;
    const count = min(d.rowBlock, d.rows - first);
    for (let i = 0; i < count; i++) {
      const offset = <usize>(first + i) * rowBytes;
      affineRow(d, d.xPtr + offset, d.yPtr + offset);
    }
  }
}

function affineRow(d: AffineDescriptor, x: usize, y: usize): void {
  let scale = d.scalePtr;
  let shift = d.shiftPtr;
  let left = d.channels;
  for (; left >= 4; left -= 4) {
    const value = f32x4.add(f32x4.mul(v128.load(x), v128.load(scale)), v128.load(shift));
    v128.store(y, activate(value, d.activation, d.alpha, d.beta));
    x += 16;
    y += 16;
    scale += 16;
    shift += 16;
  }
  if (left > 0) {
    const scaled = f32x4.mul(loadLanes(x, left), loadLanes(scale, left));
    const value = f32x4.add(scaled, loadLanes(shift, left));
    storeLanes(y, activate(value, d.activation, d.alpha, d.beta), left);
  }
}
