/**
 * Register tiles in the form that suits the host: A broadcast from memory or its lanes splat from registers, 8 outputs at a time or 16.
 * Invariant: all forms give the same bits, so that the choice decides nothing but time.
 *
 * Tiles of 16 outputs are for hosts that fuse neighbouring vectors of 128 bits to one of 256, as V8 does since 13.6 where it is told to:
 * what would need twice the registers of x86 then fills them.
 */
import { TILE_OUTPUTS, Tile, broadcastPackedTile, packedTile6x16 } from "./gemm_tile";
import { laneTableTile, lanePackedTile } from "./lane_tiles";
import { strided4x16, strided4x8, strided5x16, strided5x8, strided6x16, strided6x8 } from "./strided_tile";
import { tile4x16, tile4x8, tile5x16, tile5x8, tile6x16, tile6x8 } from "./table_tile";

/** A bit for each kernel, also in src/kernels/tiles.ts. */
// @ts-ignore: decorator
@inline
export const PACKED: i32 = 1;
// @ts-ignore: decorator
@inline
export const TABLE: i32 = 2;
// @ts-ignore: decorator
@inline
export const STRIDED: i32 = 4;

/** The tiles that splat lanes, and those of 16 outputs, in this instance of the module. */
let laneTiles: i32 = 0;
let wideTiles: i32 = 0;

export function use_tiles(lanes: i32, wide: i32): void {
  laneTiles = lanes;
  wideTiles = wide;
}

/** Whether the host fuses neighbouring vectors: it has won a race by wide tiles. */
// @ts-ignore: decorator
@inline
export function fusesVectors(): bool {
  return wideTiles != 0;
}

/** Outputs of a wide tile; others have TILE_OUTPUTS. */
// @ts-ignore: decorator
@inline
export const WIDE: i32 = 16;

/** Outputs that a kernel's tiles take at a time. */
// @ts-ignore: decorator
@inline
export function outputsOf(kernel: i32): i32 {
  return wideTiles & kernel ? WIDE : TILE_OUTPUTS;
}

// Inlined: a tile should have two callers, or be exported, so that the optimizer leaves it a function of its own.

/** y = max((start + a @ b) + residual, floor) for k steps: 6 rows packed as [k][6], 8 or 16 outputs. */
// @ts-ignore: decorator
@inline
export function packedTile(outputs: i32, tile: Tile, aPtr: usize, bPtr: usize, k: i32): void {
  if (outputs == WIDE) packedTile6x16(changetype<usize>(tile), aPtr, bPtr, k);
  else if (laneTiles & PACKED) lanePackedTile(tile, aPtr, bPtr, k);
  else broadcastPackedTile(tile, aPtr, bPtr, k);
}

/** What `tableTile` calls for `rows` (4 to MOST_TILE_ROWS) rows: the number of rows, or LANES where k come in fours one behind the other. */
// @ts-ignore: decorator
@inline
export function tableForm(rows: i32, isInQuads: bool): i32 {
  return isInQuads && laneTiles & TABLE ? LANES : rows;
}

// @ts-ignore: decorator
@inline
export const LANES: i32 = 0;

/** See tile6x8 in table_tile.ts. Where form and outputs are constants, there is but one call. */
// @ts-ignore: decorator
@inline
export function tableTile(
  form: i32,
  outputs: i32,
  rows: i32,
  aPtr: usize,
  runPtr: usize,
  bPtr: usize,
  startPtr: usize,
  yPtr: usize,
): void {
  if (outputs == WIDE) {
    if (ASC_FEATURE_RELAXED_SIMD && form == 6) tile6x16(aPtr, runPtr, bPtr, startPtr, yPtr);
    else if (form == 5) tile5x16(aPtr, runPtr, bPtr, startPtr, yPtr);
    else tile4x16(aPtr, runPtr, bPtr, startPtr, yPtr);
  } else if (form == LANES) laneTableTile(rows, aPtr, runPtr, bPtr, startPtr, yPtr);
  else if (ASC_FEATURE_RELAXED_SIMD && form == 6) tile6x8(aPtr, runPtr, bPtr, startPtr, yPtr);
  else if (form == 5) tile5x8(aPtr, runPtr, bPtr, startPtr, yPtr);
  else tile4x8(aPtr, runPtr, bPtr, startPtr, yPtr);
}

/** See strided6x8 in strided_tile.ts: `rows` is 4 to MOST_TILE_ROWS. Where rows and outputs are constants, there is but one call. */
// @ts-ignore: decorator
@inline
export function stridedTile(
  outputs: i32,
  rows: i32,
  tilePtr: usize,
  aPtr: usize,
  aStride: usize,
  bPtr: usize,
  k: i32,
): void {
  if (outputs == WIDE) {
    if (ASC_FEATURE_RELAXED_SIMD && rows == 6) strided6x16(tilePtr, aPtr, aStride, bPtr, k);
    else if (rows == 5) strided5x16(tilePtr, aPtr, aStride, bPtr, k);
    else strided4x16(tilePtr, aPtr, aStride, bPtr, k);
  } else if (ASC_FEATURE_RELAXED_SIMD && rows == 6) strided6x8(tilePtr, aPtr, aStride, bPtr, k);
  else if (rows == 5) strided5x8(tilePtr, aPtr, aStride, bPtr, k);
  else strided4x8(tilePtr, aPtr, aStride, bPtr, k);
}
