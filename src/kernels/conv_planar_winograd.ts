import { activate } from './activation.js';
import type { Values } from './descriptor.js';
import { activation } from './fields.js';
import type { Kernel } from './kernel.js';
import { tilesOver } from './winograd_grid.js';
import { type Transforms, threeTaps, transformsOf, type WinogradTile } from './winograd_transforms.js';

/**
 * f32_conv_planar_winograd: convolution for layers of few channels, with 3 taps along d and h and stride 1, by Winograd's method
 * along these two axes. Layouts and halos are those of f32_conv_planar, and vectors may read up to 3 floats past a row.
 *
 * A tile is tileD x tileH outputs whose distance is dilD and dilH: a dilated layer is a dense one on each of dilD x dilH
 * sub-lattices. Tiles begin at the layer's first outputs: dilD * tileD outputs belong to dilD tiles. What a last tile has beyond
 * the outputs is dropped, and input rows that only such outputs would need count as zeros.
 * y = activation((bias + transform of products) + residual). Packed weights: [(tileD + 2) x (tileH + 2)][kW][inC][outC];
 * bias: [outC]; residual: as y, and not y itself.
 * A unit is (batch, tile along d, tile along h); one whose tile begins beyond the outputs has nothing to do.
 */
export const convPlanarWinogradFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  batch: 'i32',
  inC: 'i32',
  inD: 'i32',
  inH: 'i32',
  inW: 'i32',
  inPitch: 'i32',
  inHalo: 'i32',
  outC: 'i32',
  outD: 'i32',
  outH: 'i32',
  outW: 'i32',
  outPitch: 'i32',
  outHalo: 'i32',
  kW: 'i32',
  dilD: 'i32',
  dilH: 'i32',
  dilW: 'i32',
  padD: 'i32',
  padH: 'i32',
  padW: 'i32',
  wPtr: 'ptr',
  biasPtr: 'ptr',
  residualPtr: 'ptr',
  ...activation,
  tileD: 'i32',
  tileH: 'i32',
} as const;

type D = Values<typeof convPlanarWinogradFields>;

const align64 = (bytes: number) => Math.ceil(bytes / 64) * 64;

const tilesAlong = (d: D) => ({
  tilesD: tilesOver(d.outD, { tile: d.tileD }, d.dilD),
  tilesH: tilesOver(d.outH, { tile: d.tileH }, d.dilH),
});

export const convPlanarWinograd: Kernel<typeof convPlanarWinogradFields> = {
  name: 'f32_conv_planar_winograd',
  fields: convPlanarWinogradFields,
  units(d) {
    const { tilesD, tilesH } = tilesAlong(d);
    return d.batch * tilesD * tilesH;
  },
  /** As laid out in assembly/conv_planar_winograd.ts. */
  scratchBytes(d) {
    const sizeD = d.tileD + 2;
    const sizeH = d.tileH + 2;
    const products = sizeH * d.outC * 64;
    const line = align64(4 * d.inC * d.inPitch);
    const sums = Math.ceil(d.outW / 16) * d.outC * 64;
    const lines = 1 + sizeD * sizeH + sizeH;
    return 256 + align64(4 * d.kW * d.inC) + products + lines * line + 64 + (d.tileH * sizeD + d.tileD) * sums;
  },
  twin({ f32 }, d, begin, end) {
    const { tilesD, tilesH } = tilesAlong(d);
    for (let unit = begin; unit < end; unit++) {
      const depth = Math.floor(unit / tilesH);
      twinTile(f32, d, {
        image: Math.floor(depth / tilesD),
        rowsD: outputsOf(depth % tilesD, d.outD, d.dilD, d.tileD),
        rowsH: outputsOf(unit % tilesH, d.outH, d.dilH, d.tileH),
      });
    }
  },
};

/** The outputs of a tile along an axis; neighbours on one sub-lattice follow each other. */
function outputsOf(tile: number, size: number, dilation: number, tileSize: number): number[] {
  const blocks = Math.ceil(size / (dilation * tileSize));
  const first = (tile % blocks) * dilation * tileSize + Math.floor(tile / blocks);
  return Array.from({ length: tileSize }, (_, i) => first + i * dilation).filter(at => at < size);
}

interface Tile {
  readonly image: number;
  /** Output indices. */
  readonly rowsD: readonly number[];
  readonly rowsH: readonly number[];
}

/** All channels of a tile's rows, halos included, summed in double precision. */
function twinTile(f32: Float32Array, d: D, tile: Tile): void {
  const finish = activate(d);
  const rowAt = (i: number, j: number, o: number) =>
    (((tile.image * d.outD + tile.rowsD[i]!) * d.outH + tile.rowsH[j]!) * d.outC + o) * d.outPitch;
  for (let o = 0; o < d.outC; o++) {
    for (const i of tile.rowsD.keys()) {
      for (const j of tile.rowsH.keys())
        f32.fill(0, d.yPtr / 4 + rowAt(i, j, o), d.yPtr / 4 + rowAt(i, j, o) + d.outPitch);
    }
    for (let w = 0; w < d.outW; w++) {
      const sums = sumsOf(f32, d, tile, w, o);
      for (const i of tile.rowsD.keys()) {
        for (const j of tile.rowsH.keys()) {
          const at = rowAt(i, j, o) + d.outHalo + w;
          const bias = d.biasPtr === 0 ? 0 : f32[d.biasPtr / 4 + o]!;
          const residual = d.residualPtr === 0 ? 0 : f32[d.residualPtr / 4 + at]!;
          f32[d.yPtr / 4 + at] = finish(Math.fround(bias + sums[i]![j]! + residual));
        }
      }
    }
  }
}

/** The sums [tileD][tileH] of output channel o at position w: the products of all points, transformed back. */
function sumsOf(f32: Float32Array, d: D, tile: Tile, w: number, o: number): number[][] {
  const [alongD, alongH] = [d.tileD, d.tileH].map(tile => transformsOf(threeTaps[tile as WinogradTile])) as [
    Transforms,
    Transforms,
  ];
  const products = alongD.input.map(() => alongH.input.map(() => 0));
  for (let kw = 0; kw < d.kW; kw++) {
    for (let c = 0; c < d.inC; c++) {
      const points = transform2(alongD.input, alongH.input, patchOf(f32, d, tile, w + kw * d.dilW, c));
      points.forEach((line, i) => {
        line.forEach((value, j) => {
          const step = ((i * line.length + j) * d.kW + kw) * d.inC + c;
          products[i]![j]! += value * f32[d.wPtr / 4 + step * d.outC + o]!;
        });
      });
    }
  }
  return transform2(alongD.output, alongH.output, products);
}

/** The tile's inputs [tileD + 2][tileH + 2] of channel c, `w` positions behind the first tap of output position 0. */
function patchOf(f32: Float32Array, d: D, { image, rowsD, rowsH }: Tile, w: number, c: number): number[][] {
  return Array.from({ length: d.tileD + 2 }, (_, i) =>
    Array.from({ length: d.tileH + 2 }, (_, j) => {
      const inD = rowsD[0]! - d.padD + i * d.dilD;
      const inH = rowsH[0]! - d.padH + j * d.dilH;
      const isNeeded = i < rowsD.length + 2 && j < rowsH.length + 2;
      if (!isNeeded || inD < 0 || inD >= d.inD || inH < 0 || inH >= d.inH) return 0;
      const line = (image * d.inD + inD) * d.inH + inH;
      return f32[d.xPtr / 4 + (line * d.inC + c) * d.inPitch + d.inHalo - d.padW + w]!;
    }),
  );
}

type Matrix = readonly (readonly number[])[];

/** a x b^T: along the first axis by a, along the second by b. Factors of zero leave their terms out, so that NaN stays out. */
function transform2(a: Matrix, b: Matrix, x: Matrix): number[][] {
  const dot = (factors: readonly number[], values: readonly number[]) =>
    factors.reduce((sum, factor, k) => (factor === 0 ? sum : sum + factor * values[k]!), 0);
  const half = a.map(factors =>
    x[0]!.map((_, j) =>
      dot(
        factors,
        x.map(line => line[j]!),
      ),
    ),
  );
  return half.map(line => b.map(factors => dot(factors, line)));
}
