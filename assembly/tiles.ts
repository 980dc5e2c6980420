/**
 * Register tiles that have two forms, each in the one that suits the host: A broadcast from memory, or its lanes splat from
 * registers. Invariant: both forms give the same bits, so that the choice decides nothing but time.
 */
import { Tile, broadcastPackedTile } from "./gemm_tile";
import { laneTableTile, lanePackedTile } from "./lane_tiles";
import { tile4x8, tile5x8, tile6x8 } from "./table_tile";

/** A bit for each tile, also in src/kernels/tiles.ts. */
// @ts-ignore: decorator
@inline
const PACKED: i32 = 1;
// @ts-ignore: decorator
@inline
const TABLE: i32 = 2;

/** The tiles that splat lanes, in this instance of the module. */
let laneTiles: i32 = 0;

export function use_lane_tiles(tiles: i32): void {
  laneTiles = tiles;
}

// Inlined: a tile should have two callers, or be exported, so that the optimizer leaves it a function of its own.

/** y = max((start + a @ b) + residual, floor) for k steps: 6 rows packed as [k][6], 8 outputs. */
// @ts-ignore: decorator
@inline
export function packedTile(tile: Tile, aPtr: usize, bPtr: usize, k: i32): void {
  if (laneTiles & PACKED) lanePackedTile(tile, aPtr, bPtr, k);
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

/** See tile6x8 in table_tile.ts. Where the form is a constant, there is but one call. */
// @ts-ignore: decorator
@inline
export function tableTile(
  form: i32,
  rows: i32,
  aPtr: usize,
  runPtr: usize,
  bPtr: usize,
  startPtr: usize,
  yPtr: usize,
): void {
  if (form == LANES) laneTableTile(rows, aPtr, runPtr, bPtr, startPtr, yPtr);
  else if (ASC_FEATURE_RELAXED_SIMD && form == 6) tile6x8(aPtr, runPtr, bPtr, startPtr, yPtr);
  else if (form == 5) tile5x8(aPtr, runPtr, bPtr, startPtr, yPtr);
  else tile4x8(aPtr, runPtr, bPtr, startPtr, yPtr);
}
