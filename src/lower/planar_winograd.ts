/** When a convolution of few channels is done by Winograd's method, from its shape alone. */
import type { ConvNode } from '../graph/ir.js';
import { tilesOver } from '../kernels/winograd_grid.js';
import type { WinogradTile } from '../kernels/winograd_transforms.js';
import { ndhwcFields, windowFields } from './spatial.js';

/** Along depth and height. */
export type PlanarTiles = readonly [WinogradTile, WinogradTile];

/** What the transforms cost for each vector that they read or write, in multiply-adds of a vector. */
const vectorCost = 2.8;
/** Bytes of half transformed lines that stay in a core's own cache beside all else. */
const mostLineBytes = 512 * 1024;
/** How much cheaper the method has to be than direct convolution. */
const leastGain = 0.8;

/** Every pair of tiles where the method applies, its lines stay in a cache and weights take at most `growth` times their size. */
export function planarWays(
  node: ConvNode,
  x: readonly number[],
  y: readonly number[],
  growth = Number.POSITIVE_INFINITY,
): readonly PlanarTiles[] {
  const { inC, outW } = ndhwcFields(x, y);
  const { kD, kH, kW, strideD, strideH, dilW } = windowFields(node.window);
  if (kD !== 3 || kH !== 3 || strideD !== 1 || strideH !== 1) return [];
  const lineBytes = 4 * inC * (outW + (kW - 1) * dilW);
  const tiles: readonly WinogradTile[] = [2, 4];
  return tiles
    .flatMap(tileD => tiles.map((tileH): PlanarTiles => [tileD, tileH]))
    .filter(([tileD, tileH]) => {
      const points = (tileD + 2) * (tileH + 2);
      return points * lineBytes <= mostLineBytes && points <= growth * kD * kH;
    });
}

/** The tiles that should take least time; null where direct convolution does, or where the method does not apply. */
export function choosePlanarWinograd(
  node: ConvNode,
  x: readonly number[],
  y: readonly number[],
  growth?: number,
): PlanarTiles | null {
  const { inC, outC, outD, outH } = ndhwcFields(x, y);
  const { kD, kH, kW, dilD, dilH } = windowFields(node.window);
  /** Multiply-adds for each position along w. */
  const costOf = ([tileD, tileH]: PlanarTiles): number => {
    const tiles = tilesOver(outD, { tile: tileD }, dilD) * tilesOver(outH, { tile: tileH }, dilH);
    const points = (tileD + 2) * (tileH + 2);
    const products = points * kW * inC * outC;
    const inputs = 4 * points * inC;
    const outputs = (2 * points + 2 * (tileD + 2) * tileH + 2 * tileD * tileH) * outC;
    return tiles * (products + vectorCost * (inputs + outputs));
  };
  let best: PlanarTiles | null = null;
  let least = leastGain * outD * outH * kD * kH * kW * inC * outC;
  for (const way of planarWays(node, x, y, growth)) {
    const cost = costOf(way);
    if (cost >= least) continue;
    least = cost;
    best = way;
  }
  return best;
}
