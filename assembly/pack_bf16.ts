/** f32_pack_bf16: rows of up to 32 floats, rounded to bfloat16 and paired as f32_gemv_bf16 reads them. */
import { loadLanes } from "./lanes";

// @ts-ignore: decorator
@unmanaged
class PackBf16Descriptor {
  xPtr: usize;
  yPtr: usize;
  rows: i32;
  columns: i32;
  xStride: i32;
  rowBlock: i32;
}

// @ts-ignore: decorator
@inline
const PANEL: i32 = 32;

/** Bytes of a row of y. */
// @ts-ignore: decorator
@inline
const ROW: usize = 64;

export function f32_pack_bf16(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<PackBf16Descriptor>(descriptorPtr);
  const last = min(d.rows, unitEnd * d.rowBlock);
  for (let row = unitBegin * d.rowBlock; row < last; row++) {
    const x = d.xPtr + ((<usize>row * <usize>d.xStride) << 2);
    const y = d.yPtr + <usize>row * ROW;
    if (d.columns == PANEL) {
      for (let at: usize = 0; at < ROW; at += 16) {
        v128.store(y + at, paired(v128.load(x + 2 * at), v128.load(x + 2 * at, 16)));
      }
    } else {
      for (let column = 0; column < PANEL; column += 8) {
        const low = columnsAt(x, column, d.columns);
        v128.store(y + (<usize>column << 1), paired(low, columnsAt(x, column + 4, d.columns)));
      }
    }
  }
}

/** A word holds a lane of `low` and, above it, that of `high`. */
// @ts-ignore: decorator
@inline
function paired(low: v128, high: v128): v128 {
  return v128.or(i32x4.shr_u(rounded(low), 16), v128.and(rounded(high), i32x4.splat(0xffff0000)));
}

/** Four columns of a row; 0 from `columns` on. */
function columnsAt(x: usize, column: i32, columns: i32): v128 {
  if (column >= columns) return i32x4.splat(0);
  return loadLanes(x + (<usize>column << 2), min(4, columns - column));
}

/** bfloat16 in the upper half of each lane: to nearest, ties to even; a NaN stays one. */
// @ts-ignore: decorator
@inline
function rounded(value: v128): v128 {
  const odd = v128.and(i32x4.shr_u(value, 16), i32x4.splat(1));
  const nearest = i32x4.add(value, i32x4.add(odd, i32x4.splat(0x7fff)));
  const quiet = v128.or(value, i32x4.splat(0x00400000));
  return v128.bitselect(nearest, quiet, f32x4.eq(value, value));
}
