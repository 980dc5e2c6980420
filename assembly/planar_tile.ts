/**
 * The register tiles of the planar convolutions: a few output channels x a run of positions along w.
 * Invariant: one accumulator chain per output, in the order of the steps, the same for every tile.
 *
 * Each tile is a function of its own, tests before it loops, and reads weights from the last channel to the first: so V8
 * keeps all sums in registers (see gemm_tile.ts).
 */
import { madd } from "./simd";

// @ts-ignore: decorator
@unmanaged
export class PlanarTile {
  /** Addresses of the input rows of all steps (tap and channel), at the row's output position 0. */
  stepsPtr: usize;
  stepsEnd: usize;
  /** Bytes from there to the tile's first position. */
  xOffset: usize;
  /** The first step's weights of the tile's channels, and the distance to the next step's. */
  wPtr: usize;
  wStride: usize;
  /** One float for each channel. */
  biasPtr: usize;
  yPtr: usize;
  /** From one channel to the next. */
  yStride: usize;
  /** Sums below it are stored as it: 0 for ReLU, -Infinity for nothing. */
  floor: f32;
}

// @ts-ignore: decorator
@inline
const MOST_CHANNELS: i32 = 5;

/** How many tiles cover the channels. */
// @ts-ignore: decorator
@inline
export function tilesOf(channels: i32): i32 {
  return (channels + MOST_CHANNELS - 1) / MOST_CHANNELS;
}

/**
 * One tile: 8 positions of three to five channels, 16 of one or two. Inlined, and called at several places, because the compiler
 * would fold a tile with a single caller into it, and its sums would spill.
 */
// @ts-ignore: decorator
@inline
export function runTile(tile: PlanarTile, channels: i32): void {
  if (channels == 5) planar5x8(tile);
  else if (channels == 4) planar4x8(tile);
  else if (channels == 3) planar3x8(tile);
  else if (channels == 2) planar2x16(tile);
  else planar1x16(tile);
}

/** Zeros on both sides of one row of y. */
export function clearHalo(rowPtr: usize, halo: i32, width: i32, pitch: i32): void {
  memory.fill(rowPtr, 0, <usize>halo << 2);
  const used = halo + width;
  memory.fill(rowPtr + (<usize>used << 2), 0, <usize>(pitch - used) << 2);
}

/** Five channels x 8 positions. */
function planar5x8(tile: PlanarTile): void {
  const bias = tile.biasPtr;
  let s00 = v128.load32_splat(bias), s01 = s00;
  let s10 = v128.load32_splat(bias, 4), s11 = s10;
  let s20 = v128.load32_splat(bias, 8), s21 = s20;
  let s30 = v128.load32_splat(bias, 12), s31 = s30;
  let s40 = v128.load32_splat(bias, 16), s41 = s40;
  const end = tile.stepsEnd;
  const offset = tile.xOffset;
  const wStride = tile.wStride;
  let wPtr = tile.wPtr;
  let step = tile.stepsPtr;
  while (step != end) {
    const x = load<usize>(step) + offset;
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    let w = v128.load32_splat(wPtr, 16);
    s41 = madd(w, x1, s41);
    s40 = madd(w, x0, s40);
    w = v128.load32_splat(wPtr, 12);
    s31 = madd(w, x1, s31);
    s30 = madd(w, x0, s30);
    w = v128.load32_splat(wPtr, 8);
    s21 = madd(w, x1, s21);
    s20 = madd(w, x0, s20);
    w = v128.load32_splat(wPtr, 4);
    s11 = madd(w, x1, s11);
    s10 = madd(w, x0, s10);
    w = v128.load32_splat(wPtr);
    s01 = madd(w, x1, s01);
    s00 = madd(w, x0, s00);
    step += 4;
    wPtr += wStride;
  }
  const floor = f32x4.splat(tile.floor);
  const stride = tile.yStride;
  let y = tile.yPtr;
  v128.store(y, f32x4.pmax(s00, floor));
  v128.store(y, f32x4.pmax(s01, floor), 16);
  y += stride;
  v128.store(y, f32x4.pmax(s10, floor));
  v128.store(y, f32x4.pmax(s11, floor), 16);
  y += stride;
  v128.store(y, f32x4.pmax(s20, floor));
  v128.store(y, f32x4.pmax(s21, floor), 16);
  y += stride;
  v128.store(y, f32x4.pmax(s30, floor));
  v128.store(y, f32x4.pmax(s31, floor), 16);
  y += stride;
  v128.store(y, f32x4.pmax(s40, floor));
  v128.store(y, f32x4.pmax(s41, floor), 16);
}

/** Four channels x 8 positions. */
function planar4x8(tile: PlanarTile): void {
  const bias = tile.biasPtr;
  let s00 = v128.load32_splat(bias), s01 = s00;
  let s10 = v128.load32_splat(bias, 4), s11 = s10;
  let s20 = v128.load32_splat(bias, 8), s21 = s20;
  let s30 = v128.load32_splat(bias, 12), s31 = s30;
  const end = tile.stepsEnd;
  const offset = tile.xOffset;
  const wStride = tile.wStride;
  let wPtr = tile.wPtr;
  let step = tile.stepsPtr;
  while (step != end) {
    const x = load<usize>(step) + offset;
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    let w = v128.load32_splat(wPtr, 12);
    s31 = madd(w, x1, s31);
    s30 = madd(w, x0, s30);
    w = v128.load32_splat(wPtr, 8);
    s21 = madd(w, x1, s21);
    s20 = madd(w, x0, s20);
    w = v128.load32_splat(wPtr, 4);
    s11 = madd(w, x1, s11);
    s10 = madd(w, x0, s10);
    w = v128.load32_splat(wPtr);
    s01 = madd(w, x1, s01);
    s00 = madd(w, x0, s00);
    step += 4;
    wPtr += wStride;
  }
  const floor = f32x4.splat(tile.floor);
  const stride = tile.yStride;
  let y = tile.yPtr;
  v128.store(y, f32x4.pmax(s00, floor));
  v128.store(y, f32x4.pmax(s01, floor), 16);
  y += stride;
  v128.store(y, f32x4.pmax(s10, floor));
  v128.store(y, f32x4.pmax(s11, floor), 16);
  y += stride;
  v128.store(y, f32x4.pmax(s20, floor));
  v128.store(y, f32x4.pmax(s21, floor), 16);
  y += stride;
  v128.store(y, f32x4.pmax(s30, floor));
  v128.store(y, f32x4.pmax(s31, floor), 16);
}

/** Three channels x 8 positions. */
function planar3x8(tile: PlanarTile): void {
  const bias = tile.biasPtr;
  let s00 = v128.load32_splat(bias), s01 = s00;
  let s10 = v128.load32_splat(bias, 4), s11 = s10;
  let s20 = v128.load32_splat(bias, 8), s21 = s20;
  const end = tile.stepsEnd;
  const offset = tile.xOffset;
  const wStride = tile.wStride;
  let wPtr = tile.wPtr;
  let step = tile.stepsPtr;
  while (step != end) {
    const x = load<usize>(step) + offset;
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    let w = v128.load32_splat(wPtr, 8);
    s21 = madd(w, x1, s21);
    s20 = madd(w, x0, s20);
    w = v128.load32_splat(wPtr, 4);
    s11 = madd(w, x1, s11);
    s10 = madd(w, x0, s10);
    w = v128.load32_splat(wPtr);
    s01 = madd(w, x1, s01);
    s00 = madd(w, x0, s00);
    step += 4;
    wPtr += wStride;
  }
  const floor = f32x4.splat(tile.floor);
  const stride = tile.yStride;
  let y = tile.yPtr;
  v128.store(y, f32x4.pmax(s00, floor));
  v128.store(y, f32x4.pmax(s01, floor), 16);
  y += stride;
  v128.store(y, f32x4.pmax(s10, floor));
  v128.store(y, f32x4.pmax(s11, floor), 16);
  y += stride;
  v128.store(y, f32x4.pmax(s20, floor));
  v128.store(y, f32x4.pmax(s21, floor), 16);
}

/** Two channels x 16 positions. */
function planar2x16(tile: PlanarTile): void {
  const bias = tile.biasPtr;
  let s00 = v128.load32_splat(bias), s01 = s00, s02 = s00, s03 = s00;
  let s10 = v128.load32_splat(bias, 4), s11 = s10, s12 = s10, s13 = s10;
  const end = tile.stepsEnd;
  const offset = tile.xOffset;
  const wStride = tile.wStride;
  let wPtr = tile.wPtr;
  let step = tile.stepsPtr;
  while (step != end) {
    const x = load<usize>(step) + offset;
    const w0 = v128.load32_splat(wPtr);
    const w1 = v128.load32_splat(wPtr, 4);
    let v = v128.load(x, 48);
    s13 = madd(w1, v, s13);
    s03 = madd(w0, v, s03);
    v = v128.load(x, 32);
    s12 = madd(w1, v, s12);
    s02 = madd(w0, v, s02);
    v = v128.load(x, 16);
    s11 = madd(w1, v, s11);
    s01 = madd(w0, v, s01);
    v = v128.load(x);
    s10 = madd(w1, v, s10);
    s00 = madd(w0, v, s00);
    step += 4;
    wPtr += wStride;
  }
  const floor = f32x4.splat(tile.floor);
  let y = tile.yPtr;
  v128.store(y, f32x4.pmax(s00, floor));
  v128.store(y, f32x4.pmax(s01, floor), 16);
  v128.store(y, f32x4.pmax(s02, floor), 32);
  v128.store(y, f32x4.pmax(s03, floor), 48);
  y += tile.yStride;
  v128.store(y, f32x4.pmax(s10, floor));
  v128.store(y, f32x4.pmax(s11, floor), 16);
  v128.store(y, f32x4.pmax(s12, floor), 32);
  v128.store(y, f32x4.pmax(s13, floor), 48);
}

/** One channel x 16 positions. */
function planar1x16(tile: PlanarTile): void {
  let s0 = v128.load32_splat(tile.biasPtr), s1 = s0, s2 = s0, s3 = s0;
  const end = tile.stepsEnd;
  const offset = tile.xOffset;
  const wStride = tile.wStride;
  let wPtr = tile.wPtr;
  let step = tile.stepsPtr;
  while (step != end) {
    const x = load<usize>(step) + offset;
    const w = v128.load32_splat(wPtr);
    s3 = madd(w, v128.load(x, 48), s3);
    s2 = madd(w, v128.load(x, 32), s2);
    s1 = madd(w, v128.load(x, 16), s1);
    s0 = madd(w, v128.load(x), s0);
    step += 4;
    wPtr += wStride;
  }
  const floor = f32x4.splat(tile.floor);
  const y = tile.yPtr;
  v128.store(y, f32x4.pmax(s0, floor));
  v128.store(y, f32x4.pmax(s1, floor), 16);
  v128.store(y, f32x4.pmax(s2, floor), 32);
  v128.store(y, f32x4.pmax(s3, floor), 48);
}
