/**
 * The grid of Winograd's tiles over [d, h, w], as the kernels' descriptors hold it. Along an axis with dilation, positions that are
 * `dil` apart are neighbours: the axis falls into as many phases, each with tiles of its own, and tiles are counted phase by phase. Rows
 * of the grid go along w first, then h, then d; where `depthFirst` is not 0, along d first, then w, then h.
 */
import type { AxisTile } from './winograd_transforms.js';

/** tiles: of all phases; tile, points: outputs and points of one; dil: dilation; pad: zeros in front of the input. */
export const winogradGrid = {
  tilesD: 'i32',
  tileD: 'i32',
  pointsD: 'i32',
  dilD: 'i32',
  padD: 'i32',
  tilesH: 'i32',
  tileH: 'i32',
  pointsH: 'i32',
  dilH: 'i32',
  padH: 'i32',
  tilesW: 'i32',
  tileW: 'i32',
  pointsW: 'i32',
  dilW: 'i32',
  padW: 'i32',
  depthFirst: 'i32',
} as const;

type GridFields = { readonly [K in keyof typeof winogradGrid]: number };

/** One axis of the grid. */
export interface GridAxis extends AxisTile {
  readonly tiles: number;
  readonly dil: number;
  readonly pad: number;
}

/** Tiles that cover `size` outputs. */
export const tilesOver = (size: number, { tile }: Pick<AxisTile, 'tile'>, dil: number): number =>
  dil * Math.ceil(size / (dil * tile));

/** The fields from their three axes. */
export function gridFields(axes: readonly GridAxis[], depthFirst = false): GridFields {
  const named = axes.flatMap(({ tiles, tile, points, dil, pad }, i) => {
    const suffix = 'DHW'[i]!;
    return Object.entries({ tiles, tile, points, dil, pad }).map(([name, value]) => [name + suffix, value]);
  });
  return { ...Object.fromEntries(named), depthFirst: Number(depthFirst) } as GridFields;
}

/** The three axes from the fields. */
export function gridAxes(d: GridFields): readonly [GridAxis, GridAxis, GridAxis] {
  return [
    { tiles: d.tilesD, tile: d.tileD, points: d.pointsD, dil: d.dilD, pad: d.padD },
    { tiles: d.tilesH, tile: d.tileH, points: d.pointsH, dil: d.dilH, pad: d.padH },
    { tiles: d.tilesW, tile: d.tileW, points: d.pointsW, dil: d.dilW, pad: d.padW },
  ];
}

/** First output along each axis [d, h, w] of the tile that is `row` of the grid. */
export function firstOutputs(axes: readonly GridAxis[], row: number, depthFirst: boolean): number[] {
  const first: number[] = [];
  let rest = row;
  for (const axis of depthFirst ? [0, 2, 1] : [2, 1, 0]) {
    const { tiles, tile, dil } = axes[axis]!;
    const index = rest % tiles;
    const perPhase = tiles / dil;
    first[axis] = Math.floor(index / perPhase) + (index % perPhase) * tile * dil;
    rest = Math.floor(rest / tiles);
  }
  return first;
}

/** Positions [d, h, w] of a tile's `sizes` members, which begin at `first` and are `dil` apart, w fastest. */
export function membersOf(axes: readonly GridAxis[], first: readonly number[], sizes: readonly number[]): number[][] {
  const members: number[][] = [];
  const along = (axis: number) => Array.from({ length: sizes[axis]! }, (_, i) => first[axis]! + i * axes[axis]!.dil);
  for (const d of along(0)) for (const h of along(1)) for (const w of along(2)) members.push([d, h, w]);
  return members;
}
