/**
 * Register tiles over rows that lie any distance apart: 4 to 6 rows x 8 or 16 outputs, B packed as [k][8]. Rows are read in place.
 * Invariant: one accumulator chain per output, from its start in the order of k, whatever tile a row falls into.
 */
import { B_STEP } from "./gemm_tile";
import { madd } from "./simd";
import { storeRow } from "./tile_ends";

/** Where the sums of a tile start from and go to; strides are in bytes. */
// @ts-ignore: decorator
@unmanaged
export class StridedTile {
  /** As many floats as there are outputs, from which every row starts. */
  startPtr: usize;
  yPtr: usize;
  yStride: usize;
  /** Added to the sums: as many negative zeros with a stride of 0 leave every bit as it is. */
  residualPtr: usize;
  residualStride: usize;
  /** Sums below it are stored as it: 0 for ReLU, -Infinity for nothing. */
  floor: f32;
  /** Where a word is left of each row that is touched before its tile; 0: rows are close by. */
  aheadPtr: usize;
}

/**
 * y = max((start + a @ b) + residual, floor) for the StridedTile at tilePtr and `rows` (4 to MOST_TILE_ROWS) rows: row r of A begins
 * at aPtr + r * aStride bytes and has k floats.
 *
 * The sums, two of B and one of A fill the sixteen registers of x86, so that the order of things counts, as in gemm_tile.ts:
 * functions of their own, loops that test before they run and end by bPtr, and products that take the rows from the last to
 * the first while the sums are declared from the first on. A row is stored before the next residual is loaded for the same reason.
 * Sixteen outputs fill the registers of vectors twice as long, see tiles.ts; the panel of the last eight lies behind that of the first.
 */
export function strided6x8(tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  multiply(6, 8, changetype<StridedTile>(tilePtr), aPtr, aStride, bPtr, k);
}

export function strided5x8(tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  multiply(5, 8, changetype<StridedTile>(tilePtr), aPtr, aStride, bPtr, k);
}

export function strided4x8(tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  multiply(4, 8, changetype<StridedTile>(tilePtr), aPtr, aStride, bPtr, k);
}

export function strided6x16(tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  multiply(6, 16, changetype<StridedTile>(tilePtr), aPtr, aStride, bPtr, k);
}

export function strided5x16(tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  multiply(5, 16, changetype<StridedTile>(tilePtr), aPtr, aStride, bPtr, k);
}

export function strided4x16(tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  multiply(4, 16, changetype<StridedTile>(tilePtr), aPtr, aStride, bPtr, k);
}

/** `rows` and `outputs` are constants. */
// @ts-ignore: decorator
@inline
function multiply(rows: i32, outputs: i32, tile: StridedTile, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  const start = tile.startPtr;
  const start0 = v128.load(start), start1 = v128.load(start, 16);
  let start2 = start0, start3 = start1;
  if (outputs > 8) {
    start2 = v128.load(start, 32);
    start3 = v128.load(start, 48);
  }
  let s00 = start0, s01 = start1, s02 = start2, s03 = start3;
  let s10 = start0, s11 = start1, s12 = start2, s13 = start3;
  let s20 = start0, s21 = start1, s22 = start2, s23 = start3;
  let s30 = start0, s31 = start1, s32 = start2, s33 = start3;
  let s40 = start0, s41 = start1, s42 = start2, s43 = start3;
  let s50 = start0, s51 = start1, s52 = start2, s53 = start3;
  aPtr += <usize>(rows - 1) * aStride;
  const bytes = <usize>k * B_STEP;
  const end = bPtr + bytes;
  while (bPtr != end) {
    let row = aPtr;
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let b2 = b0, b3 = b1;
    if (outputs > 8) {
      b2 = v128.load(bPtr + bytes);
      b3 = v128.load(bPtr + bytes, 16);
    }
    let a: v128;
    if (rows > 5) {
      a = v128.load32_splat(row);
      if (outputs > 8) {
        s53 = madd(a, b3, s53);
        s52 = madd(a, b2, s52);
      }
      s51 = madd(a, b1, s51);
      s50 = madd(a, b0, s50);
      row -= aStride;
    }
    if (rows > 4) {
      a = v128.load32_splat(row);
      if (outputs > 8) {
        s43 = madd(a, b3, s43);
        s42 = madd(a, b2, s42);
      }
      s41 = madd(a, b1, s41);
      s40 = madd(a, b0, s40);
      row -= aStride;
    }
    a = v128.load32_splat(row);
    if (outputs > 8) {
      s33 = madd(a, b3, s33);
      s32 = madd(a, b2, s32);
    }
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    row -= aStride;
    a = v128.load32_splat(row);
    if (outputs > 8) {
      s23 = madd(a, b3, s23);
      s22 = madd(a, b2, s22);
    }
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    row -= aStride;
    a = v128.load32_splat(row);
    if (outputs > 8) {
      s13 = madd(a, b3, s13);
      s12 = madd(a, b2, s12);
    }
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    row -= aStride;
    a = v128.load32_splat(row);
    if (outputs > 8) {
      s03 = madd(a, b3, s03);
      s02 = madd(a, b2, s02);
    }
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    aPtr += 4;
    bPtr += B_STEP;
  }
  const floor = f32x4.splat(tile.floor);
  const yStride = tile.yStride;
  const residualStride = tile.residualStride;
  let y = tile.yPtr;
  let residual = tile.residualPtr;
  finishRow(outputs, y, residual, s00, s01, s02, s03, floor);
  y += yStride;
  residual += residualStride;
  finishRow(outputs, y, residual, s10, s11, s12, s13, floor);
  y += yStride;
  residual += residualStride;
  finishRow(outputs, y, residual, s20, s21, s22, s23, floor);
  y += yStride;
  residual += residualStride;
  finishRow(outputs, y, residual, s30, s31, s32, s33, floor);
  if (rows > 4) {
    y += yStride;
    residual += residualStride;
    finishRow(outputs, y, residual, s40, s41, s42, s43, floor);
  }
  if (rows > 5) {
    y += yStride;
    residual += residualStride;
    finishRow(outputs, y, residual, s50, s51, s52, s53, floor);
  }
}

// @ts-ignore: decorator
@inline
function finishRow(
  outputs: i32,
  yPtr: usize,
  residualPtr: usize,
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
  floor: v128,
): void {
  s0 = f32x4.add(s0, v128.load(residualPtr));
  s1 = f32x4.add(s1, v128.load(residualPtr, 16));
  if (outputs > 8) {
    s2 = f32x4.add(s2, v128.load(residualPtr, 32));
    s3 = f32x4.add(s3, v128.load(residualPtr, 48));
  }
  storeRow(outputs, yPtr, s0, s1, s2, s3, floor);
}
