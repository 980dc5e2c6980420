/**
 * f32_winograd_products: for every point of the transform, rows @ weights.
 * Invariant: y's unfinished sums are the only state between blocks of K, so that each product is one chain in the order of K.
 *
 * Weights pass once for a point, in long runs. What is read again and again is small and lies close by: a
 * tile's rows in one block of K, in L1 while a few panels pass; those panels, in L2 while the rows pass.
 *
 *     scratch | run of each block of K |
 */
import { B_STEP } from "./gemm_tile";
import { ceilDiv } from "./rows";
import { GROUP_ROW, RUN_HEADER } from "./table_tile";
import { tileHeight, tilesOver } from "./tile_heights";
import { LANES, tableForm, tableTile } from "./tiles";

/** Panels that stay in L2 while rows pass, in bytes. */
// @ts-ignore: decorator
@inline
const STAYING_BYTES: i32 = 131072;

// @ts-ignore: decorator
@unmanaged
export class WinogradProductsDescriptor {
  xPtr: usize;
  wPtr: usize;
  yPtr: usize;
  points: i32;
  channels: i32;
  blockChannels: i32;
  taps: i32;
  tapRows: i32;
  rows: i32;
  xRowPitch: i32;
  xPointStride: i32;
  panels: i32;
  yRowPitch: i32;
  yPointStride: i32;
  unitPanels: i32;
}

export function f32_winograd_products(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<WinogradProductsDescriptor>(descriptorPtr);
  fillRuns(d, scratchPtr);
  const blockDepth = d.taps * d.blockChannels;
  const together = max(1, STAYING_BYTES / (blockDepth * <i32>B_STEP));
  const panelBlocks = ceilDiv(d.panels, d.unitPanels);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const point = unit / panelBlocks;
    const first = (unit % panelBlocks) * d.unitPanels;
    const last = min(first + d.unitPanels, d.panels);
    for (let panel = first; panel < last; panel += together) {
      multiplyPanels(d, scratchPtr, point, panel, min(panel + together, last));
    }
  }
}

/** One run for each block of K. */
function fillRuns(d: WinogradProductsDescriptor, runPtr: usize): void {
  for (let first = 0; first < d.channels; first += d.blockChannels) {
    const end = min(first + d.blockChannels, d.channels);
    store<usize>(runPtr, <usize>(d.taps * (end - first)) * B_STEP);
    runPtr += RUN_HEADER;
    for (let tap = 0; tap < d.taps; tap++) {
      for (let channel = first; channel < end; channel++) {
        const row = tap * d.tapRows + (channel >> 4) * d.xRowPitch;
        store<usize>(runPtr, <usize>row * GROUP_ROW + (<usize>(channel & 15) << 2));
        runPtr += 4;
      }
    }
  }
}

/** All rows of panels [first, last) at one point, one block of K after another. */
function multiplyPanels(d: WinogradProductsDescriptor, runPtr: usize, point: i32, first: i32, last: i32): void {
  const x = d.xPtr + (<usize>point * <usize>d.xPointStride << 2);
  const y = d.yPtr + (<usize>point * <usize>d.yPointStride << 2);
  const depth = d.taps * d.channels;
  const isInQuads = ((d.channels | d.blockChannels) & 3) == 0;
  let blockPtr = d.wPtr + <usize>(point * d.panels * depth) * B_STEP;
  for (let k = 0; k < depth; ) {
    const bytes = load<usize>(runPtr);
    const bPtr = blockPtr + bytes * <usize>first;
    let row = 0;
    for (let tiles = tilesOver(d.rows); tiles > 0; tiles--) {
      const rows = tileHeight(d.rows - row, tiles);
      const form = tableForm(rows, isInQuads);
      const at = <usize>row * GROUP_ROW;
      if (form == LANES) passPanels(LANES, rows, d, x + at, runPtr, bPtr, first, last, k > 0, y + at);
      else if (ASC_FEATURE_RELAXED_SIMD && form == 6) passPanels(6, rows, d, x + at, runPtr, bPtr, first, last, k > 0, y + at);
      else if (form == 5) passPanels(5, rows, d, x + at, runPtr, bPtr, first, last, k > 0, y + at);
      else passPanels(4, rows, d, x + at, runPtr, bPtr, first, last, k > 0, y + at);
      row += rows;
    }
    const count = <i32>(bytes / B_STEP);
    k += count;
    runPtr += RUN_HEADER + (<usize>count << 2);
    blockPtr += bytes * <usize>d.panels;
  }
}

/** Panels [first, last) for one tile of rows; `form` is a constant. */
// @ts-ignore: decorator
@inline
function passPanels(
  form: i32,
  rows: i32,
  d: WinogradProductsDescriptor,
  aPtr: usize,
  runPtr: usize,
  bPtr: usize,
  first: i32,
  last: i32,
  continues: bool,
  yPtr: usize,
): void {
  const bytes = load<usize>(runPtr);
  for (let panel = first; panel < last; panel++) {
    const to = yPtr + <usize>((panel >> 1) * d.yRowPitch) * GROUP_ROW + <usize>(panel & 1) * B_STEP;
    tableTile(form, rows, aPtr, runPtr, bPtr, continues ? to : 0, to);
    bPtr += bytes;
  }
}
