/**
 * How rows that are read in place fall into register tiles: as few of them as can be, of even height.
 * Invariant: every tile has LEAST_TILE_ROWS rows or more, so that the last ones may reach beyond the rows, or share some.
 *
 *     for (let tiles = tilesOver(rows); tiles > 0; tiles--) {
 *       const height = tileHeight(rows - row, tiles);
 *       row += height;
 *     }
 */
import { ceilDiv } from "./rows";

/** Most rows of a tile: six where products and sums are fused, five where a product needs a register before it is added. */
// @ts-ignore: decorator
@inline
const MOST_TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
// @ts-ignore: decorator
@inline
export const LEAST_TILE_ROWS: i32 = 4;

// @ts-ignore: decorator
@inline
export function tilesOver(rows: i32): i32 {
  return ceilDiv(rows, MOST_TILE_ROWS);
}

/** Rows of the next of `tiles` tiles, where `left` rows are not in one yet. */
// @ts-ignore: decorator
@inline
export function tileHeight(left: i32, tiles: i32): i32 {
  return max(LEAST_TILE_ROWS, ceilDiv(left, tiles));
}
