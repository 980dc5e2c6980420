/** Layers for the transforms of Winograd's method: every way to take the three axes, with sizes that leave tiles ragged. */
import { type GridAxis, tilesOver } from '../../../src/kernels/winograd_grid.js';
import { type AxisTile, axisTiles, tapsOf } from '../../../src/kernels/winograd_transforms.js';

/** An axis of a layer: its outputs, and the inputs that they read inside of the pads. */
export interface LayerAxis {
  readonly tile: AxisTile;
  readonly size: number;
  readonly dil: number;
  readonly pad: number;
}

export interface Layer {
  readonly axes: readonly [LayerAxis, LayerAxis, LayerAxis];
  readonly channels: number;
  /** Rows between the last one and the next group's first. */
  readonly gap: number;
  readonly unitRows: number;
  readonly unitGroups: number;
}

export const product = (values: readonly number[]): number => values.reduce((all, value) => all * value, 1);
export const pointsOf = ({ axes }: Layer): number => product(axes.map(({ tile }) => tile.points));
export const groupsOf = ({ channels }: Layer): number => Math.ceil(channels / 16);

/** Outputs of an axis of that many inputs, with the same pad behind. */
export const outputsOf = ({ tile, size, dil, pad }: LayerAxis): number =>
  Math.max(1, size + 2 * pad - dil * (tapsOf(tile) - 1));

export const gridOf = ({ axes }: Layer): GridAxis[] =>
  axes.map(axis => {
    const { tile, dil, pad } = axis;
    return { ...tile, tiles: tilesOver(outputsOf(axis), tile, dil), dil, pad };
  });

export const rowsOf = (layer: Layer): number => product(gridOf(layer).map(axis => axis.tiles));

export const titleOf = ({ axes, ...rest }: Layer): string =>
  `${axes.map(({ tile, size, dil, pad }) => `${tile.points} points (size ${size}, dilation ${dil}, pad ${pad})`).join(', ')}, ` +
  Object.entries(rest)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

const ways = [axisTiles.none, axisTiles.f23, axisTiles.f43, axisTiles.f53, axisTiles.f44];
/** Lists of which no two have the same length, so that each meets every other in time. */
const sizes = [5, 1, 8, 3, 4, 7, 2, 9, 13, 6, 11];
const dilations = [1, 2, 1, 3, 1];
const pads = [1, 0, 2, 3, 1, 0, 2];
const channels = [4, 1, 16, 5, 33, 12, 17, 3, 30];
const gaps = [0, 1, 5];
const unitRows = [1, 3, 100, 2];
const unitGroups = [1, 2, 3];

/** Every way to take three axes, each with the next of all sizes, dilations, pads and blocks. */
export const layers: readonly Layer[] = ways
  .flatMap(d => ways.flatMap(h => ways.map(w => [d, h, w] as const)))
  .filter(tiles => tiles.some(({ points }) => points > 1))
  .map((tiles, i) => {
    const next = (list: readonly number[], at = i) => list[at % list.length]!;
    const along = (axis: 0 | 1 | 2): LayerAxis => {
      const at = 3 * i + axis;
      return { tile: tiles[axis], size: next(sizes, at), dil: next(dilations, at), pad: next(pads, at) };
    };
    return {
      axes: [along(0), along(1), along(2)],
      channels: next(channels),
      gap: next(gaps),
      unitRows: next(unitRows),
      unitGroups: next(unitGroups),
    };
  });

/** One axis that is transformed, of `size` outputs at the pads that keep sizes, and another that is not. */
export const oneAxis = (tile: AxisTile, size: number): Layer => ({
  axes: [
    { tile: axisTiles.none, size: 2, dil: 1, pad: 0 },
    { tile, size, dil: 1, pad: 1 },
    { tile: axisTiles.none, size: 3, dil: 1, pad: 0 },
  ],
  channels: 5,
  gap: 1,
  unitRows: 2,
  unitGroups: 1,
});

/** At most `count` rows of a layer, from the middle of its grid on. */
export function someRows(layer: Layer, count: number): { firstRow: number; rows: number } {
  const all = rowsOf(layer);
  const rows = Math.min(all, count);
  return { firstRow: Math.floor((all - rows) / 2), rows };
}
