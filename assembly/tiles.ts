/**
 * Register tiles that have two forms, each in the one that suits the host: A broadcast from memory, or its lanes splat from
 * registers. Invariant: both forms give the same bits, so that the choice decides nothing but time.
 */
import { Tile, broadcastPackedTile } from "./gemm_tile";
import { laneTableTile, lanePackedTile } from "./lane_tiles";
import { broadcastTableTile } from "./table_tile";

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

/**
 * y = start + a @ b for `rows` (4 to MOST_TILE_ROWS) rows: k of row r is at aPtr + offsets[k] + 64 * r; row r of y at yPtr + 64 * r,
 * and that of start, which may be y, likewise. Offsets come in fours, of floats that lie one behind the other.
 */
// @ts-ignore: decorator
@inline
export function tableTile(
  rows: i32,
  aPtr: usize,
  offsetsPtr: usize,
  bPtr: usize,
  k: i32,
  startPtr: usize,
  yPtr: usize,
): void {
  if (laneTiles & TABLE) laneTableTile(rows, aPtr, offsetsPtr, bPtr, k, startPtr, yPtr);
  else broadcastTableTile(rows, aPtr, offsetsPtr, bPtr, k, startPtr, yPtr);
}
