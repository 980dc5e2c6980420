/**
 * What happens to register tiles around their products: rows of sums that go to memory, activations that need more than a floor, and
 * copies for tiles that stick out of the matrix. Strides are in bytes.
 */
import { activate } from "./activation";

/** From one row to the next of a tile that is computed beside the matrix, because it sticks out. */
// @ts-ignore: decorator
@inline
export const EDGE_STRIDE: usize = 64;

/** Stores a row of sums, of which the last two are for 16 outputs; those below `floor` as it. */
// @ts-ignore: decorator
@inline
export function storeRow(outputs: i32, yPtr: usize, s0: v128, s1: v128, s2: v128, s3: v128, floor: v128): void {
  // pmax keeps a NaN that comes first.
  v128.store(yPtr, f32x4.pmax(s0, floor));
  v128.store(yPtr, f32x4.pmax(s1, floor), 16);
  if (outputs > 8) {
    v128.store(yPtr, f32x4.pmax(s2, floor), 32);
    v128.store(yPtr, f32x4.pmax(s3, floor), 48);
  }
}

/** The activation on `rows` stored rows of `outputs` floats, whole vectors of them. */
export function activateTile(
  yPtr: usize,
  yStride: usize,
  rows: i32,
  outputs: i32,
  activation: i32,
  alpha: f32,
  beta: f32,
): void {
  const bytes = <usize>outputs << 2;
  for (; rows > 0; rows--) {
    for (let at = yPtr; at < yPtr + bytes; at += 16) {
      v128.store(at, activate(v128.load(at), activation, alpha, beta));
    }
    yPtr += yStride;
  }
}

/** The first `outputs` floats of `rows` rows. */
export function copyRows(to: usize, toStride: usize, from: usize, fromStride: usize, rows: i32, outputs: i32): void {
  for (; rows > 0; rows--) {
    for (let at: usize = 0; at < <usize>outputs << 2; at += 4) store<f32>(to + at, load<f32>(from + at));
    to += toStride;
    from += fromStride;
  }
}
