/**
 * Winograd's transform from inputs to points along one axis, on lines of vectors: the lanes are four channels, a line runs along the
 * axis. The matrices are those of src/kernels/winograd_transforms.ts, written out. `width`, a constant, is how many neighbouring vectors
 * are taken at a time, 1 or 2: x is the first, y the second.
 * Invariant: all of a line is read before any of it is written, so that a pass may work in place.
 */
import { madd } from "./simd";
import { Pass, VECTOR, pairsOf, put, second } from "./winograd_pass";

/** Four inputs to four points: 0, 1, -1, infinity. */
// @ts-ignore: decorator
@inline
export function inputVectors4(
  width: i32,
  x0: v128,
  x1: v128,
  x2: v128,
  x3: v128,
  y0: v128,
  y1: v128,
  y2: v128,
  y3: v128,
  to: usize,
  step: usize,
): void {
  put(width, to, f32x4.sub(x0, x2), f32x4.sub(y0, y2));
  put(width, to + step, f32x4.add(x1, x2), f32x4.add(y1, y2));
  put(width, to + 2 * step, f32x4.sub(x2, x1), f32x4.sub(y2, y1));
  put(width, to + 3 * step, f32x4.sub(x3, x1), f32x4.sub(y3, y1));
}

/** Six inputs to six points: 0, 1, -1, 2, -2, infinity. */
// @ts-ignore: decorator
@inline
export function inputVectors6(
  width: i32,
  x0: v128,
  x1: v128,
  x2: v128,
  x3: v128,
  x4: v128,
  x5: v128,
  y0: v128,
  y1: v128,
  y2: v128,
  y3: v128,
  y4: v128,
  y5: v128,
  to: usize,
  step: usize,
): void {
  const four = f32x4.splat(4);
  const minusFour = f32x4.splat(-4);
  const minusFive = f32x4.splat(-5);
  put(width, to, madd(x0, four, madd(x2, minusFive, x4)), madd(y0, four, madd(y2, minusFive, y4)));
  const evenX = madd(x2, minusFour, x4);
  const evenY = madd(y2, minusFour, y4);
  const oddX = madd(x1, minusFour, x3);
  const oddY = madd(y1, minusFour, y3);
  to += step;
  put(width, to, f32x4.add(evenX, oddX), f32x4.add(evenY, oddY));
  to += step;
  put(width, to, f32x4.sub(evenX, oddX), f32x4.sub(evenY, oddY));
  const farX = f32x4.sub(x4, x2);
  const farY = f32x4.sub(y4, y2);
  const differenceX = f32x4.sub(x3, x1);
  const differenceY = f32x4.sub(y3, y1);
  const nearX = f32x4.add(differenceX, differenceX);
  const nearY = f32x4.add(differenceY, differenceY);
  to += step;
  put(width, to, f32x4.add(farX, nearX), f32x4.add(farY, nearY));
  to += step;
  put(width, to, f32x4.sub(farX, nearX), f32x4.sub(farY, nearY));
  to += step;
  put(width, to, madd(x1, four, madd(x3, minusFive, x5)), madd(y1, four, madd(y3, minusFive, y5)));
}

/** Seven inputs to seven points: the six, of what is left of each input beside half of the one before, and 1/2. */
// @ts-ignore: decorator
@inline
export function inputVectors7(
  width: i32,
  x0: v128,
  x1: v128,
  x2: v128,
  x3: v128,
  x4: v128,
  x5: v128,
  x6: v128,
  y0: v128,
  y1: v128,
  y2: v128,
  y3: v128,
  y4: v128,
  y5: v128,
  y6: v128,
  to: usize,
  step: usize,
): void {
  const minusHalf = f32x4.splat(-0.5);
  put(
    width, to + 6 * step,
    madd(x1, f32x4.splat(4), madd(x3, f32x4.splat(-5), x5)),
    madd(y1, f32x4.splat(4), madd(y3, f32x4.splat(-5), y5)),
  );
  inputVectors6(
    width,
    madd(x0, minusHalf, x1),
    madd(x1, minusHalf, x2),
    madd(x2, minusHalf, x3),
    madd(x3, minusHalf, x4),
    madd(x4, minusHalf, x5),
    madd(x5, minusHalf, x6),
    madd(y0, minusHalf, y1),
    madd(y1, minusHalf, y2),
    madd(y2, minusHalf, y3),
    madd(y3, minusHalf, y4),
    madd(y4, minusHalf, y5),
    madd(y5, minusHalf, y6),
    to,
    step,
  );
}

/** The same for one vector. */
// @ts-ignore: decorator
@inline
export function inputLine4(x0: v128, x1: v128, x2: v128, x3: v128, to: usize, step: usize): void {
  inputVectors4(1, x0, x1, x2, x3, x0, x1, x2, x3, to, step);
}

/** The same for one vector. */
// @ts-ignore: decorator
@inline
export function inputLine6(x0: v128, x1: v128, x2: v128, x3: v128, x4: v128, x5: v128, to: usize, step: usize): void {
  inputVectors6(1, x0, x1, x2, x3, x4, x5, x0, x1, x2, x3, x4, x5, to, step);
}

/** The same for one vector. */
// @ts-ignore: decorator
@inline
export function inputLine7(x0: v128, x1: v128, x2: v128, x3: v128, x4: v128, x5: v128, x6: v128, to: usize, step: usize): void {
  inputVectors7(1, x0, x1, x2, x3, x4, x5, x6, x0, x1, x2, x3, x4, x5, x6, to, step);
}

/** Lines of `points` inputs to as many points. */
// @ts-ignore: decorator
@inline
export function inputPass(pass: Pass, points: i32, from: usize, to: usize): void {
  const done = 2 * pairsOf(pass.inner);
  if (done > 0) inputPairs(changetype<usize>(pass), points, from, to);
  if (done < pass.inner) inputSingles(pass, points, done, from, to);
}

/** The inner lines behind the first `done`, one by one. */
function inputSingles(pass: Pass, points: i32, done: i32, from: usize, to: usize): void {
  passLines(1, pass, points, pass.inner - done, from + <usize>done * VECTOR, to + <usize>done * VECTOR);
}

/** The inner lines two by two. */
export function inputPairs(passPtr: usize, points: i32, from: usize, to: usize): void {
  const pass = changetype<Pass>(passPtr);
  passLines(2, pass, points, pass.inner >> 1, from, to);
}

// @ts-ignore: decorator
@inline
function passLines(width: i32, pass: Pass, points: i32, count: i32, from: usize, to: usize): void {
  for (let outer = pass.outer; outer > 0; outer--) {
    let x = from;
    let y = to;
    for (let middle = pass.middle; middle > 0; middle--) {
      if (points == 4) input4(width, pass, count, x, y);
      else if (points == 6) input6(width, pass, count, x, y);
      else input7(width, pass, count, x, y);
      x += pass.fromMiddle;
      y += pass.toMiddle;
    }
    from += pass.fromOuter;
    to += pass.toOuter;
  }
}

// @ts-ignore: decorator
@inline
function input4(width: i32, pass: Pass, count: i32, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
  for (; count > 0; count--) {
    inputVectors4(
      width,
      v128.load(from),
      v128.load(from + step),
      v128.load(from + 2 * step),
      v128.load(from + 3 * step),
      second(width, from),
      second(width, from + step),
      second(width, from + 2 * step),
      second(width, from + 3 * step),
      to,
      toStep,
    );
    from += <usize>width * VECTOR;
    to += <usize>width * VECTOR;
  }
}

// @ts-ignore: decorator
@inline
function input6(width: i32, pass: Pass, count: i32, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
  for (; count > 0; count--) {
    const middle = from + 2 * step;
    const last = middle + 2 * step;
    inputVectors6(
      width,
      v128.load(from),
      v128.load(from + step),
      v128.load(middle),
      v128.load(middle + step),
      v128.load(last),
      v128.load(last + step),
      second(width, from),
      second(width, from + step),
      second(width, middle),
      second(width, middle + step),
      second(width, last),
      second(width, last + step),
      to,
      toStep,
    );
    from += <usize>width * VECTOR;
    to += <usize>width * VECTOR;
  }
}

// @ts-ignore: decorator
@inline
function input7(width: i32, pass: Pass, count: i32, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
  for (; count > 0; count--) {
    const middle = from + 2 * step;
    const last = middle + 2 * step;
    inputVectors7(
      width,
      v128.load(from),
      v128.load(from + step),
      v128.load(middle),
      v128.load(middle + step),
      v128.load(last),
      v128.load(last + step),
      v128.load(last + 2 * step),
      second(width, from),
      second(width, from + step),
      second(width, middle),
      second(width, middle + step),
      second(width, last),
      second(width, last + step),
      second(width, last + 2 * step),
      to,
      toStep,
    );
    from += <usize>width * VECTOR;
    to += <usize>width * VECTOR;
  }
}
