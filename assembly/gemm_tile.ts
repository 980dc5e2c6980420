/**
 * The register tile of the matrix kernels: 6 positions x 8 or 16 outputs over packed operands, A as [k][6] and B as [k][8].
 * Invariant: one accumulator chain per output, in the order of k, whatever calls it is cut into.
 */
import { madd } from "./simd";

// @ts-ignore: decorator
@inline
export const TILE_ROWS: i32 = 6;
// @ts-ignore: decorator
@inline
export const TILE_OUTPUTS: i32 = 8;
/** Bytes of one k in a packed A tile and in a packed B panel. */
// @ts-ignore: decorator
@inline
export const A_STEP: usize = 24;
// @ts-ignore: decorator
@inline
export const B_STEP: usize = 32;

/** Where a tile's sums start from and go to: 6 rows, strides in bytes. */
// @ts-ignore: decorator
@unmanaged
export class Tile {
  startPtr: usize;
  /** 0 starts every row from the same floats. */
  startStride: usize;
  yPtr: usize;
  yStride: usize;
  /** Sums below it are stored as it: 0 for ReLU, -Infinity for nothing. */
  floor: f32;
  /** Added to the sums, with the stride of y; 0: nothing is. */
  residualPtr: usize;
  /** Bytes from one panel of B to the next, where there are 16 outputs. */
  panelBytes: usize;
}

/** See `packedTile` in tiles.ts. */
export function broadcastPackedTile(tile: Tile, aPtr: usize, bPtr: usize, k: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    sixRows(tile, aPtr, bPtr, k);
  } else {
    threeRows(tile, 0, aPtr, bPtr, k);
    threeRows(tile, 3, aPtr + 12, bPtr, k);
  }
}

/**
 * The tile where products and sums are fused.
 *
 * Twelve sums, two of B and one of A fill the sixteen registers of x86, so that the order of things counts: V8 keeps each
 * load of A beside its two products only in a function of its own, in a loop that tests before it runs, and where the
 * products read A from the last row to the first while the sums are declared from the first row on.
 */
function sixRows(tile: Tile, aPtr: usize, bPtr: usize, k: i32): void {
  let row = tile.startPtr;
  const stride = tile.startStride;
  let s00 = v128.load(row), s01 = v128.load(row, 16);
  row += stride;
  let s10 = v128.load(row), s11 = v128.load(row, 16);
  row += stride;
  let s20 = v128.load(row), s21 = v128.load(row, 16);
  row += stride;
  let s30 = v128.load(row), s31 = v128.load(row, 16);
  row += stride;
  let s40 = v128.load(row), s41 = v128.load(row, 16);
  row += stride;
  let s50 = v128.load(row), s51 = v128.load(row, 16);

  const end = aPtr + <usize>k * A_STEP;
  while (aPtr != end) {
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(aPtr, 20);
    s51 = madd(a, b1, s51);
    s50 = madd(a, b0, s50);
    a = v128.load32_splat(aPtr, 16);
    s41 = madd(a, b1, s41);
    s40 = madd(a, b0, s40);
    a = v128.load32_splat(aPtr, 12);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    a = v128.load32_splat(aPtr, 8);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    a = v128.load32_splat(aPtr, 4);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    a = v128.load32_splat(aPtr);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    aPtr += A_STEP;
    bPtr += B_STEP;
  }

  finish(tile, s00, s01, s10, s11, s20, s21, s30, s31, s40, s41, s50, s51);
}

/** Stores the sums. Inlined, so that they stay in registers. */
// @ts-ignore: decorator
@inline
export function finish(
  tile: Tile,
  s00: v128, s01: v128,
  s10: v128, s11: v128,
  s20: v128, s21: v128,
  s30: v128, s31: v128,
  s40: v128, s41: v128,
  s50: v128, s51: v128,
): void {
  let residual = tile.residualPtr;
  if (residual) {
    s00 = f32x4.add(s00, v128.load(residual));
    s01 = f32x4.add(s01, v128.load(residual, 16));
    residual += tile.yStride;
    s10 = f32x4.add(s10, v128.load(residual));
    s11 = f32x4.add(s11, v128.load(residual, 16));
    residual += tile.yStride;
    s20 = f32x4.add(s20, v128.load(residual));
    s21 = f32x4.add(s21, v128.load(residual, 16));
    residual += tile.yStride;
    s30 = f32x4.add(s30, v128.load(residual));
    s31 = f32x4.add(s31, v128.load(residual, 16));
    residual += tile.yStride;
    s40 = f32x4.add(s40, v128.load(residual));
    s41 = f32x4.add(s41, v128.load(residual, 16));
    residual += tile.yStride;
    s50 = f32x4.add(s50, v128.load(residual));
    s51 = f32x4.add(s51, v128.load(residual, 16));
  }
  // pmax keeps a NaN that comes first.
  const floor = f32x4.splat(tile.floor);
  let row = tile.yPtr;
  const stride = tile.yStride;
  v128.store(row, f32x4.pmax(s00, floor));
  v128.store(row, f32x4.pmax(s01, floor), 16);
  row += stride;
  v128.store(row, f32x4.pmax(s10, floor));
  v128.store(row, f32x4.pmax(s11, floor), 16);
  row += stride;
  v128.store(row, f32x4.pmax(s20, floor));
  v128.store(row, f32x4.pmax(s21, floor), 16);
  row += stride;
  v128.store(row, f32x4.pmax(s30, floor));
  v128.store(row, f32x4.pmax(s31, floor), 16);
  row += stride;
  v128.store(row, f32x4.pmax(s40, floor));
  v128.store(row, f32x4.pmax(s41, floor), 16);
  row += stride;
  v128.store(row, f32x4.pmax(s50, floor));
  v128.store(row, f32x4.pmax(s51, floor), 16);
}

/** Half of the tile, rows `first` to first + 2, where a product needs a register before it is added. */
function threeRows(tile: Tile, first: usize, aPtr: usize, bPtr: usize, k: i32): void {
  let stride = tile.startStride;
  let row = tile.startPtr + first * stride;
  let s00 = v128.load(row), s01 = v128.load(row, 16);
  row += stride;
  let s10 = v128.load(row), s11 = v128.load(row, 16);
  row += stride;
  let s20 = v128.load(row), s21 = v128.load(row, 16);
  const end = aPtr + <usize>k * A_STEP;
  while (aPtr != end) {
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(aPtr, 8);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    a = v128.load32_splat(aPtr, 4);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    a = v128.load32_splat(aPtr);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    aPtr += A_STEP;
    bPtr += B_STEP;
  }
  if (tile.residualPtr) {
    let residual = tile.residualPtr + first * tile.yStride;
    s00 = f32x4.add(s00, v128.load(residual));
    s01 = f32x4.add(s01, v128.load(residual, 16));
    residual += tile.yStride;
    s10 = f32x4.add(s10, v128.load(residual));
    s11 = f32x4.add(s11, v128.load(residual, 16));
    residual += tile.yStride;
    s20 = f32x4.add(s20, v128.load(residual));
    s21 = f32x4.add(s21, v128.load(residual, 16));
  }
  const floor = f32x4.splat(tile.floor);
  stride = tile.yStride;
  row = tile.yPtr + first * stride;
  v128.store(row, f32x4.pmax(s00, floor));
  v128.store(row, f32x4.pmax(s01, floor), 16);
  row += stride;
  v128.store(row, f32x4.pmax(s10, floor));
  v128.store(row, f32x4.pmax(s11, floor), 16);
  row += stride;
  v128.store(row, f32x4.pmax(s20, floor));
  v128.store(row, f32x4.pmax(s21, floor), 16);
}

/** See `packedTile` in tiles.ts. */
export function packedTile6x16(tilePtr: usize, aPtr: usize, bPtr: usize, k: i32): void {
  const tile = changetype<Tile>(tilePtr);
  if (ASC_FEATURE_RELAXED_SIMD) wideRows(6, tile, 0, aPtr, bPtr, k);
  else {
    wideRows(3, tile, 0, aPtr, bPtr, k);
    wideRows(3, tile, 3, aPtr + 12, bPtr, k);
  }
}

/** Rows `first` to first + rows - 1 by 16 outputs; `rows`, 6 or 3, is a constant. */
// @ts-ignore: decorator
@inline
function wideRows(rows: i32, tile: Tile, first: usize, aPtr: usize, bPtr: usize, k: i32): void {
  let stride = tile.startStride;
  let row = tile.startPtr + first * stride;
  let s00 = v128.load(row), s01 = v128.load(row, 16), s02 = v128.load(row, 32), s03 = v128.load(row, 48);
  row += stride;
  let s10 = v128.load(row), s11 = v128.load(row, 16), s12 = v128.load(row, 32), s13 = v128.load(row, 48);
  row += stride;
  let s20 = v128.load(row), s21 = v128.load(row, 16), s22 = v128.load(row, 32), s23 = v128.load(row, 48);
  let s30 = s00, s31 = s01, s32 = s02, s33 = s03;
  let s40 = s00, s41 = s01, s42 = s02, s43 = s03;
  let s50 = s00, s51 = s01, s52 = s02, s53 = s03;
  if (rows > 3) {
    row += stride;
    s30 = v128.load(row), s31 = v128.load(row, 16), s32 = v128.load(row, 32), s33 = v128.load(row, 48);
    row += stride;
    s40 = v128.load(row), s41 = v128.load(row, 16), s42 = v128.load(row, 32), s43 = v128.load(row, 48);
    row += stride;
    s50 = v128.load(row), s51 = v128.load(row, 16), s52 = v128.load(row, 32), s53 = v128.load(row, 48);
  }
  const end = aPtr + <usize>k * A_STEP;
  const panelBytes = tile.panelBytes;
  while (aPtr != end) {
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    const b2 = v128.load(bPtr + panelBytes);
    const b3 = v128.load(bPtr + panelBytes, 16);
    let a: v128;
    if (rows > 3) {
      a = v128.load32_splat(aPtr, 20);
      s53 = madd(a, b3, s53);
      s52 = madd(a, b2, s52);
      s51 = madd(a, b1, s51);
      s50 = madd(a, b0, s50);
      a = v128.load32_splat(aPtr, 16);
      s43 = madd(a, b3, s43);
      s42 = madd(a, b2, s42);
      s41 = madd(a, b1, s41);
      s40 = madd(a, b0, s40);
      a = v128.load32_splat(aPtr, 12);
      s33 = madd(a, b3, s33);
      s32 = madd(a, b2, s32);
      s31 = madd(a, b1, s31);
      s30 = madd(a, b0, s30);
    }
    a = v128.load32_splat(aPtr, 8);
    s23 = madd(a, b3, s23);
    s22 = madd(a, b2, s22);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    a = v128.load32_splat(aPtr, 4);
    s13 = madd(a, b3, s13);
    s12 = madd(a, b2, s12);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    a = v128.load32_splat(aPtr);
    s03 = madd(a, b3, s03);
    s02 = madd(a, b2, s02);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    aPtr += A_STEP;
    bPtr += B_STEP;
  }
  stride = tile.yStride;
  row = tile.yPtr + first * stride;
  const floor = f32x4.splat(tile.floor);
  // It is not y itself.
  const residual = tile.residualPtr ? tile.residualPtr - tile.yPtr : 0;
  finishWide(row, residual, s00, s01, s02, s03, floor);
  row += stride;
  finishWide(row, residual, s10, s11, s12, s13, floor);
  row += stride;
  finishWide(row, residual, s20, s21, s22, s23, floor);
  if (rows == 3) return;
  row += stride;
  finishWide(row, residual, s30, s31, s32, s33, floor);
  row += stride;
  finishWide(row, residual, s40, s41, s42, s43, floor);
  row += stride;
  finishWide(row, residual, s50, s51, s52, s53, floor);
}

/** A row of 16 outputs; what is added to it lies `residual` bytes further, 0: nothing is. */
// @ts-ignore: decorator
@inline
function finishWide(yPtr: usize, residual: usize, s0: v128, s1: v128, s2: v128, s3: v128, floor: v128): void {
  if (residual) {
    s0 = f32x4.add(s0, v128.load(yPtr + residual));
    s1 = f32x4.add(s1, v128.load(yPtr + residual, 16));
    s2 = f32x4.add(s2, v128.load(yPtr + residual, 32));
    s3 = f32x4.add(s3, v128.load(yPtr + residual, 48));
  }
  // pmax keeps a NaN that comes first.
  v128.store(yPtr, f32x4.pmax(s0, floor));
  v128.store(yPtr, f32x4.pmax(s1, floor), 16);
  v128.store(yPtr, f32x4.pmax(s2, floor), 32);
  v128.store(yPtr, f32x4.pmax(s3, floor), 48);
}
