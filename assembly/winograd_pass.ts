/** Where Winograd's transforms along one axis find their lines of vectors, and where they leave them. */

/** Bytes of a vector of four channels. */
// @ts-ignore: decorator
@inline
export const VECTOR: usize = 16;

/** Lines of a pass: outer x middle x inner of them, the inner ones a vector apart. Distances in bytes, between lines and along one. */
// @ts-ignore: decorator
@unmanaged
export class Pass {
  outer: i32;
  middle: i32;
  inner: i32;
  fromOuter: usize;
  fromMiddle: usize;
  fromStep: usize;
  toOuter: usize;
  toMiddle: usize;
  toStep: usize;

  lines(outer: i32, middle: i32, inner: i32): void {
    this.outer = outer;
    this.middle = middle;
    this.inner = inner;
  }

  from(outer: usize, middle: usize, step: usize): void {
    this.fromOuter = outer;
    this.fromMiddle = middle;
    this.fromStep = step;
  }

  to(outer: usize, middle: usize, step: usize): void {
    this.toOuter = outer;
    this.toMiddle = middle;
    this.toStep = step;
  }
}

// @ts-ignore: decorator
@inline
export const PASS_BYTES: usize = 36;
