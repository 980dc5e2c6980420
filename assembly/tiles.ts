/**
 * The register tiles of the matrix kernels, each in the form that suits the host: A broadcast from memory, or its lanes splat
 * from registers. Invariant: both forms give the same bits, so that the choice decides nothing but time.
 */
import { Tile, broadcastTile6x8 } from "./gemm_tile";
import { laneTableTile, laneTile6x8 } from "./lane_tiles";
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

// Inlined, and called at several places each, because the compiler would fold a tile with a single caller into it.

/** y = max((start + a @ b) + residual, floor) for k steps: 6 rows packed as [k][6], 8 outputs. */
// @ts-ignore: decorator
@inline
export function tile6x8(tile: Tile, aPtr: usize, bPtr: usize, k: i32): void {
  if (laneTiles & PACKED) laneTile6x8(tile, aPtr, bPtr, k);
  else broadcastTile6x8(tile, aPtr, bPtr, k);
}

/**
 * y = a @ b for `rows` (4 to MOST_TILE_ROWS) rows: k of row r is at aPtr + offsets[k] + 64 * r; row r of y at yPtr + 64 * r.
 * Offsets come in fours, of floats that lie one behind the other.
 */
// @ts-ignore: decorator
@inline
export function tableTile(rows: i32, aPtr: usize, offsetsPtr: usize, bPtr: usize, k: i32, yPtr: usize): void {
  if (laneTiles & TABLE) laneTableTile(rows, aPtr, offsetsPtr, bPtr, k, yPtr);
  else broadcastTableTile(rows, aPtr, offsetsPtr, bPtr, k, yPtr);
}
