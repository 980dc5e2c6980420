/**
 * Register tiles over rows that lie any distance apart: 4 to 6 rows x 8 outputs, B packed as [k][8]. Rows are read in place.
 * Invariant: one accumulator chain per output, from its start in the order of k, whatever tile a row falls into.
 */
import { B_STEP, Tile } from "./gemm_tile";
import { madd } from "./simd";

/**
 * y = max((start + a @ b) + residual, floor) for `rows` (4 to MOST_TILE_ROWS) rows of `tile`: row r of A begins at
 * aPtr + r * aStride bytes and has k floats.
 *
 * The sums, two of B and one of A fill the sixteen registers of x86, so that the order of things counts, as in table_tile.ts:
 * functions of their own, loops that test before they run and end by bPtr, products in the order in which sums are declared.
 */
export function stridedTile(rows: i32, tile: Tile, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (rows == 6) {
      tile6x8(tile, aPtr, aStride, bPtr, k);
      return;
    }
  }
  if (rows == 5) tile5x8(tile, aPtr, aStride, bPtr, k);
  else tile4x8(tile, aPtr, aStride, bPtr, k);
}


function tile6x8(tile: Tile, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  let row = tile.startPtr;
  let stride = tile.startStride;
  let s00 = v128.load(row, 0), s01 = v128.load(row, 16);
  row += stride;
  let s10 = v128.load(row, 0), s11 = v128.load(row, 16);
  row += stride;
  let s20 = v128.load(row, 0), s21 = v128.load(row, 16);
  row += stride;
  let s30 = v128.load(row, 0), s31 = v128.load(row, 16);
  row += stride;
  let s40 = v128.load(row, 0), s41 = v128.load(row, 16);
  row += stride;
  let s50 = v128.load(row, 0), s51 = v128.load(row, 16);
  aPtr += 5 * aStride;
  const end = bPtr + <usize>k * B_STEP;
  while (bPtr != end) {
    let p = aPtr;
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(p);
    s51 = madd(a, b1, s51);
    s50 = madd(a, b0, s50);
    p -= aStride;
    a = v128.load32_splat(p);
    s41 = madd(a, b1, s41);
    s40 = madd(a, b0, s40);
    p -= aStride;
    a = v128.load32_splat(p);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    p -= aStride;
    a = v128.load32_splat(p);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    p -= aStride;
    a = v128.load32_splat(p);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    p -= aStride;
    a = v128.load32_splat(p);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    aPtr += 4;
    bPtr += B_STEP;
  }
  stride = tile.yStride;
  row = tile.residualPtr;
  if (row) {
    s00 = f32x4.add(s00, v128.load(row));
    s01 = f32x4.add(s01, v128.load(row, 16));
    row += stride;
    s10 = f32x4.add(s10, v128.load(row));
    s11 = f32x4.add(s11, v128.load(row, 16));
    row += stride;
    s20 = f32x4.add(s20, v128.load(row));
    s21 = f32x4.add(s21, v128.load(row, 16));
    row += stride;
    s30 = f32x4.add(s30, v128.load(row));
    s31 = f32x4.add(s31, v128.load(row, 16));
    row += stride;
    s40 = f32x4.add(s40, v128.load(row));
    s41 = f32x4.add(s41, v128.load(row, 16));
    row += stride;
    s50 = f32x4.add(s50, v128.load(row));
    s51 = f32x4.add(s51, v128.load(row, 16));
  }
  // pmax keeps a NaN that comes first.
  const floor = f32x4.splat(tile.floor);
  row = tile.yPtr;
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

function tile5x8(tile: Tile, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  let row = tile.startPtr;
  let stride = tile.startStride;
  let s00 = v128.load(row, 0), s01 = v128.load(row, 16);
  row += stride;
  let s10 = v128.load(row, 0), s11 = v128.load(row, 16);
  row += stride;
  let s20 = v128.load(row, 0), s21 = v128.load(row, 16);
  row += stride;
  let s30 = v128.load(row, 0), s31 = v128.load(row, 16);
  row += stride;
  let s40 = v128.load(row, 0), s41 = v128.load(row, 16);
  aPtr += 4 * aStride;
  const end = bPtr + <usize>k * B_STEP;
  while (bPtr != end) {
    let p = aPtr;
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(p);
    s41 = madd(a, b1, s41);
    s40 = madd(a, b0, s40);
    p -= aStride;
    a = v128.load32_splat(p);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    p -= aStride;
    a = v128.load32_splat(p);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    p -= aStride;
    a = v128.load32_splat(p);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    p -= aStride;
    a = v128.load32_splat(p);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    aPtr += 4;
    bPtr += B_STEP;
  }
  stride = tile.yStride;
  row = tile.residualPtr;
  if (row) {
    s00 = f32x4.add(s00, v128.load(row));
    s01 = f32x4.add(s01, v128.load(row, 16));
    row += stride;
    s10 = f32x4.add(s10, v128.load(row));
    s11 = f32x4.add(s11, v128.load(row, 16));
    row += stride;
    s20 = f32x4.add(s20, v128.load(row));
    s21 = f32x4.add(s21, v128.load(row, 16));
    row += stride;
    s30 = f32x4.add(s30, v128.load(row));
    s31 = f32x4.add(s31, v128.load(row, 16));
    row += stride;
    s40 = f32x4.add(s40, v128.load(row));
    s41 = f32x4.add(s41, v128.load(row, 16));
  }
  // pmax keeps a NaN that comes first.
  const floor = f32x4.splat(tile.floor);
  row = tile.yPtr;
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
}

function tile4x8(tile: Tile, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  let row = tile.startPtr;
  let stride = tile.startStride;
  let s00 = v128.load(row, 0), s01 = v128.load(row, 16);
  row += stride;
  let s10 = v128.load(row, 0), s11 = v128.load(row, 16);
  row += stride;
  let s20 = v128.load(row, 0), s21 = v128.load(row, 16);
  row += stride;
  let s30 = v128.load(row, 0), s31 = v128.load(row, 16);
  aPtr += 3 * aStride;
  const end = bPtr + <usize>k * B_STEP;
  while (bPtr != end) {
    let p = aPtr;
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(p);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    p -= aStride;
    a = v128.load32_splat(p);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    p -= aStride;
    a = v128.load32_splat(p);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    p -= aStride;
    a = v128.load32_splat(p);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    aPtr += 4;
    bPtr += B_STEP;
  }
  stride = tile.yStride;
  row = tile.residualPtr;
  if (row) {
    s00 = f32x4.add(s00, v128.load(row));
    s01 = f32x4.add(s01, v128.load(row, 16));
    row += stride;
    s10 = f32x4.add(s10, v128.load(row));
    s11 = f32x4.add(s11, v128.load(row, 16));
    row += stride;
    s20 = f32x4.add(s20, v128.load(row));
    s21 = f32x4.add(s21, v128.load(row, 16));
    row += stride;
    s30 = f32x4.add(s30, v128.load(row));
    s31 = f32x4.add(s31, v128.load(row, 16));
  }
  // pmax keeps a NaN that comes first.
  const floor = f32x4.splat(tile.floor);
  row = tile.yPtr;
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
}
