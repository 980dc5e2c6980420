/**
 * Register tiles over rows that lie any distance apart: 4 to 6 rows x 8 outputs, B packed as [k][8]. Rows are read in place.
 * Invariant: one accumulator chain per output, from its start in the order of k, whatever tile a row falls into.
 */
import { B_STEP } from "./gemm_tile";
import { madd } from "./simd";

/** Where the sums of a tile start from and go to; strides are in bytes. */
// @ts-ignore: decorator
@unmanaged
export class StridedTile {
  /** Eight floats from which every row starts. */
  startPtr: usize;
  yPtr: usize;
  yStride: usize;
  /** Added to the sums: eight negative zeros with a stride of 0 leave every bit as it is. */
  residualPtr: usize;
  residualStride: usize;
  /** Sums below it are stored as it: 0 for ReLU, -Infinity for nothing. */
  floor: f32;
}

/**
 * y = max((start + a @ b) + residual, floor) for the StridedTile at tilePtr and `rows` (4 to MOST_TILE_ROWS) rows: row r of A begins
 * at aPtr + r * aStride bytes and has k floats.
 *
 * The sums, two of B and one of A fill the sixteen registers of x86, so that the order of things counts, as in gemm_tile.ts:
 * functions of their own, loops that test before they run and end by bPtr, and products that take the rows from the last to
 * the first while the sums are declared from the first on. A row is stored before the next residual is loaded for the same reason.
 */
export function stridedTile(rows: i32, tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (rows == 6) {
      strided6x8(tilePtr, aPtr, aStride, bPtr, k);
      return;
    }
  }
  if (rows == 5) strided5x8(tilePtr, aPtr, aStride, bPtr, k);
  else strided4x8(tilePtr, aPtr, aStride, bPtr, k);
}

// @ts-ignore: decorator
@inline
function finishRow(yPtr: usize, residualPtr: usize, s0: v128, s1: v128, floor: v128): void {
  // pmax keeps a NaN that comes first.
  v128.store(yPtr, f32x4.pmax(f32x4.add(s0, v128.load(residualPtr)), floor));
  v128.store(yPtr, f32x4.pmax(f32x4.add(s1, v128.load(residualPtr, 16)), floor), 16);
}

export function strided6x8(tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  const tile = changetype<StridedTile>(tilePtr);
  const start = tile.startPtr;
  let s00 = v128.load(start), s01 = v128.load(start, 16);
  let s10 = v128.load(start), s11 = v128.load(start, 16);
  let s20 = v128.load(start), s21 = v128.load(start, 16);
  let s30 = v128.load(start), s31 = v128.load(start, 16);
  let s40 = v128.load(start), s41 = v128.load(start, 16);
  let s50 = v128.load(start), s51 = v128.load(start, 16);
  aPtr += 5 * aStride;
  const end = bPtr + <usize>k * B_STEP;
  while (bPtr != end) {
    let row = aPtr;
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(row);
    s51 = madd(a, b1, s51);
    s50 = madd(a, b0, s50);
    row -= aStride;
    a = v128.load32_splat(row);
    s41 = madd(a, b1, s41);
    s40 = madd(a, b0, s40);
    row -= aStride;
    a = v128.load32_splat(row);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    row -= aStride;
    a = v128.load32_splat(row);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    row -= aStride;
    a = v128.load32_splat(row);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    row -= aStride;
    a = v128.load32_splat(row);
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
  finishRow(y, residual, s00, s01, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s10, s11, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s20, s21, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s30, s31, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s40, s41, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s50, s51, floor);
}

export function strided5x8(tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  const tile = changetype<StridedTile>(tilePtr);
  const start = tile.startPtr;
  let s00 = v128.load(start), s01 = v128.load(start, 16);
  let s10 = v128.load(start), s11 = v128.load(start, 16);
  let s20 = v128.load(start), s21 = v128.load(start, 16);
  let s30 = v128.load(start), s31 = v128.load(start, 16);
  let s40 = v128.load(start), s41 = v128.load(start, 16);
  aPtr += 4 * aStride;
  const end = bPtr + <usize>k * B_STEP;
  while (bPtr != end) {
    let row = aPtr;
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(row);
    s41 = madd(a, b1, s41);
    s40 = madd(a, b0, s40);
    row -= aStride;
    a = v128.load32_splat(row);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    row -= aStride;
    a = v128.load32_splat(row);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    row -= aStride;
    a = v128.load32_splat(row);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    row -= aStride;
    a = v128.load32_splat(row);
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
  finishRow(y, residual, s00, s01, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s10, s11, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s20, s21, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s30, s31, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s40, s41, floor);
}

export function strided4x8(tilePtr: usize, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  const tile = changetype<StridedTile>(tilePtr);
  const start = tile.startPtr;
  let s00 = v128.load(start), s01 = v128.load(start, 16);
  let s10 = v128.load(start), s11 = v128.load(start, 16);
  let s20 = v128.load(start), s21 = v128.load(start, 16);
  let s30 = v128.load(start), s31 = v128.load(start, 16);
  aPtr += 3 * aStride;
  const end = bPtr + <usize>k * B_STEP;
  while (bPtr != end) {
    let row = aPtr;
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(row);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    row -= aStride;
    a = v128.load32_splat(row);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    row -= aStride;
    a = v128.load32_splat(row);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    row -= aStride;
    a = v128.load32_splat(row);
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
  finishRow(y, residual, s00, s01, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s10, s11, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s20, s21, floor);
  y += yStride;
  residual += residualStride;
  finishRow(y, residual, s30, s31, floor);
}
