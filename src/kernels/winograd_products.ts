import type { Values } from './descriptor.js';
import type { Kernel } from './kernel.js';

/**
 * f32_winograd_products: y = x @ w at every point of Winograd's transform, x as f32_winograd_input writes it, w packed as
 * [point][panel of 8 outputs][tap][4 * quads][8], y [point][group of 16 outputs][yRowPitch][16], points yPointStride floats apart.
 *
 * A tap that was not transformed is a distance between rows: tap t of row r is row r + t * tapRows of x, in one block of xRowBlock
 * rows; with one tap, rows lie in blocks of xRowBlock. K is tap-major, then channel, in one chain per product.
 * Rows are multiplied in blocks of rowBlock, which divides xRowBlock unless that is one block; up to three rows behind the last one
 * are read in x, which has room for them, and go nowhere. A unit is (point, block of unitPanels panels), panels fastest.
 */
export const winogradProductsFields = {
  xPtr: 'ptr',
  wPtr: 'ptr',
  yPtr: 'ptr',
  points: 'i32',
  quads: 'i32',
  taps: 'i32',
  tapRows: 'i32',
  rows: 'i32',
  xRowBlock: 'i32',
  xPointStride: 'i32',
  rowBlock: 'i32',
  panels: 'i32',
  yRowPitch: 'i32',
  yPointStride: 'i32',
  unitPanels: 'i32',
} as const;

type D = Values<typeof winogradProductsFields>;

const panelBlocks = (d: D) => Math.ceil(d.panels / d.unitPanels);

export const winogradProducts: Kernel<typeof winogradProductsFields> = {
  name: 'f32_winograd_products',
  fields: winogradProductsFields,
  units: d => d.points * panelBlocks(d),
  /** As laid out in assembly/winograd_products.ts: an offset for each k, four rows of a panel. */
  scratchBytes: d => d.taps * d.quads * 16 + 256,
  twin({ f32 }, d, begin, end) {
    for (let unit = begin; unit < end; unit++) {
      const point = Math.floor(unit / panelBlocks(d));
      const first = (unit % panelBlocks(d)) * d.unitPanels;
      for (let panel = first; panel < Math.min(first + d.unitPanels, d.panels); panel++) {
        for (let row = 0; row < d.rows; row++) twinRow(f32, d, { point, panel, row });
      }
    }
  },
};

/** One row of one panel, in double precision. */
function twinRow(f32: Float32Array, d: D, { point, panel, row }: Record<'point' | 'panel' | 'row', number>): void {
  const channels = 4 * d.quads;
  const w = d.wPtr / 4 + (point * d.panels + panel) * d.taps * channels * 8;
  const y = d.yPtr / 4 + point * d.yPointStride + (Math.floor(panel / 2) * d.yRowPitch + row) * 16 + (panel % 2) * 8;
  for (let output = 0; output < 8; output++) {
    let sum = 0;
    for (let tap = 0; tap < d.taps; tap++) {
      const from = row + tap * d.tapRows;
      const block = Math.floor(from / d.xRowBlock);
      for (let c = 0; c < channels; c++) {
        const slot = (block * Math.ceil(d.quads / 4) + Math.floor(c / 16)) * d.xRowBlock + (from % d.xRowBlock);
        const x = f32[d.xPtr / 4 + point * d.xPointStride + slot * 16 + (c % 16)]!;
        sum += x * f32[w + (tap * channels + c) * 8 + output]!;
      }
    }
    f32[y + output] = sum;
  }
}
