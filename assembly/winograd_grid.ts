/**
 * The grid of Winograd's tiles. Along an axis with dilation, outputs that are `dilation` apart are neighbours: the axis falls into
 * as many phases, each with tiles of its own.
 */

/** Along one axis: tiles of all phases, outputs and points of a tile (1 and 1: not transformed), dilation, pad in front. */
// @ts-ignore: decorator
@unmanaged
export class Axis {
  tiles: i32;
  tile: i32;
  points: i32;
  dilation: i32;
  pad: i32;
}

// @ts-ignore: decorator
@inline
export const AXIS_BYTES: usize = 20;

/** The first output of tile `index`; the next ones are `dilation` apart. */
// @ts-ignore: decorator
@inline
export function firstOutput(axis: Axis, index: i32): i32 {
  if (axis.dilation == 1) return index * axis.tile;
  const perPhase = axis.tiles / axis.dilation;
  return index / perPhase + (index % perPhase) * axis.tile * axis.dilation;
}
