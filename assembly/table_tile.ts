/**
 * Register tiles over rows that lie in groups of channels, [group][row][16]: 4 to 6 rows x 8 outputs, B packed as [k][8].
 * Where a k lies is looked up, so that rows are read in place for any order of taps and channels.
 * Invariant: one accumulator chain per output, in the order of k, whatever tile a row falls into.
 */
import { B_STEP } from "./gemm_tile";
import { madd } from "./simd";

/** Bytes of a row of a group of sixteen channels, of A and of y: a cache line. */
// @ts-ignore: decorator
@inline
export const GROUP_ROW: usize = 64;

/** A run of k, as a tile is given it: a header, which is the bytes of their rows of B, then the offset of each. */
// @ts-ignore: decorator
@inline
export const RUN_HEADER: usize = 4;

/**
 * y = start + a @ b for as many rows as the name says: k of row r is at aPtr + offset + 64 * r, row r of y at yPtr + 64 * r, and that of
 * start, which may be y, likewise; 0: starts from zeros.
 *
 * The sums, two of B and one of A fill the sixteen registers of x86, so that the order of things counts: V8 keeps each
 * load of A beside its two products only in functions of their own, in loops that test before they run, and where the
 * products take the rows in the order in which the sums are declared. The loop ends by bPtr for the same reason. More than five
 * arguments would pass through the stack, which takes as long as a k and a half.
 */
export function tile6x8(aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0), s31 = f32x4.splat(0);
  let s40 = f32x4.splat(0), s41 = f32x4.splat(0);
  let s50 = f32x4.splat(0), s51 = f32x4.splat(0);
  if (startPtr) {
    s00 = v128.load(startPtr), s01 = v128.load(startPtr, 16);
    s10 = v128.load(startPtr, 64), s11 = v128.load(startPtr, 80);
    s20 = v128.load(startPtr, 128), s21 = v128.load(startPtr, 144);
    s30 = v128.load(startPtr, 192), s31 = v128.load(startPtr, 208);
    s40 = v128.load(startPtr, 256), s41 = v128.load(startPtr, 272);
    s50 = v128.load(startPtr, 320), s51 = v128.load(startPtr, 336);
  }
  const end = bPtr + load<usize>(runPtr);
  runPtr += RUN_HEADER;
  while (bPtr != end) {
    const row = aPtr + load<usize>(runPtr);
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(row);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    a = v128.load32_splat(row, 64);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    a = v128.load32_splat(row, 128);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    a = v128.load32_splat(row, 192);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    a = v128.load32_splat(row, 256);
    s41 = madd(a, b1, s41);
    s40 = madd(a, b0, s40);
    a = v128.load32_splat(row, 320);
    s51 = madd(a, b1, s51);
    s50 = madd(a, b0, s50);
    runPtr += 4;
    bPtr += B_STEP;
  }
  v128.store(yPtr, s00);
  v128.store(yPtr, s01, 16);
  v128.store(yPtr, s10, 64);
  v128.store(yPtr, s11, 80);
  v128.store(yPtr, s20, 128);
  v128.store(yPtr, s21, 144);
  v128.store(yPtr, s30, 192);
  v128.store(yPtr, s31, 208);
  v128.store(yPtr, s40, 256);
  v128.store(yPtr, s41, 272);
  v128.store(yPtr, s50, 320);
  v128.store(yPtr, s51, 336);
}

export function tile5x8(aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0), s31 = f32x4.splat(0);
  let s40 = f32x4.splat(0), s41 = f32x4.splat(0);
  if (startPtr) {
    s00 = v128.load(startPtr), s01 = v128.load(startPtr, 16);
    s10 = v128.load(startPtr, 64), s11 = v128.load(startPtr, 80);
    s20 = v128.load(startPtr, 128), s21 = v128.load(startPtr, 144);
    s30 = v128.load(startPtr, 192), s31 = v128.load(startPtr, 208);
    s40 = v128.load(startPtr, 256), s41 = v128.load(startPtr, 272);
  }
  const end = bPtr + load<usize>(runPtr);
  runPtr += RUN_HEADER;
  while (bPtr != end) {
    const row = aPtr + load<usize>(runPtr);
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(row);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    a = v128.load32_splat(row, 64);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    a = v128.load32_splat(row, 128);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    a = v128.load32_splat(row, 192);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    a = v128.load32_splat(row, 256);
    s41 = madd(a, b1, s41);
    s40 = madd(a, b0, s40);
    runPtr += 4;
    bPtr += B_STEP;
  }
  v128.store(yPtr, s00);
  v128.store(yPtr, s01, 16);
  v128.store(yPtr, s10, 64);
  v128.store(yPtr, s11, 80);
  v128.store(yPtr, s20, 128);
  v128.store(yPtr, s21, 144);
  v128.store(yPtr, s30, 192);
  v128.store(yPtr, s31, 208);
  v128.store(yPtr, s40, 256);
  v128.store(yPtr, s41, 272);
}

export function tile4x8(aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0), s31 = f32x4.splat(0);
  if (startPtr) {
    s00 = v128.load(startPtr), s01 = v128.load(startPtr, 16);
    s10 = v128.load(startPtr, 64), s11 = v128.load(startPtr, 80);
    s20 = v128.load(startPtr, 128), s21 = v128.load(startPtr, 144);
    s30 = v128.load(startPtr, 192), s31 = v128.load(startPtr, 208);
  }
  const end = bPtr + load<usize>(runPtr);
  runPtr += RUN_HEADER;
  while (bPtr != end) {
    const row = aPtr + load<usize>(runPtr);
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(row);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    a = v128.load32_splat(row, 64);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    a = v128.load32_splat(row, 128);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    a = v128.load32_splat(row, 192);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    runPtr += 4;
    bPtr += B_STEP;
  }
  v128.store(yPtr, s00);
  v128.store(yPtr, s01, 16);
  v128.store(yPtr, s10, 64);
  v128.store(yPtr, s11, 80);
  v128.store(yPtr, s20, 128);
  v128.store(yPtr, s21, 144);
  v128.store(yPtr, s30, 192);
  v128.store(yPtr, s31, 208);
}
