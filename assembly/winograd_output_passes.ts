/**
 * Winograd's transform from products to outputs along one axis, on lines of vectors: the lanes are four channels, a line runs along the
 * axis. The matrices are those of src/kernels/winograd_transforms.ts, written out.
 * Invariant: all of a line is read before any of it is written, so that a pass may work in place.
 */
import { madd } from "./simd";
import { Pass, VECTOR } from "./winograd_pass";

/** Lines of `points` products to `tile` outputs: of four to two, of six to four, of seven to four or five. */
export function outputPass(pass: Pass, points: i32, tile: i32, from: usize, to: usize): void {
  for (let outer = pass.outer; outer > 0; outer--) {
    let x = from;
    let y = to;
    for (let middle = pass.middle; middle > 0; middle--) {
      if (points == 4) outputLines4(pass, x, y);
      else if (points == 6) outputLines6(pass, x, y);
      else if (tile == 4) outputLines7(pass, x, y);
      else outputLines7to5(pass, x, y);
      x += pass.fromMiddle;
      y += pass.toMiddle;
    }
    from += pass.fromOuter;
    to += pass.toOuter;
  }
}

/**
 * The same for one outer line, finished: a bias is added to each vector, then what lies `residual` bytes from the output, unless that
 * is 0; what is below `floor` becomes it.
 */
export function finishPass(
  pass: Pass,
  points: i32,
  tile: i32,
  from: usize,
  to: usize,
  biasPtr: usize,
  floor: f32,
  residual: usize,
): void {
  for (let middle = pass.middle; middle > 0; middle--) {
    if (residual) {
      if (points == 4) addedLines4(pass, from, to, biasPtr, floor, residual);
      else if (points == 6) addedLines6(pass, from, to, biasPtr, floor, residual);
      else if (tile == 4) addedLines7(pass, from, to, biasPtr, floor, residual);
      else addedLines7to5(pass, from, to, biasPtr, floor, residual);
    } else {
      if (points == 4) biasedLines4(pass, from, to, biasPtr, floor);
      else if (points == 6) biasedLines6(pass, from, to, biasPtr, floor);
      else if (tile == 4) biasedLines7(pass, from, to, biasPtr, floor);
      else biasedLines7to5(pass, from, to, biasPtr, floor);
    }
    from += pass.fromMiddle;
    to += pass.toMiddle;
    biasPtr += <usize>pass.inner * VECTOR;
  }
}

/** How outputs are finished: not at all, with bias and floor, or with a residual as well. */
// @ts-ignore: decorator
@inline
const PLAIN: i32 = 0;
// @ts-ignore: decorator
@inline
const BIASED: i32 = 1;
// @ts-ignore: decorator
@inline
const ADDED: i32 = 2;

// One function for each: as one, inlined where lines are counted, they took a tenth longer.

function outputLines4(pass: Pass, from: usize, to: usize): void {
  outputLines(PLAIN, 4, 2, pass, from, to, 0, 0, 0);
}

function outputLines6(pass: Pass, from: usize, to: usize): void {
  outputLines(PLAIN, 6, 4, pass, from, to, 0, 0, 0);
}

function outputLines7(pass: Pass, from: usize, to: usize): void {
  outputLines(PLAIN, 7, 4, pass, from, to, 0, 0, 0);
}

function outputLines7to5(pass: Pass, from: usize, to: usize): void {
  outputLines(PLAIN, 7, 5, pass, from, to, 0, 0, 0);
}

function biasedLines4(pass: Pass, from: usize, to: usize, biasPtr: usize, floor: f32): void {
  outputLines(BIASED, 4, 2, pass, from, to, biasPtr, floor, 0);
}

function biasedLines6(pass: Pass, from: usize, to: usize, biasPtr: usize, floor: f32): void {
  outputLines(BIASED, 6, 4, pass, from, to, biasPtr, floor, 0);
}

function biasedLines7(pass: Pass, from: usize, to: usize, biasPtr: usize, floor: f32): void {
  outputLines(BIASED, 7, 4, pass, from, to, biasPtr, floor, 0);
}

function biasedLines7to5(pass: Pass, from: usize, to: usize, biasPtr: usize, floor: f32): void {
  outputLines(BIASED, 7, 5, pass, from, to, biasPtr, floor, 0);
}

function addedLines4(pass: Pass, from: usize, to: usize, biasPtr: usize, floor: f32, residual: usize): void {
  outputLines(ADDED, 4, 2, pass, from, to, biasPtr, floor, residual);
}

function addedLines6(pass: Pass, from: usize, to: usize, biasPtr: usize, floor: f32, residual: usize): void {
  outputLines(ADDED, 6, 4, pass, from, to, biasPtr, floor, residual);
}

function addedLines7(pass: Pass, from: usize, to: usize, biasPtr: usize, floor: f32, residual: usize): void {
  outputLines(ADDED, 7, 4, pass, from, to, biasPtr, floor, residual);
}

function addedLines7to5(pass: Pass, from: usize, to: usize, biasPtr: usize, floor: f32, residual: usize): void {
  outputLines(ADDED, 7, 5, pass, from, to, biasPtr, floor, residual);
}

// @ts-ignore: decorator
@inline
function outputLines(
  finish: i32,
  points: i32,
  tile: i32,
  pass: Pass,
  from: usize,
  to: usize,
  biasPtr: usize,
  floor: f32,
  residual: usize,
): void {
  const step = pass.fromStep, toStep = pass.toStep;
  const floors = f32x4.splat(floor);
  for (let line = pass.inner; line > 0; line--) {
    const bias = finish == PLAIN ? floors : v128.load(biasPtr);
    const second = from + 2 * step;
    const m0 = v128.load(from);
    const m1 = v128.load(from + step);
    const m2 = v128.load(second);
    const m3 = v128.load(second + step);
    if (points == 4) line4(finish, m0, m1, m2, m3, to, toStep, bias, floors, residual);
    else {
      const third = second + 2 * step;
      const m4 = v128.load(third);
      const m5 = v128.load(third + step);
      if (points == 6) line6(finish, m0, m1, m2, m3, m4, m5, to, toStep, bias, floors, residual);
      else {
        const m6 = v128.load(third + 2 * step);
        line7(finish, tile, m0, m1, m2, m3, m4, m5, m6, to, toStep, bias, floors, residual);
      }
    }
    from += VECTOR;
    to += VECTOR;
    if (finish != PLAIN) biasPtr += VECTOR;
  }
}

/** Four products to two outputs. */
// @ts-ignore: decorator
@inline
export function outputLine4(m0: v128, m1: v128, m2: v128, m3: v128, to: usize, step: usize): void {
  line4(PLAIN, m0, m1, m2, m3, to, step, m0, m0, 0);
}

/** Six products to four outputs. */
// @ts-ignore: decorator
@inline
export function outputLine6(m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, step: usize): void {
  line6(PLAIN, m0, m1, m2, m3, m4, m5, to, step, m0, m0, 0);
}

// @ts-ignore: decorator
@inline
function line4(
  finish: i32,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  to: usize,
  step: usize,
  bias: v128,
  floor: v128,
  residual: usize,
): void {
  put(finish, to, f32x4.add(m0, f32x4.add(m1, m2)), bias, floor, residual);
  put(finish, to + step, f32x4.add(f32x4.sub(m1, m2), m3), bias, floor, residual);
}

// @ts-ignore: decorator
@inline
function line6(
  finish: i32,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  to: usize,
  step: usize,
  bias: v128,
  floor: v128,
  residual: usize,
): void {
  const sum = f32x4.add(m1, m2);
  const difference = f32x4.sub(m1, m2);
  const farSum = f32x4.add(m3, m4);
  const farDifference = f32x4.sub(m3, m4);
  put(finish, to, f32x4.add(m0, f32x4.add(sum, farSum)), bias, floor, residual);
  put(finish, to + step, madd(farDifference, f32x4.splat(2), difference), bias, floor, residual);
  put(finish, to + 2 * step, madd(farSum, f32x4.splat(4), sum), bias, floor, residual);
  const last = madd(farDifference, f32x4.splat(8), difference);
  put(finish, to + 3 * step, f32x4.add(last, m5), bias, floor, residual);
}

// @ts-ignore: decorator
@inline
function line7(
  finish: i32,
  tile: i32,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  m6: v128,
  to: usize,
  step: usize,
  bias: v128,
  floor: v128,
  residual: usize,
): void {
  const half = f32x4.splat(0.5);
  const halfOf6 = f32x4.mul(m6, half);
  const quarterOf6 = f32x4.mul(halfOf6, half);
  const sum = f32x4.add(m1, m2);
  const difference = f32x4.sub(m1, m2);
  const farSum = f32x4.add(m3, m4);
  const farDifference = f32x4.sub(m3, m4);
  put(finish, to, f32x4.add(f32x4.add(m0, m6), f32x4.add(sum, farSum)), bias, floor, residual);
  const y1 = f32x4.add(madd(farDifference, f32x4.splat(2), difference), halfOf6);
  put(finish, to + step, y1, bias, floor, residual);
  const y2 = f32x4.add(madd(farSum, f32x4.splat(4), sum), quarterOf6);
  put(finish, to + 2 * step, y2, bias, floor, residual);
  const y3 = madd(farDifference, f32x4.splat(8), difference);
  if (tile == 4) {
    put(finish, to + 3 * step, f32x4.add(y3, madd(quarterOf6, half, m5)), bias, floor, residual);
    return;
  }
  put(finish, to + 3 * step, madd(quarterOf6, half, y3), bias, floor, residual);
  const y4 = madd(farSum, f32x4.splat(16), sum);
  put(finish, to + 4 * step, f32x4.add(y4, madd(quarterOf6, f32x4.splat(0.25), m5)), bias, floor, residual);
}

// @ts-ignore: decorator
@inline
function put(finish: i32, to: usize, value: v128, bias: v128, floor: v128, residual: usize): void {
  if (finish != PLAIN) value = f32x4.add(bias, value);
  if (finish == ADDED) value = f32x4.add(value, v128.load(to + residual));
  // pmax keeps a NaN that comes first.
  if (finish != PLAIN) value = f32x4.pmax(value, floor);
  v128.store(to, value);
}
