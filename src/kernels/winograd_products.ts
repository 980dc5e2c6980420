import type { Values } from './descriptor.js';
import type { Kernel } from './kernel.js';

/**
 * f32_winograd_products: y = x @ w at every point of Winograd's transform, x as f32_winograd_input writes it, w packed as
 * WinogradPacking says, y [point][group of 16 outputs][yRowPitch][16], points yPointStride floats apart.
 *
 * A tap that was not transformed is a distance between rows: tap t of row r is row r + t * tapRows of x. K goes block by block of
 * blockChannels channels, tap-major in a block, in one chain per product.
 * Up to three rows behind the last one are read in x, which has room for them, and written in y, whose pitch is a multiple of four;
 * what they hold there means nothing. A unit is (point, block of unitPanels panels), panels fastest.
 */
export const winogradProductsFields = {
  xPtr: 'ptr',
  wPtr: 'ptr',
  yPtr: 'ptr',
  points: 'i32',
  channels: 'i32',
  blockChannels: 'i32',
  taps: 'i32',
  tapRows: 'i32',
  rows: 'i32',
  xRowPitch: 'i32',
  xPointStride: 'i32',
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
  /** As laid out in assembly/winograd_products.ts: a sink, a word for each block of K, and one for each k. */
  scratchBytes: d => 64 + 4 * (Math.ceil(d.channels / d.blockChannels) + d.taps * d.channels),
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

function twinRow(f32: Float32Array, d: D, { point, panel, row }: Record<'point' | 'panel' | 'row', number>): void {
  const x = d.xPtr / 4 + point * d.xPointStride;
  const y = d.yPtr / 4 + point * d.yPointStride + (Math.floor(panel / 2) * d.yRowPitch + row) * 16 + (panel % 2) * 8;
  const valueAt = (tap: number, channel: number) =>
    f32[x + (Math.floor(channel / 16) * d.xRowPitch + row + tap * d.tapRows) * 16 + (channel % 16)]!;
  f32.set(panelProducts(f32, d, { point, panel, valueAt }), y);
}

/** The products of one row with one panel, in double precision. */
export function panelProducts(
  f32: Float32Array,
  d: Pick<D, 'wPtr' | 'panels' | 'taps' | 'channels' | 'blockChannels'>,
  { point, panel, valueAt }: { point: number; panel: number; valueAt: (tap: number, channel: number) => number },
): Float64Array {
  const { channels } = d;
  const w = d.wPtr / 4 + point * d.panels * d.taps * channels * 8;
  const sums = new Float64Array(8);
  for (let first = 0; first < channels; first += d.blockChannels) {
    const count = Math.min(d.blockChannels, channels - first);
    const block = w + (first * d.panels + count * panel) * d.taps * 8;
    for (let tap = 0; tap < d.taps; tap++) {
      for (let c = first; c < first + count; c++) {
        const weights = block + (tap * count + c - first) * 8;
        for (let output = 0; output < 8; output++) sums[output]! += valueAt(tap, c) * f32[weights + output]!;
      }
    }
  }
  return sums;
}
