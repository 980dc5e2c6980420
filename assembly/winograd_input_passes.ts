/**
 * Winograd's transform from inputs to points along one axis, on lines of vectors: the lanes are four channels, a line runs along the
 * axis. The matrices are those of src/kernels/winograd_transforms.ts, written out.
 * Invariant: all of a line is read before any of it is written, so that a pass may work in place.
 */
import { madd } from "./simd";
import { Pass, VECTOR } from "./winograd_pass";

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
  for (let line = pass.inner; line > 0; line--) {
    inputLine4(
      v128.load(from),
      v128.load(from + step),
      v128.load(from + 2 * step),
      v128.load(from + 3 * step),
      to,
      toStep,
    );
    from += VECTOR;
    to += VECTOR;
  }
}

function inputLines6(pass: Pass, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
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
    from += VECTOR;
    to += VECTOR;
  }
}

function inputLines7(pass: Pass, from: usize, to: usize): void {
  const step = pass.fromStep, toStep = pass.toStep;
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
    from += VECTOR;
    to += VECTOR;
  }
}
