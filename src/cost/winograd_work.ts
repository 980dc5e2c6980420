/** The work of Winograd's three kernels, and of the one that is all of them. */
import { stepOf } from '../kernels/conv_winograd.js';
import { winogradInputFields } from '../kernels/winograd_input.js';
import { winogradOutputFields } from '../kernels/winograd_output.js';
import { winogradProductsFields } from '../kernels/winograd_products.js';
import {
  activationTraffic,
  type CacheSizes,
  fields,
  finishCounts,
  maximaCounts,
  poolMembers,
  type Values,
  type Work,
} from './work.js';

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
  const d = fields(values, 'points', 'channels', 'blockChannels', 'taps', 'rows', 'panels');
  const depth = d.channels * d.taps;
  const tiles = d.points * d.panels * Math.ceil(d.rows / tileRows);
  const weightBytes = 32 * d.points * d.panels * depth;
  const once = activationTraffic(4 * d.points * d.rows * (d.channels + 8 * d.panels), caches);
  return {
    counts: { gemmStep: tiles * depth, gemmTile: tiles * Math.ceil(d.channels / d.blockChannels) },
    cacheBytes: once.cacheBytes,
    memoryBytes: once.memoryBytes + weightBytes,
  };
}

export function winogradOutputWork(values: Values, caches: CacheSizes): Work {
  const { outC, rows, tileD, tileH, tileW } = fields(values, 'outC', 'rows', 'tileD', 'tileH', 'tileW');
  const vectors = rows * pointsOf(values) * Math.ceil(outC / 4);
  const outputs = rows * tileD * tileH * tileW * outC;
  const members = poolMembers(values);
  const stored = outputs / members;
  const bytes = 16 * vectors + 4 * stored * (values.residualPtr ? 2 : 1);
  return {
    counts: { transformOut: vectors, ...finishCounts(values, outputs), ...maximaCounts(members, stored) },
    ...activationTraffic(bytes, caches),
  };
}

/**
 * The pieces of all three, of which nothing but input, outputs and weights leaves the worker's cache. Weights pass once for each block, but
 * from a shared cache, behind the products.
 */
export function convWinogradWork(values: Values, caches: CacheSizes): Work {
  const { rows, blockRows } = fields(values, 'rows', 'blockRows');
  const products = { ...stepOf(values, 'products', winogradProductsFields), rows };
  const halo = Math.ceil(rows / blockRows) * (products.taps - 1) * products.tapRows;
  const input = { ...stepOf(values, 'input', winogradInputFields), rows: rows + halo };
  const output = { ...stepOf(values, 'output', winogradOutputFields), rows };
  const weightBytes = 32 * products.points * products.panels * products.taps * products.channels;
  const inBytes = 4 * input.inD * input.inH * input.inW * input.inC;
  const outBytes = 4 * output.outD * output.outH * output.outW * output.outC * (output.residualPtr ? 2 : 1);
  const once = activationTraffic(inBytes + outBytes, caches);
  return {
    counts: {
      ...winogradInputWork(input, caches).counts,
      ...winogradProductsWork(products, caches).counts,
      ...winogradOutputWork(output, caches).counts,
    },
    cacheBytes: once.cacheBytes,
    memoryBytes: once.memoryBytes + weightBytes,
  };
}
