/** Where Winograd's transforms along one axis find their lines of vectors, and where they leave them. */
import { fusesVectors } from "./tiles";

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

/** How many pairs of vectors are taken at a time: none where the host does not fuse them. */
// @ts-ignore: decorator
@inline
export function pairsOf(vectors: i32): i32 {
  return fusesVectors() ? vectors >> 1 : 0;
}

/** The vector behind the one at `ptr`, where two are taken at a time. `width`, 1 or 2, is a constant. */
// @ts-ignore: decorator
@inline
export function second(width: i32, ptr: usize): v128 {
  return width == 2 ? v128.load(ptr, 16) : f32x4.splat(0);
}

/** One vector, or two that are neighbours: with nothing between their stores, a host that fuses vectors fuses them. */
// @ts-ignore: decorator
@inline
export function put(width: i32, to: usize, x: v128, y: v128): void {
  v128.store(to, x);
  if (width == 2) v128.store(to, y, 16);
}
