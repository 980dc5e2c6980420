/** The work of Winograd's three kernels. */
import { activationTraffic, type CacheSizes, fields, finishCounts, type Values, type Work } from './work.js';

/** Rows that the register tiles of the products have on average. */
const tileRows = 6;

const pointsOf = (values: Values): number => {
  const { pointsD, pointsH, pointsW } = fields(values, 'pointsD', 'pointsH', 'pointsW');
  return pointsD * pointsH * pointsW;
};

/** Every vector of a tile is read, passes through each axis and is written as a point. */
export function winogradInputWork(values: Values, caches: CacheSizes): Work {
  const { inC, rows, inD, inH, inW } = fields(values, 'inC', 'rows', 'inD', 'inH', 'inW');
  const vectors = rows * pointsOf(values) * Math.ceil(inC / 4);
  const bytes = 4 * Math.min(inD * inH * inW * inC, 4 * vectors) + 16 * vectors;
  return { counts: { transformIn: vectors }, ...activationTraffic(bytes, caches) };
}

/** Tiles of rows over every panel and point; the weights pass once. */
export function winogradProductsWork(values: Values, caches: CacheSizes): Work {
  const d = fields(values, 'points', 'quads', 'blockQuads', 'taps', 'rows', 'panels');
  const depth = 4 * d.quads * d.taps;
  const tiles = d.points * d.panels * Math.ceil(d.rows / tileRows);
  const weightBytes = 32 * d.points * d.panels * depth;
  const once = activationTraffic(4 * d.points * d.rows * (4 * d.quads + 8 * d.panels), caches);
  return {
    counts: { gemmStep: tiles * depth, gemmTile: tiles * Math.ceil(d.quads / d.blockQuads) },
    cacheBytes: once.cacheBytes,
    memoryBytes: once.memoryBytes + weightBytes,
  };
}

export function winogradOutputWork(values: Values, caches: CacheSizes): Work {
  const { outC, rows, tileD, tileH, tileW } = fields(values, 'outC', 'rows', 'tileD', 'tileH', 'tileW');
  const vectors = rows * pointsOf(values) * Math.ceil(outC / 4);
  const outputs = rows * tileD * tileH * tileW * outC;
  const bytes = 16 * vectors + 4 * outputs * (values.residualPtr ? 2 : 1);
  return {
    counts: { transformOut: vectors, ...finishCounts(values, outputs) },
    ...activationTraffic(bytes, caches),
  };
}
