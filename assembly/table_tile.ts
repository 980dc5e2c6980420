/**
 * Register tiles over rows that lie in groups of channels, [group][row][16]: 4 to 6 rows x 8 or 16 outputs, B packed as [k][8].
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
 * start, which may be y, likewise; 0, for eight outputs: starts from zeros. Where there are sixteen, the panel of the last eight lies
 * behind the run's part of the first.
 *
 * The sums, two of B and one of A fill the sixteen registers of x86, so that the order of things counts: V8 keeps each
 * load of A beside its two products only in functions of their own, in loops that test before they run, and where the
 * products take the rows in the order in which the sums are declared. The loop ends by bPtr for the same reason. More than five
 * arguments would pass through the stack, which takes as long as a k and a half. Sixteen outputs fill the registers of vectors twice
 * as long, see tiles.ts.
 */
export function tile6x8(aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  multiply(6, 8, aPtr, runPtr, bPtr, startPtr, yPtr);
}

export function tile5x8(aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  multiply(5, 8, aPtr, runPtr, bPtr, startPtr, yPtr);
}

export function tile4x8(aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  multiply(4, 8, aPtr, runPtr, bPtr, startPtr, yPtr);
}

export function tile6x16(aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  multiply(6, 16, aPtr, runPtr, bPtr, startPtr, yPtr);
}

export function tile5x16(aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  multiply(5, 16, aPtr, runPtr, bPtr, startPtr, yPtr);
}

export function tile4x16(aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  multiply(4, 16, aPtr, runPtr, bPtr, startPtr, yPtr);
}

/** `rows` and `outputs` are constants. */
// @ts-ignore: decorator
@inline
function multiply(
  rows: i32,
  outputs: i32,
  aPtr: usize,
  runPtr: usize,
  bPtr: usize,
  startPtr: usize,
  yPtr: usize,
): void {
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0), s02 = f32x4.splat(0), s03 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0), s12 = f32x4.splat(0), s13 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0), s22 = f32x4.splat(0), s23 = f32x4.splat(0);
  let s30 = f32x4.splat(0), s31 = f32x4.splat(0), s32 = f32x4.splat(0), s33 = f32x4.splat(0);
  let s40 = f32x4.splat(0), s41 = f32x4.splat(0), s42 = f32x4.splat(0), s43 = f32x4.splat(0);
  let s50 = f32x4.splat(0), s51 = f32x4.splat(0), s52 = f32x4.splat(0), s53 = f32x4.splat(0);
  if (outputs > 8 || startPtr) {
    s00 = v128.load(startPtr, 0), s01 = v128.load(startPtr, 16);
    s10 = v128.load(startPtr, 64), s11 = v128.load(startPtr, 80);
    s20 = v128.load(startPtr, 128), s21 = v128.load(startPtr, 144);
    s30 = v128.load(startPtr, 192), s31 = v128.load(startPtr, 208);
    if (rows > 4) {
      s40 = v128.load(startPtr, 256), s41 = v128.load(startPtr, 272);
    }
    if (rows > 5) {
      s50 = v128.load(startPtr, 320), s51 = v128.load(startPtr, 336);
    }
    if (outputs > 8) {
      s02 = v128.load(startPtr, 32), s03 = v128.load(startPtr, 48);
      s12 = v128.load(startPtr, 96), s13 = v128.load(startPtr, 112);
      s22 = v128.load(startPtr, 160), s23 = v128.load(startPtr, 176);
      s32 = v128.load(startPtr, 224), s33 = v128.load(startPtr, 240);
      if (rows > 4) {
        s42 = v128.load(startPtr, 288), s43 = v128.load(startPtr, 304);
      }
      if (rows > 5) {
        s52 = v128.load(startPtr, 352), s53 = v128.load(startPtr, 368);
      }
    }
  }
  const bytes = load<usize>(runPtr);
  const end = bPtr + bytes;
  runPtr += RUN_HEADER;
  while (bPtr != end) {
    const row = aPtr + load<usize>(runPtr);
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let b2 = b0, b3 = b1;
    if (outputs > 8) {
      b2 = v128.load(bPtr + bytes);
      b3 = v128.load(bPtr + bytes, 16);
    }
    let a = v128.load32_splat(row);
    if (outputs > 8) {
      s03 = madd(a, b3, s03);
      s02 = madd(a, b2, s02);
    }
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    a = v128.load32_splat(row, 64);
    if (outputs > 8) {
      s13 = madd(a, b3, s13);
      s12 = madd(a, b2, s12);
    }
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    a = v128.load32_splat(row, 128);
    if (outputs > 8) {
      s23 = madd(a, b3, s23);
      s22 = madd(a, b2, s22);
    }
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    a = v128.load32_splat(row, 192);
    if (outputs > 8) {
      s33 = madd(a, b3, s33);
      s32 = madd(a, b2, s32);
    }
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    if (rows > 4) {
      a = v128.load32_splat(row, 256);
      if (outputs > 8) {
        s43 = madd(a, b3, s43);
        s42 = madd(a, b2, s42);
      }
      s41 = madd(a, b1, s41);
      s40 = madd(a, b0, s40);
    }
    if (rows > 5) {
      a = v128.load32_splat(row, 320);
      if (outputs > 8) {
        s53 = madd(a, b3, s53);
        s52 = madd(a, b2, s52);
      }
      s51 = madd(a, b1, s51);
      s50 = madd(a, b0, s50);
    }
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
  if (rows > 4) {
    v128.store(yPtr, s40, 256);
    v128.store(yPtr, s41, 272);
  }
  if (rows > 5) {
    v128.store(yPtr, s50, 320);
    v128.store(yPtr, s51, 336);
  }
  if (outputs > 8) {
    v128.store(yPtr, s02, 32);
    v128.store(yPtr, s03, 48);
    v128.store(yPtr, s12, 96);
    v128.store(yPtr, s13, 112);
    v128.store(yPtr, s22, 160);
    v128.store(yPtr, s23, 176);
    v128.store(yPtr, s32, 224);
    v128.store(yPtr, s33, 240);
    if (rows > 4) {
      v128.store(yPtr, s42, 288);
      v128.store(yPtr, s43, 304);
    }
    if (rows > 5) {
      v128.store(yPtr, s52, 352);
      v128.store(yPtr, s53, 368);
    }
  }
}
