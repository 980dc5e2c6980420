/**
 * Winograd's minimal filtering along depth, for 3 taps at stride 1: F(2, 3) with the points 0, 1, -1 and infinity, F(4, 3) with
 * 2 and -2 as well (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016). `tile` outputs in depth take
 * tile + 2 products in place of 3 * tile. The products are one grouped convolution over planes: group f convolves the input's
 * transform f with the weights' transform f.
 */
import { activate } from './activation.js';
import { activation } from './fields.js';
import type { Kernel } from './kernel.js';
import { rowsPerUnit } from './rows.js';

export type DepthTile = 2 | 4;

interface Transforms {
  /** [tile + 2][tile + 2]: from input planes to transformed ones. */
  readonly input: readonly (readonly number[])[];
  /** [tile + 2][3]: from weight planes to transformed ones. */
  readonly weight: readonly (readonly number[])[];
  /** [tile][tile + 2]: from products to output planes. */
  readonly output: readonly (readonly number[])[];
}

export const depthTransforms: Readonly<Record<DepthTile, Transforms>> = {
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
 * f32_winograd_depth_input: x [batch, inD, positions, channels] -> y [batch, tiles, positions, tile + 2, channels].
 * Tile t covers the input planes from t * tile - padD on; those outside of x are zero.
 * A unit is (batch, tile, block of rowBlock positions).
 */
export const winogradDepthInputFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  batch: 'i32',
  inD: 'i32',
  tiles: 'i32',
  tile: 'i32',
  padD: 'i32',
  positions: 'i32',
  channels: 'i32',
  rowBlock: 'i32',
} as const;

/**
 * f32_winograd_depth_output: y = activation(bias + transform of x + residual), x [batch, tiles, positions, tile + 2, channels] ->
 * y [batch, outD, positions, channels]; what a last tile has beyond outD is dropped. bias: [channels]; residual: as y.
 * A unit is (batch, tile, block of rowBlock positions).
 */
export const winogradDepthOutputFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  batch: 'i32',
  outD: 'i32',
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
  readonly batch: number;
  readonly tiles: number;
  readonly positions: number;
  readonly rowBlock: number;
}

const blocksOf = (d: Blocked) => Math.ceil(d.positions / d.rowBlock);

/** The positions of units [begin, end), each with its batch and tile. */
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

export const winogradDepthInput: Kernel<typeof winogradDepthInputFields> = {
  name: 'f32_winograd_depth_input',
  fields: winogradDepthInputFields,
  units: d => d.batch * d.tiles * blocksOf(d),
  scratchBytes: d => d.channels * 4,
  twin({ f32 }, d, begin, end) {
    const { input } = depthTransforms[d.tile as DepthTile];
    for (const { n, t, tileIndex, position } of positionsOf(d, begin, end)) {
      for (let c = 0; c < d.channels; c++) {
        const planes = input.map((_, j) => {
          const plane = t * d.tile - d.padD + j;
          if (plane < 0 || plane >= d.inD) return 0;
          return f32[d.xPtr / 4 + ((n * d.inD + plane) * d.positions + position) * d.channels + c]!;
        });
        const to = d.yPtr / 4 + (tileIndex * d.positions + position) * input.length * d.channels + c;
        for (const [f, row] of input.entries()) f32[to + f * d.channels] = dot(row, planes);
      }
    }
  },
};

export const winogradDepthOutput: Kernel<typeof winogradDepthOutputFields> = {
  name: 'f32_winograd_depth_output',
  fields: winogradDepthOutputFields,
  units: d => d.batch * d.tiles * blocksOf(d),
  scratchBytes: () => 0,
  twin({ f32 }, d, begin, end) {
    const { output } = depthTransforms[d.tile as DepthTile];
    const apply = activate(d);
    const products = d.tile + 2;
    for (const { n, t, tileIndex, position } of positionsOf(d, begin, end)) {
      for (let c = 0; c < d.channels; c++) {
        const from = d.xPtr / 4 + (tileIndex * d.positions + position) * products * d.channels + c;
        const values = Array.from({ length: products }, (_, f) => f32[from + f * d.channels]!);
        for (const [i, row] of output.entries()) {
          const plane = t * d.tile + i;
          if (plane >= d.outD) break;
          const at = ((n * d.outD + plane) * d.positions + position) * d.channels + c;
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
export const winogradDepthRowBlock = (tile: number, channels: number): number => rowsPerUnit((tile + 2) * channels);
