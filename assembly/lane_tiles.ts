/**
 * The register tiles for hosts with 32 vector registers, where a broadcast from memory costs an address and a load: A comes in
 * vectors, whose lanes are splat from register to register. On x86 they spill, and are never chosen.
 * Invariant: the sums, and their bits, of the forms that broadcast (gemm_tile.ts, table_tile.ts).
 */
import { A_STEP, B_STEP, TILE_OUTPUTS, Tile, finishRow, residualOf } from "./gemm_tile";
import { madd } from "./simd";
import { RUN_HEADER } from "./table_tile";

/** Lane `at`, a constant, of a in all lanes. */
// @ts-ignore: decorator
@inline
function lane(a: v128, at: i32): v128 {
  if (at == 0) return v128.shuffle<f32>(a, a, 0, 0, 0, 0);
  if (at == 1) return v128.shuffle<f32>(a, a, 1, 1, 1, 1);
  if (at == 2) return v128.shuffle<f32>(a, a, 2, 2, 2, 2);
  return v128.shuffle<f32>(a, a, 3, 3, 3, 3);
}

/** See `packedTile`: the six rows of a k are a vector and a half. */
export function lanePackedTile(tile: Tile, aPtr: usize, bPtr: usize, k: i32): void {
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
    const low = v128.load(aPtr), high = v128.load64_zero(aPtr, 16);
    const b0 = v128.load(bPtr), b1 = v128.load(bPtr, 16);
    let a = lane(low, 0);
    s00 = madd(a, b0, s00), s01 = madd(a, b1, s01);
    a = lane(low, 1);
    s10 = madd(a, b0, s10), s11 = madd(a, b1, s11);
    a = lane(low, 2);
    s20 = madd(a, b0, s20), s21 = madd(a, b1, s21);
    a = lane(low, 3);
    s30 = madd(a, b0, s30), s31 = madd(a, b1, s31);
    a = lane(high, 0);
    s40 = madd(a, b0, s40), s41 = madd(a, b1, s41);
    a = lane(high, 1);
    s50 = madd(a, b0, s50), s51 = madd(a, b1, s51);
    aPtr += A_STEP;
    bPtr += B_STEP;
  }
  const floor = f32x4.splat(tile.floor);
  const residual = residualOf(tile);
  let y = tile.yPtr;
  finishRow(TILE_OUTPUTS, y, residual, s00, s01, s00, s01, floor);
  y += tile.yStride;
  finishRow(TILE_OUTPUTS, y, residual, s10, s11, s10, s11, floor);
  y += tile.yStride;
  finishRow(TILE_OUTPUTS, y, residual, s20, s21, s20, s21, floor);
  y += tile.yStride;
  finishRow(TILE_OUTPUTS, y, residual, s30, s31, s30, s31, floor);
  y += tile.yStride;
  finishRow(TILE_OUTPUTS, y, residual, s40, s41, s40, s41, floor);
  y += tile.yStride;
  finishRow(TILE_OUTPUTS, y, residual, s50, s51, s50, s51, floor);
}

/** See tile6x8 in table_tile.ts: a quad of k, whose first offset is looked up, is a vector of each row. */
export function laneTableTile(rows: i32, aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD && rows == 6) quads(6, aPtr, runPtr, bPtr, startPtr, yPtr);
  else if (rows == 5) quads(5, aPtr, runPtr, bPtr, startPtr, yPtr);
  else quads(4, aPtr, runPtr, bPtr, startPtr, yPtr);
}

/** The tile of `rows` rows, a constant: what the other rows would do is left out when this is inlined. */
// @ts-ignore: decorator
@inline
function quads(rows: i32, aPtr: usize, runPtr: usize, bPtr: usize, startPtr: usize, yPtr: usize): void {
  const none = f32x4.splat(0);
  let s00 = none, s01 = none, s10 = none, s11 = none, s20 = none, s21 = none;
  let s30 = none, s31 = none, s40 = none, s41 = none, s50 = none, s51 = none;
  if (startPtr) {
    s00 = v128.load(startPtr), s01 = v128.load(startPtr, 16);
    s10 = v128.load(startPtr, 64), s11 = v128.load(startPtr, 80);
    s20 = v128.load(startPtr, 128), s21 = v128.load(startPtr, 144);
    s30 = v128.load(startPtr, 192), s31 = v128.load(startPtr, 208);
    if (rows > 4) {
      s40 = v128.load(startPtr, 256), s41 = v128.load(startPtr, 272);
    }
    if (rows > 5) {
      s50 = v128.load(startPtr, 320), s51 = v128.load(startPtr, 336);
    }
  }
  const end = bPtr + load<usize>(runPtr);
  runPtr += RUN_HEADER;
  while (bPtr != end) {
    const row = aPtr + load<usize>(runPtr);
    const a0 = v128.load(row), a1 = v128.load(row, 64);
    const a2 = v128.load(row, 128), a3 = v128.load(row, 192);
    const a4 = rows > 4 ? v128.load(row, 256) : none;
    const a5 = rows > 5 ? v128.load(row, 320) : none;

    let b0 = v128.load(bPtr), b1 = v128.load(bPtr, 16);
    let a = lane(a0, 0);
    s00 = madd(a, b0, s00), s01 = madd(a, b1, s01);
    a = lane(a1, 0);
    s10 = madd(a, b0, s10), s11 = madd(a, b1, s11);
    a = lane(a2, 0);
    s20 = madd(a, b0, s20), s21 = madd(a, b1, s21);
    a = lane(a3, 0);
    s30 = madd(a, b0, s30), s31 = madd(a, b1, s31);
    if (rows > 4) {
      a = lane(a4, 0);
      s40 = madd(a, b0, s40), s41 = madd(a, b1, s41);
    }
    if (rows > 5) {
      a = lane(a5, 0);
      s50 = madd(a, b0, s50), s51 = madd(a, b1, s51);
    }

    b0 = v128.load(bPtr, 32), b1 = v128.load(bPtr, 48);
    a = lane(a0, 1);
    s00 = madd(a, b0, s00), s01 = madd(a, b1, s01);
    a = lane(a1, 1);
    s10 = madd(a, b0, s10), s11 = madd(a, b1, s11);
    a = lane(a2, 1);
    s20 = madd(a, b0, s20), s21 = madd(a, b1, s21);
    a = lane(a3, 1);
    s30 = madd(a, b0, s30), s31 = madd(a, b1, s31);
    if (rows > 4) {
      a = lane(a4, 1);
      s40 = madd(a, b0, s40), s41 = madd(a, b1, s41);
    }
    if (rows > 5) {
      a = lane(a5, 1);
      s50 = madd(a, b0, s50), s51 = madd(a, b1, s51);
    }

    b0 = v128.load(bPtr, 64), b1 = v128.load(bPtr, 80);
    a = lane(a0, 2);
    s00 = madd(a, b0, s00), s01 = madd(a, b1, s01);
    a = lane(a1, 2);
    s10 = madd(a, b0, s10), s11 = madd(a, b1, s11);
    a = lane(a2, 2);
    s20 = madd(a, b0, s20), s21 = madd(a, b1, s21);
    a = lane(a3, 2);
    s30 = madd(a, b0, s30), s31 = madd(a, b1, s31);
    if (rows > 4) {
      a = lane(a4, 2);
      s40 = madd(a, b0, s40), s41 = madd(a, b1, s41);
    }
    if (rows > 5) {
      a = lane(a5, 2);
      s50 = madd(a, b0, s50), s51 = madd(a, b1, s51);
    }

    b0 = v128.load(bPtr, 96), b1 = v128.load(bPtr, 112);
    a = lane(a0, 3);
    s00 = madd(a, b0, s00), s01 = madd(a, b1, s01);
    a = lane(a1, 3);
    s10 = madd(a, b0, s10), s11 = madd(a, b1, s11);
    a = lane(a2, 3);
    s20 = madd(a, b0, s20), s21 = madd(a, b1, s21);
    a = lane(a3, 3);
    s30 = madd(a, b0, s30), s31 = madd(a, b1, s31);
    if (rows > 4) {
      a = lane(a4, 3);
      s40 = madd(a, b0, s40), s41 = madd(a, b1, s41);
    }
    if (rows > 5) {
      a = lane(a5, 3);
      s50 = madd(a, b0, s50), s51 = madd(a, b1, s51);
    }

    runPtr += 16;
    bPtr += 4 * B_STEP;
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
}
