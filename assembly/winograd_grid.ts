/**
 * The grid of Winograd's tiles. Along an axis with dilation, outputs that are `dilation` apart are neighbours: the axis falls into
 * as many phases, each with tiles of its own.
 */

/** Along one axis: tiles of all phases, outputs and points of a tile (1 and 1: not transformed), dilation, pad in front. */
// @ts-ignore: decorator
@unmanaged
class Axis {
  tiles: i32;
  tile: i32;
  points: i32;
  dilation: i32;
  pad: i32;
}

// @ts-ignore: decorator
@inline
const AXIS_BYTES: usize = 20;

/** The first output of tile `index`; the next ones are `dilation` apart. */
// @ts-ignore: decorator
@inline
function firstOutput(axis: Axis, index: i32): i32 {
  if (axis.dilation == 1) return index * axis.tile;
  const perPhase = axis.tiles / axis.dilation;
  return index / perPhase + (index % perPhase) * axis.tile * axis.dilation;
}

// Tiles are counted along w first, then h, then d; `depthFirst`: along d first, then w, then h. `axes`: that of d, with those of h and w
// behind it.

/** The first output along d of the tile that is `row` of the grid. */
export function firstAlongD(axes: usize, row: i32, depthFirst: bool): i32 {
  const d = changetype<Axis>(axes);
  const plane = changetype<Axis>(axes + AXIS_BYTES).tiles * changetype<Axis>(axes + 2 * AXIS_BYTES).tiles;
  return firstOutput(d, depthFirst ? row % d.tiles : row / plane);
}

/** The same along h. */
export function firstAlongH(axes: usize, row: i32, depthFirst: bool): i32 {
  const h = changetype<Axis>(axes + AXIS_BYTES);
  const line = (depthFirst ? row / changetype<Axis>(axes).tiles : row) / changetype<Axis>(axes + 2 * AXIS_BYTES).tiles;
  return firstOutput(h, depthFirst ? line : line % h.tiles);
}

/** The same along w. */
export function firstAlongW(axes: usize, row: i32, depthFirst: bool): i32 {
  const w = changetype<Axis>(axes + 2 * AXIS_BYTES);
  return firstOutput(w, (depthFirst ? row / changetype<Axis>(axes).tiles : row) % w.tiles);
}
