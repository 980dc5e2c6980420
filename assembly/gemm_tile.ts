/**
 * The register tile of the matrix kernels: 6 positions x 8 or 16 outputs over packed operands, A as [k][6] and B as [k][8].
 * Invariant: one accumulator chain per output, in the order of k, whatever calls it is cut into.
 */
import { madd } from "./simd";
import { storeRow } from "./tile_ends";

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
  if (ASC_FEATURE_RELAXED_SIMD) multiply(6, 8, tile, 0, aPtr, bPtr, k);
  else {
    multiply(3, 8, tile, 0, aPtr, bPtr, k);
    multiply(3, 8, tile, 3, aPtr + 12, bPtr, k);
  }
}

/** The same for sixteen outputs, which fill the registers of vectors twice as long. */
export function packedTile6x16(tilePtr: usize, aPtr: usize, bPtr: usize, k: i32): void {
  const tile = changetype<Tile>(tilePtr);
  if (ASC_FEATURE_RELAXED_SIMD) multiply(6, 16, tile, 0, aPtr, bPtr, k);
  else {
    multiply(3, 16, tile, 0, aPtr, bPtr, k);
    multiply(3, 16, tile, 3, aPtr + 12, bPtr, k);
  }
}

/**
 * Rows from `first` on: six where products and sums are fused, three where a product needs a register before it is added. `rows` and
 * `outputs` are constants.
 *
 * Twelve sums, two of B and one of A fill the sixteen registers of x86, so that the order of things counts: V8 keeps each
 * load of A beside its two products only in a function of its own, in a loop that tests before it runs, and where the
 * products read A from the last row to the first while the sums are declared from the first row on.
 */
// @ts-ignore: decorator
@inline
function multiply(rows: i32, outputs: i32, tile: Tile, first: usize, aPtr: usize, bPtr: usize, k: i32): void {
  const zero = f32x4.splat(0);
  const startStride = tile.startStride;
  let row = tile.startPtr + first * startStride;
  let s00 = v128.load(row), s01 = v128.load(row, 16);
  let s02 = outputs > 8 ? v128.load(row, 32) : zero, s03 = outputs > 8 ? v128.load(row, 48) : zero;
  row += startStride;
  let s10 = v128.load(row), s11 = v128.load(row, 16);
  let s12 = outputs > 8 ? v128.load(row, 32) : zero, s13 = outputs > 8 ? v128.load(row, 48) : zero;
  row += startStride;
  let s20 = v128.load(row), s21 = v128.load(row, 16);
  let s22 = outputs > 8 ? v128.load(row, 32) : zero, s23 = outputs > 8 ? v128.load(row, 48) : zero;
  let s30 = s00, s31 = s01, s32 = s02, s33 = s03;
  let s40 = s00, s41 = s01, s42 = s02, s43 = s03;
  let s50 = s00, s51 = s01, s52 = s02, s53 = s03;
  if (rows > 3) {
    row += startStride;
    s30 = v128.load(row), s31 = v128.load(row, 16);
    s32 = outputs > 8 ? v128.load(row, 32) : zero, s33 = outputs > 8 ? v128.load(row, 48) : zero;
    row += startStride;
    s40 = v128.load(row), s41 = v128.load(row, 16);
    s42 = outputs > 8 ? v128.load(row, 32) : zero, s43 = outputs > 8 ? v128.load(row, 48) : zero;
    row += startStride;
    s50 = v128.load(row), s51 = v128.load(row, 16);
    s52 = outputs > 8 ? v128.load(row, 32) : zero, s53 = outputs > 8 ? v128.load(row, 48) : zero;
  }
  const end = aPtr + <usize>k * A_STEP;
  const panelBytes = tile.panelBytes;
  while (aPtr != end) {
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    const b2 = outputs > 8 ? v128.load(bPtr + panelBytes) : b0;
    const b3 = outputs > 8 ? v128.load(bPtr + panelBytes, 16) : b1;
    let a: v128;
    if (rows > 3) {
      a = v128.load32_splat(aPtr, 20);
      if (outputs > 8) s53 = madd(a, b3, s53), s52 = madd(a, b2, s52);
      s51 = madd(a, b1, s51);
      s50 = madd(a, b0, s50);
      a = v128.load32_splat(aPtr, 16);
      if (outputs > 8) s43 = madd(a, b3, s43), s42 = madd(a, b2, s42);
      s41 = madd(a, b1, s41);
      s40 = madd(a, b0, s40);
      a = v128.load32_splat(aPtr, 12);
      if (outputs > 8) s33 = madd(a, b3, s33), s32 = madd(a, b2, s32);
      s31 = madd(a, b1, s31);
      s30 = madd(a, b0, s30);
    }
    a = v128.load32_splat(aPtr, 8);
    if (outputs > 8) s23 = madd(a, b3, s23), s22 = madd(a, b2, s22);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    a = v128.load32_splat(aPtr, 4);
    if (outputs > 8) s13 = madd(a, b3, s13), s12 = madd(a, b2, s12);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    a = v128.load32_splat(aPtr);
    if (outputs > 8) s03 = madd(a, b3, s03), s02 = madd(a, b2, s02);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    aPtr += A_STEP;
    bPtr += B_STEP;
  }
  const floor = f32x4.splat(tile.floor);
  const yStride = tile.yStride;
  const residual = residualOf(tile);
  row = tile.yPtr + first * yStride;
  finishRow(outputs, row, residual, s00, s01, s02, s03, floor);
  row += yStride;
  finishRow(outputs, row, residual, s10, s11, s12, s13, floor);
  row += yStride;
  finishRow(outputs, row, residual, s20, s21, s22, s23, floor);
  if (rows == 3) return;
  row += yStride;
  finishRow(outputs, row, residual, s30, s31, s32, s33, floor);
  row += yStride;
  finishRow(outputs, row, residual, s40, s41, s42, s43, floor);
  row += yStride;
  finishRow(outputs, row, residual, s50, s51, s52, s53, floor);
}

/** How many bytes behind a tile's outputs lies what is added to them; 0: nothing is. It is never the outputs themselves. */
// @ts-ignore: decorator
@inline
export function residualOf(tile: Tile): usize {
  return tile.residualPtr ? tile.residualPtr - tile.yPtr : 0;
}

/** Adds the residual to a row of sums and stores them. Inlined, so that they stay in registers. */
// @ts-ignore: decorator
@inline
export function finishRow(
  outputs: i32,
  yPtr: usize,
  residual: usize,
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
  floor: v128,
): void {
  if (residual) {
    s0 = f32x4.add(s0, v128.load(yPtr + residual));
    s1 = f32x4.add(s1, v128.load(yPtr + residual, 16));
    if (outputs > 8) {
      s2 = f32x4.add(s2, v128.load(yPtr + residual, 32));
      s3 = f32x4.add(s3, v128.load(yPtr + residual, 48));
    }
  }
  storeRow(outputs, yPtr, s0, s1, s2, s3, floor);
}
