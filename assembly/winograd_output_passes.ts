/**
 * Winograd's transform from products to outputs along one axis, on lines of vectors: the lanes are four channels, a line runs along the
 * axis. The matrices are those of src/kernels/winograd_transforms.ts, written out. `width`, a constant, is how many neighbouring vectors
 * are taken at a time, 1 or 2: m is of the first, n of the second.
 * Invariant: all of a line is read before any of it is written, so that a pass may work in place.
 */
import { madd } from "./simd";
import { Pass, VECTOR, pairsOf, put, second } from "./winograd_pass";

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

/** Lines of `points` products to `tile` outputs: of four to two, of six to four, of seven to four or five. */
// @ts-ignore: decorator
@inline
export function outputPass(pass: Pass, points: i32, tile: i32, from: usize, to: usize): void {
  const done = 2 * pairsOf(pass.inner);
  if (done > 0) outputPairs(changetype<usize>(pass), points, tile, from, to);
  if (done < pass.inner) outputSingles(pass, points, tile, done, from, to);
}

/** The inner lines behind the first `done`, one by one. */
function outputSingles(pass: Pass, points: i32, tile: i32, done: i32, from: usize, to: usize): void {
  passLines(1, pass, points, tile, pass.inner - done, from + <usize>done * VECTOR, to + <usize>done * VECTOR);
}

/** The inner lines two by two. */
export function outputPairs(passPtr: usize, points: i32, tile: i32, from: usize, to: usize): void {
  const pass = changetype<Pass>(passPtr);
  passLines(2, pass, points, tile, pass.inner >> 1, from, to);
}

// @ts-ignore: decorator
@inline
function passLines(width: i32, pass: Pass, points: i32, tile: i32, count: i32, from: usize, to: usize): void {
  for (let outer = pass.outer; outer > 0; outer--) {
    let x = from;
    let y = to;
    for (let middle = pass.middle; middle > 0; middle--) {
      outputLines(width, PLAIN, points, tile, pass, count, x, y, 0, 0, 0);
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
// @ts-ignore: decorator
@inline
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
  const done = 2 * pairsOf(pass.inner);
  if (done > 0) finishPairs(changetype<usize>(pass), points, tile, from, to, biasPtr, floor, residual);
  if (done < pass.inner) finishSingles(changetype<usize>(pass), points, tile, done, from, to, biasPtr, floor, residual);
}

/** The inner lines behind the first `done`, one by one. */
export function finishSingles(
  passPtr: usize,
  points: i32,
  tile: i32,
  done: i32,
  from: usize,
  to: usize,
  biasPtr: usize,
  floor: f32,
  residual: usize,
): void {
  const pass = changetype<Pass>(passPtr);
  const at = <usize>done * VECTOR;
  finishLines(1, pass, points, tile, pass.inner - done, from + at, to + at, biasPtr + at, floor, residual);
}

/** The inner lines two by two. */
export function finishPairs(
  passPtr: usize,
  points: i32,
  tile: i32,
  from: usize,
  to: usize,
  biasPtr: usize,
  floor: f32,
  residual: usize,
): void {
  const pass = changetype<Pass>(passPtr);
  finishLines(2, pass, points, tile, pass.inner >> 1, from, to, biasPtr, floor, residual);
}

// @ts-ignore: decorator
@inline
function finishLines(
  width: i32,
  pass: Pass,
  points: i32,
  tile: i32,
  count: i32,
  from: usize,
  to: usize,
  biasPtr: usize,
  floor: f32,
  residual: usize,
): void {
  for (let middle = pass.middle; middle > 0; middle--) {
    if (residual) outputLines(width, ADDED, points, tile, pass, count, from, to, biasPtr, floor, residual);
    else outputLines(width, BIASED, points, tile, pass, count, from, to, biasPtr, floor, 0);
    from += pass.fromMiddle;
    to += pass.toMiddle;
    biasPtr += <usize>pass.inner * VECTOR;
  }
}

// @ts-ignore: decorator
@inline
function outputLines(
  width: i32,
  finish: i32,
  points: i32,
  tile: i32,
  pass: Pass,
  count: i32,
  from: usize,
  to: usize,
  biasPtr: usize,
  floor: f32,
  residual: usize,
): void {
  if (points == 4) outputVectors(width, finish, 4, 2, pass, count, from, to, biasPtr, floor, residual);
  else if (points == 6) outputVectors(width, finish, 6, 4, pass, count, from, to, biasPtr, floor, residual);
  else if (tile == 4) outputVectors(width, finish, 7, 4, pass, count, from, to, biasPtr, floor, residual);
  else outputVectors(width, finish, 7, 5, pass, count, from, to, biasPtr, floor, residual);
}

// @ts-ignore: decorator
@inline
function outputVectors(
  width: i32,
  finish: i32,
  points: i32,
  tile: i32,
  pass: Pass,
  count: i32,
  from: usize,
  to: usize,
  biasPtr: usize,
  floor: f32,
  residual: usize,
): void {
  const step = pass.fromStep, toStep = pass.toStep;
  const floors = f32x4.splat(floor);
  for (; count > 0; count--) {
    const biasX = finish == PLAIN ? floors : v128.load(biasPtr);
    const biasY = finish == PLAIN ? floors : second(width, biasPtr);
    const middle = from + 2 * step;
    const m0 = v128.load(from), n0 = second(width, from);
    const m1 = v128.load(from + step), n1 = second(width, from + step);
    const m2 = v128.load(middle), n2 = second(width, middle);
    const m3 = v128.load(middle + step), n3 = second(width, middle + step);
    if (points == 4) line4(width, finish, m0, m1, m2, m3, n0, n1, n2, n3, to, toStep, biasX, biasY, floors, residual);
    else {
      const last = middle + 2 * step;
      const m4 = v128.load(last), n4 = second(width, last);
      const m5 = v128.load(last + step), n5 = second(width, last + step);
      if (points == 6) {
        line6(
          width, finish,
          m0, m1, m2, m3, m4, m5,
          n0, n1, n2, n3, n4, n5,
          to, toStep, biasX, biasY, floors, residual,
        );
      } else {
        const m6 = v128.load(last + 2 * step), n6 = second(width, last + 2 * step);
        line7(
          width, finish, tile,
          m0, m1, m2, m3, m4, m5, m6,
          n0, n1, n2, n3, n4, n5, n6,
          to, toStep, biasX, biasY, floors, residual,
        );
      }
    }
    from += <usize>width * VECTOR;
    to += <usize>width * VECTOR;
    if (finish != PLAIN) biasPtr += <usize>width * VECTOR;
  }
}

/** Four products to two outputs. */
// @ts-ignore: decorator
@inline
export function outputLine4(m0: v128, m1: v128, m2: v128, m3: v128, to: usize, step: usize): void {
  line4(1, PLAIN, m0, m1, m2, m3, m0, m1, m2, m3, to, step, m0, m0, m0, 0);
}

/** Six products to four outputs. */
// @ts-ignore: decorator
@inline
export function outputLine6(m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, step: usize): void {
  line6(1, PLAIN, m0, m1, m2, m3, m4, m5, m0, m1, m2, m3, m4, m5, to, step, m0, m0, m0, 0);
}

// @ts-ignore: decorator
@inline
function line4(
  width: i32,
  finish: i32,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  n0: v128,
  n1: v128,
  n2: v128,
  n3: v128,
  to: usize,
  step: usize,
  biasX: v128,
  biasY: v128,
  floor: v128,
  residual: usize,
): void {
  putFinished(width, finish, to, f32x4.add(m0, f32x4.add(m1, m2)), f32x4.add(n0, f32x4.add(n1, n2)), biasX, biasY, floor, residual);
  putFinished(
    width, finish, to + step,
    f32x4.add(f32x4.sub(m1, m2), m3),
    f32x4.add(f32x4.sub(n1, n2), n3),
    biasX, biasY, floor, residual,
  );
}

// @ts-ignore: decorator
@inline
function line6(
  width: i32,
  finish: i32,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  n0: v128,
  n1: v128,
  n2: v128,
  n3: v128,
  n4: v128,
  n5: v128,
  to: usize,
  step: usize,
  biasX: v128,
  biasY: v128,
  floor: v128,
  residual: usize,
): void {
  const sumX = f32x4.add(m1, m2), sumY = f32x4.add(n1, n2);
  const differenceX = f32x4.sub(m1, m2), differenceY = f32x4.sub(n1, n2);
  const farSumX = f32x4.add(m3, m4), farSumY = f32x4.add(n3, n4);
  const farDifferenceX = f32x4.sub(m3, m4), farDifferenceY = f32x4.sub(n3, n4);
  putFinished(
    width, finish, to,
    f32x4.add(m0, f32x4.add(sumX, farSumX)),
    f32x4.add(n0, f32x4.add(sumY, farSumY)),
    biasX, biasY, floor, residual,
  );
  putFinished(
    width, finish, to + step,
    madd(farDifferenceX, f32x4.splat(2), differenceX),
    madd(farDifferenceY, f32x4.splat(2), differenceY),
    biasX, biasY, floor, residual,
  );
  putFinished(
    width, finish, to + 2 * step,
    madd(farSumX, f32x4.splat(4), sumX),
    madd(farSumY, f32x4.splat(4), sumY),
    biasX, biasY, floor, residual,
  );
  const lastX = madd(farDifferenceX, f32x4.splat(8), differenceX), lastY = madd(farDifferenceY, f32x4.splat(8), differenceY);
  putFinished(width, finish, to + 3 * step, f32x4.add(lastX, m5), f32x4.add(lastY, n5), biasX, biasY, floor, residual);
}

// @ts-ignore: decorator
@inline
function line7(
  width: i32,
  finish: i32,
  tile: i32,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  m6: v128,
  n0: v128,
  n1: v128,
  n2: v128,
  n3: v128,
  n4: v128,
  n5: v128,
  n6: v128,
  to: usize,
  step: usize,
  biasX: v128,
  biasY: v128,
  floor: v128,
  residual: usize,
): void {
  const half = f32x4.splat(0.5);
  const halfOf6X = f32x4.mul(m6, half), halfOf6Y = f32x4.mul(n6, half);
  const quarterOf6X = f32x4.mul(halfOf6X, half), quarterOf6Y = f32x4.mul(halfOf6Y, half);
  const sumX = f32x4.add(m1, m2), sumY = f32x4.add(n1, n2);
  const differenceX = f32x4.sub(m1, m2), differenceY = f32x4.sub(n1, n2);
  const farSumX = f32x4.add(m3, m4), farSumY = f32x4.add(n3, n4);
  const farDifferenceX = f32x4.sub(m3, m4), farDifferenceY = f32x4.sub(n3, n4);
  putFinished(
    width, finish, to,
    f32x4.add(f32x4.add(m0, m6), f32x4.add(sumX, farSumX)),
    f32x4.add(f32x4.add(n0, n6), f32x4.add(sumY, farSumY)),
    biasX, biasY, floor, residual,
  );
  const oneX = f32x4.add(madd(farDifferenceX, f32x4.splat(2), differenceX), halfOf6X);
  const oneY = f32x4.add(madd(farDifferenceY, f32x4.splat(2), differenceY), halfOf6Y);
  putFinished(width, finish, to + step, oneX, oneY, biasX, biasY, floor, residual);
  const twoX = f32x4.add(madd(farSumX, f32x4.splat(4), sumX), quarterOf6X);
  const twoY = f32x4.add(madd(farSumY, f32x4.splat(4), sumY), quarterOf6Y);
  putFinished(width, finish, to + 2 * step, twoX, twoY, biasX, biasY, floor, residual);
  const threeX = madd(farDifferenceX, f32x4.splat(8), differenceX), threeY = madd(farDifferenceY, f32x4.splat(8), differenceY);
  if (tile == 4) {
    putFinished(
      width, finish, to + 3 * step,
      f32x4.add(threeX, madd(quarterOf6X, half, m5)),
      f32x4.add(threeY, madd(quarterOf6Y, half, n5)),
      biasX, biasY, floor, residual,
    );
    return;
  }
  putFinished(
    width, finish, to + 3 * step,
    madd(quarterOf6X, half, threeX),
    madd(quarterOf6Y, half, threeY),
    biasX, biasY, floor, residual,
  );
  const fourX = madd(farSumX, f32x4.splat(16), sumX), fourY = madd(farSumY, f32x4.splat(16), sumY);
  putFinished(
    width, finish, to + 4 * step,
    f32x4.add(fourX, madd(quarterOf6X, f32x4.splat(0.25), m5)),
    f32x4.add(fourY, madd(quarterOf6Y, f32x4.splat(0.25), n5)),
    biasX, biasY, floor, residual,
  );
}

// @ts-ignore: decorator
@inline
function putFinished(
  width: i32,
  finish: i32,
  to: usize,
  x: v128,
  y: v128,
  biasX: v128,
  biasY: v128,
  floor: v128,
  residual: usize,
): void {
  if (finish != PLAIN) {
    x = f32x4.add(biasX, x);
    y = f32x4.add(biasY, y);
  }
  if (finish == ADDED) {
    x = f32x4.add(x, v128.load(to + residual));
    y = f32x4.add(y, second(width, to + residual));
  }
  // pmax keeps a NaN that comes first.
  if (finish != PLAIN) {
    x = f32x4.pmax(x, floor);
    y = f32x4.pmax(y, floor);
  }
  put(width, to, x, y);
}
