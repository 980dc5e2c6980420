/**
 * f32_matmul: y = a @ b of two computed operands, neither packed. Lanes run along n.
 * Invariant: one accumulator chain per output in the order of k, so that a tile's size decides nothing about rounding.
 */
import { madd } from "./simd";

// @ts-ignore: decorator
@unmanaged
class MatmulDescriptor {
  aPtr: usize;
  bPtr: usize;
  yPtr: usize;
  batch: i32;
  aBatchStride: i32;
  bBatchStride: i32;
  m: i32;
  k: i32;
  n: i32;
  mBlock: i32;
}

// @ts-ignore: decorator
@inline
const TILE_ROWS: i32 = 4;
// @ts-ignore: decorator
@inline
const TILE_COLUMNS: i32 = 8;

export function f32_matmul(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<MatmulDescriptor>(descriptorPtr);
  const blocks = (d.m + d.mBlock - 1) / d.mBlock;
  const aRow = <usize>d.k << 2;
  const row = <usize>d.n << 2;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const batch = <usize>(unit / blocks);
    const first = (unit % blocks) * d.mBlock;
    const rows = min(d.mBlock, d.m - first);
    const aPtr = d.aPtr + ((batch * <usize>d.aBatchStride) << 2) + <usize>first * aRow;
    const bPtr = d.bPtr + ((batch * <usize>d.bBatchStride) << 2);
    const yPtr = d.yPtr + (batch * <usize>d.m + <usize>first) * row;
    // Columns outermost: a strip of b is read again for each tile of rows, from cache.
    for (let column = 0; column < d.n; column += TILE_COLUMNS) {
      const at = <usize>column << 2;
      if (column + TILE_COLUMNS <= d.n) {
        let r = 0;
        for (; r + TILE_ROWS <= rows; r += TILE_ROWS) {
          tile4x8(d, aPtr + <usize>r * aRow, bPtr + at, yPtr + <usize>r * row + at);
        }
        for (; r < rows; r++) tile1x8(d, aPtr + <usize>r * aRow, bPtr + at, yPtr + <usize>r * row + at);
      } else {
        for (let r = 0; r < rows; r++) edgeRow(d, aPtr + <usize>r * aRow, bPtr + at, yPtr + <usize>r * row + at, d.n - column);
      }
    }
  }
}

function tile4x8(d: MatmulDescriptor, a0: usize, bPtr: usize, yPtr: usize): void {
  const row = <usize>d.n << 2;
  const aRow = <usize>d.k << 2;
  let a1 = a0 + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  const end = a1;
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0), s10 = f32x4.splat(0), s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0), s30 = f32x4.splat(0), s31 = f32x4.splat(0);
  while (a0 != end) {
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(a3);
    s31 = madd(a, b1, s31);
    s30 = madd(a, b0, s30);
    a = v128.load32_splat(a2);
    s21 = madd(a, b1, s21);
    s20 = madd(a, b0, s20);
    a = v128.load32_splat(a1);
    s11 = madd(a, b1, s11);
    s10 = madd(a, b0, s10);
    a = v128.load32_splat(a0);
    s01 = madd(a, b1, s01);
    s00 = madd(a, b0, s00);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    bPtr += row;
  }
  v128.store(yPtr, s00);
  v128.store(yPtr, s01, 16);
  yPtr += row;
  v128.store(yPtr, s10);
  v128.store(yPtr, s11, 16);
  yPtr += row;
  v128.store(yPtr, s20);
  v128.store(yPtr, s21, 16);
  yPtr += row;
  v128.store(yPtr, s30);
  v128.store(yPtr, s31, 16);
}

function tile1x8(d: MatmulDescriptor, aPtr: usize, bPtr: usize, yPtr: usize): void {
  const row = <usize>d.n << 2;
  const end = aPtr + (<usize>d.k << 2);
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0);
  while (aPtr != end) {
    const a = v128.load32_splat(aPtr);
    s0 = madd(a, v128.load(bPtr), s0);
    s1 = madd(a, v128.load(bPtr, 16), s1);
    aPtr += 4;
    bPtr += row;
  }
  v128.store(yPtr, s0);
  v128.store(yPtr, s1, 16);
}

/** The last columns, one at a time: vectors would read beyond b. Fused where the vectors are. */
function edgeRow(d: MatmulDescriptor, aPtr: usize, bPtr: usize, yPtr: usize, columns: i32): void {
  const row = <usize>d.n << 2;
  const end = aPtr + (<usize>d.k << 2);
  for (; columns > 0; columns--) {
    let sum = f32x4.splat(0);
    let b = bPtr;
    for (let a = aPtr; a != end; a += 4) {
      sum = madd(v128.load32_splat(a), v128.load32_splat(b), sum);
      b += row;
    }
    store<f32>(yPtr, f32x4.extract_lane(sum, 0));
    bPtr += 4;
    yPtr += 4;
  }
}
