/**
 * f32_pack_winograd: convolution weights, eight outputs side by side, under Winograd's transform along up to three axes.
 * Invariant: sums run in double precision and in the order of the taps, so that both modules and the twin agree in bits.
 *
 * scratch:
 *     | block [values][16 channels][8] f32 | kernel [most][8] f64 | kernel [most][8] f64 |
 */

// @ts-ignore: decorator
@unmanaged
class PackWinogradDescriptor {
  xPtr: usize;
  yPtr: usize;
  depthPtr: usize;
  heightPtr: usize;
  widthPtr: usize;
  channels: i32;
  kD: i32;
  kH: i32;
  kW: i32;
  sizeD: i32;
  sizeH: i32;
  sizeW: i32;
  yStrideD: i32;
  yStrideH: i32;
  yStrideW: i32;
}

/** Channels of a unit: each value's run in y is long enough to fill cache lines. */
// @ts-ignore: decorator
@inline
const CHANNELS: i32 = 16;

/** Bytes of eight values in double and in single precision. */
// @ts-ignore: decorator
@inline
const WIDE: usize = 64;
// @ts-ignore: decorator
@inline
const NARROW: usize = 32;

/** From one value of the block to the next. */
// @ts-ignore: decorator
@inline
const BLOCK_PITCH: usize = 512;

export function f32_pack_winograd(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<PackWinogradDescriptor>(descriptorPtr);
  const taps = d.kD * d.kH * d.kW;
  const values = d.sizeD * d.sizeH * d.sizeW;
  const most = max(d.sizeD, d.kD) * max(d.sizeH, d.kH) * max(d.sizeW, d.kW);
  const widePtr = scratchPtr + <usize>most * CHANNELS * NARROW;
  const otherPtr = widePtr + <usize>most * WIDE;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = unit * CHANNELS;
    const channels = min(CHANNELS, d.channels - first);
    for (let c = 0; c < channels; c++) {
      widen(d.xPtr + <usize>(first + c) * <usize>taps * NARROW, widePtr, taps);
      narrow(transform(d, widePtr, otherPtr), scratchPtr + <usize>c * NARROW, values);
    }
    storeBlock(d, scratchPtr, first, channels);
  }
}

/** The kernel at x, transformed along one axis after another, from x to `other` and back: where it is then. */
function transform(d: PackWinogradDescriptor, x: usize, other: usize): usize {
  transformAxis(x, other, d.depthPtr, 1, d.sizeD, d.kD, d.kH * d.kW);
  transformAxis(other, x, d.heightPtr, d.sizeD, d.sizeH, d.kH, d.kW);
  transformAxis(x, other, d.widthPtr, d.sizeD * d.sizeH, d.sizeW, d.kW, 1);
  return other;
}

/** [outer][taps][inner][8] -> [outer][results][inner][8] by the matrix [results][taps]. */
function transformAxis(
  x: usize,
  y: usize,
  matrixPtr: usize,
  outer: i32,
  results: i32,
  taps: i32,
  inner: i32,
): void {
  const bytes = <usize>inner * WIDE;
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < results; r++) {
      const row = matrixPtr + <usize>(r * taps) * 8;
      for (let at: usize = 0; at < bytes; at += 16) {
        let sum = f64x2.splat(0);
        for (let tap: usize = 0; tap < <usize>taps; tap++) {
          const term = f64x2.mul(v128.load64_splat(row + tap * 8), v128.load(x + at + tap * bytes));
          sum = f64x2.add(sum, term);
        }
        v128.store(y + at, sum);
      }
      y += bytes;
    }
    x += <usize>taps * bytes;
  }
}

function widen(x: usize, y: usize, values: i32): void {
  const end = y + <usize>values * WIDE;
  while (y != end) {
    v128.store(y, f64x2.promote_low_f32x4(v128.load64_zero(x)));
    v128.store(y, f64x2.promote_low_f32x4(v128.load64_zero(x, 8)), 16);
    v128.store(y, f64x2.promote_low_f32x4(v128.load64_zero(x, 16)), 32);
    v128.store(y, f64x2.promote_low_f32x4(v128.load64_zero(x, 24)), 48);
    x += NARROW;
    y += WIDE;
  }
}

/** One channel's values into the block. */
function narrow(x: usize, y: usize, values: i32): void {
  const end = x + <usize>values * WIDE;
  while (x != end) {
    v128.store(y, narrowed(x));
    v128.store(y, narrowed(x + 32), 16);
    x += WIDE;
    y += BLOCK_PITCH;
  }
}

// @ts-ignore: decorator
@inline
function narrowed(x: usize): v128 {
  const low = f32x4.demote_f64x2_zero(v128.load(x));
  return v128.shuffle<f32>(low, f32x4.demote_f64x2_zero(v128.load(x, 16)), 0, 1, 4, 5);
}

/** The block's runs of `channels` channels to their places in y. */
function storeBlock(d: PackWinogradDescriptor, block: usize, first: i32, channels: i32): void {
  const bytes = <usize>channels * NARROW;
  for (let i = 0; i < d.sizeD; i++) {
    for (let j = 0; j < d.sizeH; j++) {
      let y = d.yPtr + (<usize>(i * d.yStrideD + j * d.yStrideH) << 2) + <usize>first * NARROW;
      for (let k = 0; k < d.sizeW; k++) {
        for (let at: usize = 0; at < bytes; at += 32) {
          v128.store(y + at, v128.load(block + at));
          v128.store(y + at, v128.load(block + at, 16), 16);
        }
        y += <usize>d.yStrideW << 2;
        block += BLOCK_PITCH;
      }
    }
  }
}
