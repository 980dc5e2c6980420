/**
 * Winograd's minimal filtering along one axis, for 3 taps at stride 1: F(2, 3) with the points 0, 1, -1 and infinity, F(4, 3)
 * with 2 and -2 as well (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016). `tile` outputs along the
 * axis take tile + 2 products in place of 3 * tile. The products are one grouped convolution over the other axes: group f
 * convolves the input's transform f with the weights' transform f.
 *
 * A tensor is seen as [outer, axis, positions, channels]: along depth, `positions` are those of a plane; along height, those
 * of a row, and `outer` counts batch and depth.
 */
import { activate } from './activation.js';
import { activation } from './fields.js';
import type { Kernel } from './kernel.js';
import { rowsPerUnit } from './rows.js';

export type WinogradTile = 2 | 4;

/** The tile along depth, height and width; 0 where an axis is convolved directly. */
export type WinogradTiles = readonly [WinogradTile | 0, WinogradTile | 0, WinogradTile | 0];

interface Transforms {
  /** [tile + 2][tile + 2]: from input slices to transformed ones. */
  readonly input: readonly (readonly number[])[];
  /** [tile + 2][3]: from weight slices to transformed ones. */
  readonly weight: readonly (readonly number[])[];
  /** [tile][tile + 2]: from products to output slices. */
  readonly output: readonly (readonly number[])[];
}

export const winogradTransforms: Readonly<Record<WinogradTile, Transforms>> = {
  2: {
    input: [
      [1, 0, -1, 0],
      [0, 1, 1, 0],
      [0, -1, 1, 0],
      [0, 1, 0, -1],
    ],
    weight: [
      [1, 0, 0],
      [1 / 2, 1 / 2, 1 / 2],
      [1 / 2, -1 / 2, 1 / 2],
      [0, 0, 1],
    ],
    output: [
      [1, 1, 1, 0],
      [0, 1, -1, -1],
    ],
  },
  4: {
    input: [
      [4, 0, -5, 0, 1, 0],
      [0, -4, -4, 1, 1, 0],
      [0, 4, -4, -1, 1, 0],
      [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0],
      [0, 4, 0, -5, 0, 1],
    ],
    weight: [
      [1 / 4, 0, 0],
      [-1 / 6, -1 / 6, -1 / 6],
      [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6],
      [1 / 24, -1 / 12, 1 / 6],
      [0, 0, 1],
    ],
    output: [
      [1, 1, 1, 1, 1, 0],
      [0, 1, -1, 2, -2, 0],
      [0, 1, 1, 4, 4, 0],
      [0, 1, -1, 8, -8, 1],
    ],
  },
};

/**
 * f32_winograd_input: x [outer, inSize, positions, channels] -> y [outer, tiles, positions, tile + 2, channels].
 * Tile t covers the input slices from t * tile - pad on; those outside of x are zero.
 * A unit is (outer, tile, block of rowBlock positions).
 */
export const winogradInputFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  outer: 'i32',
  inSize: 'i32',
  tiles: 'i32',
  tile: 'i32',
  pad: 'i32',
  positions: 'i32',
  channels: 'i32',
  rowBlock: 'i32',
} as const;

/**
 * f32_winograd_output: y = activation(bias + transform of x + residual), x [outer, tiles, positions, tile + 2, channels] ->
 * y [outer, outSize, positions, channels]; what a last tile has beyond outSize is dropped. bias: [channels]; residual: as y.
 * A unit is (outer, tile, block of rowBlock positions).
 */
export const winogradOutputFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  outer: 'i32',
  outSize: 'i32',
  tiles: 'i32',
  tile: 'i32',
  positions: 'i32',
  channels: 'i32',
  biasPtr: 'ptr',
  residualPtr: 'ptr',
  ...activation,
  rowBlock: 'i32',
} as const;

interface Blocked {
  readonly outer: number;
  readonly tiles: number;
  readonly positions: number;
  readonly rowBlock: number;
}

const blocksOf = (d: Blocked) => Math.ceil(d.positions / d.rowBlock);

/** The positions of units [begin, end), each with its outer and tile. */
function* positionsOf(d: Blocked, begin: number, end: number) {
  const blocks = blocksOf(d);
  for (let unit = begin; unit < end; unit++) {
    const tileIndex = Math.floor(unit / blocks);
    const first = (unit % blocks) * d.rowBlock;
    const last = Math.min(first + d.rowBlock, d.positions);
    for (let position = first; position < last; position++) {
      yield { n: Math.floor(tileIndex / d.tiles), t: tileIndex % d.tiles, tileIndex, position };
    }
  }
}

export const winogradInput: Kernel<typeof winogradInputFields> = {
  name: 'f32_winograd_input',
  fields: winogradInputFields,
  units: d => d.outer * d.tiles * blocksOf(d),
  scratchBytes: d => d.channels * 4,
  twin({ f32 }, d, begin, end) {
    const { input } = winogradTransforms[d.tile as WinogradTile];
    for (const { n, t, tileIndex, position } of positionsOf(d, begin, end)) {
      for (let c = 0; c < d.channels; c++) {
        const slices = input.map((_, j) => {
          const slice = t * d.tile - d.pad + j;
          if (slice < 0 || slice >= d.inSize) return 0;
          return f32[d.xPtr / 4 + ((n * d.inSize + slice) * d.positions + position) * d.channels + c]!;
        });
        const to = d.yPtr / 4 + (tileIndex * d.positions + position) * input.length * d.channels + c;
        for (const [f, row] of input.entries()) f32[to + f * d.channels] = dot(row, slices);
      }
    }
  },
};

export const winogradOutput: Kernel<typeof winogradOutputFields> = {
  name: 'f32_winograd_output',
  fields: winogradOutputFields,
  units: d => d.outer * d.tiles * blocksOf(d),
  scratchBytes: () => 0,
  twin({ f32 }, d, begin, end) {
    const { output } = winogradTransforms[d.tile as WinogradTile];
    const apply = activate(d);
    const products = d.tile + 2;
    for (const { n, t, tileIndex, position } of positionsOf(d, begin, end)) {
      for (let c = 0; c < d.channels; c++) {
        const from = d.xPtr / 4 + (tileIndex * d.positions + position) * products * d.channels + c;
        const values = Array.from({ length: products }, (_, f) => f32[from + f * d.channels]!);
        for (const [i, row] of output.entries()) {
          const slice = t * d.tile + i;
          if (slice >= d.outSize) break;
          const at = ((n * d.outSize + slice) * d.positions + position) * d.channels + c;
          const bias = d.biasPtr ? f32[d.biasPtr / 4 + c]! : 0;
          const residual = d.residualPtr ? f32[d.residualPtr / 4 + at]! : 0;
          f32[d.yPtr / 4 + at] = apply(Math.fround(bias + dot(row, values) + residual));
        }
      }
    }
  },
};

/** Terms whose factor is zero are left out, so that NaN beside them stays out. */
function dot(row: readonly number[], values: readonly number[]): number {
  return row.reduce((sum, factor, j) => (factor === 0 ? sum : sum + factor * values[j]!), 0);
}

/** Default rowBlock: positions of a unit, for (tile + 2) * channels floats each. */
export const winogradRowBlock = (tile: number, channels: number): number => rowsPerUnit((tile + 2) * channels);
