/**
 * Winograd's transforms along one axis, on lines of vectors: the lanes are four channels, a line runs along the axis. The matrices
 * are those of src/kernels/winograd_transforms.ts, written out.
 * Invariant: all of a line is read before any of it is written, so that a pass may work in place.
 */
import { madd } from "./simd";

/** Lines of a pass: outer x middle x inner of them. Distances in bytes, between lines and along one. */
// @ts-ignore: decorator
@unmanaged
export class Pass {
  outer: i32;
  middle: i32;
  inner: i32;
  fromOuter: usize;
  fromMiddle: usize;
  fromInner: usize;
  fromStep: usize;
  toOuter: usize;
  toMiddle: usize;
  toInner: usize;
  toStep: usize;

  lines(outer: i32, middle: i32, inner: i32): void {
    this.outer = outer;
    this.middle = middle;
    this.inner = inner;
  }

  from(outer: usize, middle: usize, inner: usize, step: usize): void {
    this.fromOuter = outer;
    this.fromMiddle = middle;
    this.fromInner = inner;
    this.fromStep = step;
  }

  to(outer: usize, middle: usize, inner: usize, step: usize): void {
    this.toOuter = outer;
    this.toMiddle = middle;
    this.toInner = inner;
    this.toStep = step;
  }
}

// @ts-ignore: decorator
@inline
export const PASS_BYTES: usize = 44;

/** Four inputs to four points: 0, 1, -1, infinity. */
// @ts-ignore: decorator
@inline
export function inputLine4(x0: v128, x1: v128, x2: v128, x3: v128, to: usize, step: usize): void {
  v128.store(to, f32x4.sub(x0, x2));
  v128.store(to + step, f32x4.add(x1, x2));
  v128.store(to + 2 * step, f32x4.sub(x2, x1));
  v128.store(to + 3 * step, f32x4.sub(x3, x1));
}

/** Six inputs to six points: 0, 1, -1, 2, -2, infinity. */
// @ts-ignore: decorator
@inline
export function inputLine6(x0: v128, x1: v128, x2: v128, x3: v128, x4: v128, x5: v128, to: usize, step: usize): void {
  const four = f32x4.splat(4);
  const minusFour = f32x4.splat(-4);
  const minusFive = f32x4.splat(-5);
  v128.store(to, madd(x0, four, madd(x2, minusFive, x4)));
  const even = madd(x2, minusFour, x4);
  const odd = madd(x1, minusFour, x3);
  to += step;
  v128.store(to, f32x4.add(even, odd));
  to += step;
  v128.store(to, f32x4.sub(even, odd));
  const far = f32x4.sub(x4, x2);
  const difference = f32x4.sub(x3, x1);
  const near = f32x4.add(difference, difference);
  to += step;
  v128.store(to, f32x4.add(far, near));
  to += step;
  v128.store(to, f32x4.sub(far, near));
  to += step;
  v128.store(to, madd(x1, four, madd(x3, minusFive, x5)));
}

/** Seven inputs to seven points: the six, of what is left of each input beside half of the one before, and 1/2. */
// @ts-ignore: decorator
@inline
export function inputLine7(
  x0: v128,
  x1: v128,
  x2: v128,
  x3: v128,
  x4: v128,
  x5: v128,
  x6: v128,
  to: usize,
  step: usize,
): void {
  const minusHalf = f32x4.splat(-0.5);
  v128.store(to + 6 * step, madd(x1, f32x4.splat(4), madd(x3, f32x4.splat(-5), x5)));
  inputLine6(
    madd(x0, minusHalf, x1),
    madd(x1, minusHalf, x2),
    madd(x2, minusHalf, x3),
    madd(x3, minusHalf, x4),
    madd(x4, minusHalf, x5),
    madd(x5, minusHalf, x6),
    to,
    step,
  );
}

/** Lines of `points` inputs to as many points. */
export function inputPass(pass: Pass, points: i32, from: usize, to: usize): void {
  for (let outer = pass.outer; outer > 0; outer--) {
    let x = from;
    let y = to;
    for (let middle = pass.middle; middle > 0; middle--) {
      if (points == 4) inputLines4(pass, x, y);
      else if (points == 6) inputLines6(pass, x, y);
      else inputLines7(pass, x, y);
      x += pass.fromMiddle;
      y += pass.toMiddle;
    }
    from += pass.fromOuter;
    to += pass.toOuter;
  }
}

function inputLines4(pass: Pass, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
  const inner = pass.fromInner, toInner = pass.toInner;
  for (let line = pass.inner; line > 0; line--) {
    inputLine4(
      v128.load(from),
      v128.load(from + step),
      v128.load(from + 2 * step),
      v128.load(from + 3 * step),
      to,
      toStep,
    );
    from += inner;
    to += toInner;
  }
}

function inputLines6(pass: Pass, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
  const inner = pass.fromInner, toInner = pass.toInner;
  for (let line = pass.inner; line > 0; line--) {
    const second = from + 2 * step;
    const third = second + 2 * step;
    inputLine6(
      v128.load(from),
      v128.load(from + step),
      v128.load(second),
      v128.load(second + step),
      v128.load(third),
      v128.load(third + step),
      to,
      toStep,
    );
    from += inner;
    to += toInner;
  }
}

function inputLines7(pass: Pass, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
  const inner = pass.fromInner, toInner = pass.toInner;
  for (let line = pass.inner; line > 0; line--) {
    const second = from + 2 * step;
    const third = second + 2 * step;
    inputLine7(
      v128.load(from),
      v128.load(from + step),
      v128.load(second),
      v128.load(second + step),
      v128.load(third),
      v128.load(third + step),
      v128.load(third + 2 * step),
      to,
      toStep,
    );
    from += inner;
    to += toInner;
  }
}

/** Lines of `points` products to two outputs, where there are four, or else to four. */
export function outputPass(pass: Pass, points: i32, from: usize, to: usize): void {
  for (let outer = pass.outer; outer > 0; outer--) {
    let x = from;
    let y = to;
    for (let middle = pass.middle; middle > 0; middle--) {
      if (points == 4) outputLines4(pass, x, y);
      else if (points == 6) outputLines6(pass, x, y);
      else outputLines7(pass, x, y);
      x += pass.fromMiddle;
      y += pass.toMiddle;
    }
    from += pass.fromOuter;
    to += pass.toOuter;
  }
}

/** Four products to two outputs. */
// @ts-ignore: decorator
@inline
export function outputLine4(m0: v128, m1: v128, m2: v128, m3: v128, to: usize, step: usize): void {
  v128.store(to, f32x4.add(m0, f32x4.add(m1, m2)));
  v128.store(to + step, f32x4.add(f32x4.sub(m1, m2), m3));
}

/** Six products to four outputs. */
// @ts-ignore: decorator
@inline
export function outputLine6(m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, step: usize): void {
  const sum = f32x4.add(m1, m2);
  const difference = f32x4.sub(m1, m2);
  const farSum = f32x4.add(m3, m4);
  const farDifference = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(m0, f32x4.add(sum, farSum)));
  v128.store(to + step, madd(farDifference, f32x4.splat(2), difference));
  v128.store(to + 2 * step, madd(farSum, f32x4.splat(4), sum));
  v128.store(to + 3 * step, f32x4.add(madd(farDifference, f32x4.splat(8), difference), m5));
}

function outputLines4(pass: Pass, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
  const inner = pass.fromInner, toInner = pass.toInner;
  for (let line = pass.inner; line > 0; line--) {
    outputLine4(
      v128.load(from),
      v128.load(from + step),
      v128.load(from + 2 * step),
      v128.load(from + 3 * step),
      to,
      toStep,
    );
    from += inner;
    to += toInner;
  }
}

function outputLines6(pass: Pass, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
  const inner = pass.fromInner, toInner = pass.toInner;
  for (let line = pass.inner; line > 0; line--) {
    const second = from + 2 * step;
    const third = second + 2 * step;
    outputLine6(
      v128.load(from),
      v128.load(from + step),
      v128.load(second),
      v128.load(second + step),
      v128.load(third),
      v128.load(third + step),
      to,
      toStep,
    );
    from += inner;
    to += toInner;
  }
}

function outputLines7(pass: Pass, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
  const inner = pass.fromInner, toInner = pass.toInner;
  const two = f32x4.splat(2);
  const four = f32x4.splat(4);
  const eight = f32x4.splat(8);
  const half = f32x4.splat(0.5);
  for (let line = pass.inner; line > 0; line--) {
    const second = from + 2 * step;
    const third = second + 2 * step;
    const m1 = v128.load(from + step);
    const m2 = v128.load(second);
    const m3 = v128.load(second + step);
    const m4 = v128.load(third);
    const m6 = v128.load(third + 2 * step);
    const halfOf6 = f32x4.mul(m6, half);
    const quarterOf6 = f32x4.mul(halfOf6, half);
    const sum = f32x4.add(m1, m2);
    const difference = f32x4.sub(m1, m2);
    const farSum = f32x4.add(m3, m4);
    const farDifference = f32x4.sub(m3, m4);
    const y0 = f32x4.add(f32x4.add(v128.load(from), m6), f32x4.add(sum, farSum));
    const y1 = f32x4.add(madd(farDifference, two, difference), halfOf6);
    const y2 = f32x4.add(madd(farSum, four, sum), quarterOf6);
    const y3 = f32x4.add(madd(farDifference, eight, difference), madd(quarterOf6, half, v128.load(third + step)));
    v128.store(to, y0);
    v128.store(to + toStep, y1);
    v128.store(to + 2 * toStep, y2);
    v128.store(to + 3 * toStep, y3);
    from += inner;
    to += toInner;
  }
}
