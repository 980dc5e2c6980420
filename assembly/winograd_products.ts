/**
 * f32_winograd_products: for every point of the transform, rows @ weights.
 * Invariant: y's unfinished sums are the only state between blocks of K, so that each product is one chain in the order of K.
 *
 * Weights pass once for a point, in long runs. What is read again and again is small and lies close by. Tiles of eight outputs: a tile's
 * rows in one block of K, in L1 while a few panels pass; those panels, in L2 while the rows pass. Tiles of sixteen, which read twice as
 * fast: a pair of panels in one block of K, in L1 while the rows pass from L2.
 *
 *     scratch | sink | run of each block of K |
 */
import { B_STEP, TILE_OUTPUTS } from "./gemm_tile";
import { ceilDiv } from "./rows";
import { GROUP_ROW, RUN_HEADER } from "./table_tile";
import { tileHeight, tilesOver } from "./tile_heights";
import { LANES, TABLE, WIDE, outputsOf, tableForm, tableTile } from "./tiles";
import { touch } from "./touch";

/** Panels that stay in L2 while rows pass, in bytes. */
// @ts-ignore: decorator
@inline
const STAYING_BYTES: i32 = 131072;

/** Weights that stay in a core's own cache, in bytes. */
// @ts-ignore: decorator
@inline
const NEAR_BYTES: i32 = 524288;

/** Where the runs lie in the scratch, in bytes from its beginning. */
// @ts-ignore: decorator
@inline
const RUNS_AT: usize = 64;

/** Zeros that a wide tile starts from: as many rows as it has at most. */
const ZEROS: usize = memory.data(384, 64);

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
  fillRuns(d, scratchPtr + RUNS_AT);
  const blockDepth = d.taps * d.blockChannels;
  // Pairs, which share cache lines of y.
  const together = max(2, (STAYING_BYTES / (blockDepth * <i32>B_STEP)) & ~1);
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

/** All rows of panels [first, last) at one point, one block of K after another. A pair shares cache lines of y: its first panel is even. */
function multiplyPanels(d: WinogradProductsDescriptor, scratchPtr: usize, point: i32, first: i32, last: i32): void {
  const x = d.xPtr + (<usize>point * <usize>d.xPointStride << 2);
  const y = d.yPtr + (<usize>point * <usize>d.yPointStride << 2);
  const depth = d.taps * d.channels;
  let runPtr = scratchPtr + RUNS_AT;
  // A pair of panels is two streams, which come slower from afar than one: it pays where rows pass more than once.
  const isNear = d.points * d.panels * depth <= NEAR_BYTES / <i32>B_STEP;
  const isWide = outputsOf(TABLE) == WIDE && (isNear || tilesOver(d.rows) > 1);
  const pairsBegin = isWide ? min(last, (first + 1) & ~1) : last;
  const pairsEnd = isWide ? max(pairsBegin, last & ~1) : last;
  let blockPtr = d.wPtr + <usize>(point * d.panels * depth) * B_STEP;
  for (let k = 0; k < depth; ) {
    const bytes = load<usize>(runPtr);
    if (first < pairsBegin) multiplySingles(d, x, runPtr, blockPtr, first, pairsBegin, k > 0, y);
    if (pairsBegin < pairsEnd) multiplyPairs(d, x, runPtr, blockPtr, pairsBegin, pairsEnd, k > 0, y, scratchPtr);
    if (pairsEnd < last) multiplySingles(d, x, runPtr, blockPtr, pairsEnd, last, k > 0, y);
    const count = <i32>(bytes / B_STEP);
    k += count;
    runPtr += RUN_HEADER + (<usize>count << 2);
    blockPtr += bytes * <usize>d.panels;
  }
}

/** Where the panel's first row of y is. */
// @ts-ignore: decorator
@inline
function panelOf(d: WinogradProductsDescriptor, panel: i32, y: usize): usize {
  return y + <usize>((panel >> 1) * d.yRowPitch) * GROUP_ROW + <usize>(panel & 1) * B_STEP;
}

/** Panels [first, last) of a block of K, which begins at blockPtr, two at a time: they stay in L1 while the rows pass. */
function multiplyPairs(
  d: WinogradProductsDescriptor,
  x: usize,
  runPtr: usize,
  blockPtr: usize,
  first: i32,
  last: i32,
  continues: bool,
  y: usize,
  sinkPtr: usize,
): void {
  const bytes = load<usize>(runPtr);
  const tiles = tilesOver(d.rows);
  const highest = tileHeight(d.rows, tiles);
  // Rows are a tile of the least height at least, of which the last ones are nothing.
  const higher = max(0, d.rows - tiles * (highest - 1));
  const lower = tiles - higher;
  const at = <usize>(higher * highest) * GROUP_ROW;
  let bPtr = blockPtr + bytes * <usize>first;
  for (let panel = first; panel < last; panel += 2) {
    const to = panelOf(d, panel, y);
    if (tiles > 1) {
      touch(bPtr, 2 * bytes, sinkPtr);
      touch(to, <usize>d.rows * GROUP_ROW, sinkPtr);
    }
    if (ASC_FEATURE_RELAXED_SIMD && highest == 6) {
      passRows(6, higher, x, runPtr, bPtr, continues, to);
      passRows(5, lower, x + at, runPtr, bPtr, continues, to + at);
    } else if (highest == 5) {
      passRows(5, higher, x, runPtr, bPtr, continues, to);
      passRows(4, lower, x + at, runPtr, bPtr, continues, to + at);
    } else passRows(4, tiles, x, runPtr, bPtr, continues, to);
    bPtr += 2 * bytes;
  }
}

/** Tiles of one height, which is a constant, by two panels. */
// @ts-ignore: decorator
@inline
function passRows(height: i32, tiles: i32, aPtr: usize, runPtr: usize, bPtr: usize, continues: bool, yPtr: usize): void {
  for (; tiles > 0; tiles--) {
    tableTile(height, WIDE, height, aPtr, runPtr, bPtr, continues ? yPtr : ZEROS, yPtr);
    aPtr += <usize>height * GROUP_ROW;
    yPtr += <usize>height * GROUP_ROW;
  }
}

/** The same, one at a time: a tile's rows stay in L1 while the panels pass. */
function multiplySingles(
  d: WinogradProductsDescriptor,
  x: usize,
  runPtr: usize,
  blockPtr: usize,
  first: i32,
  last: i32,
  continues: bool,
  y: usize,
): void {
  const isInQuads = ((d.channels | d.blockChannels) & 3) == 0;
  let row = 0;
  for (let tiles = tilesOver(d.rows); tiles > 0; tiles--) {
    const rows = tileHeight(d.rows - row, tiles);
    const form = tableForm(rows, isInQuads);
    const at = <usize>row * GROUP_ROW;
    if (form == LANES) passPanels(LANES, rows, d, x + at, runPtr, blockPtr, first, last, continues, y + at);
    else if (ASC_FEATURE_RELAXED_SIMD && form == 6) passPanels(6, rows, d, x + at, runPtr, blockPtr, first, last, continues, y + at);
    else if (form == 5) passPanels(5, rows, d, x + at, runPtr, blockPtr, first, last, continues, y + at);
    else passPanels(4, rows, d, x + at, runPtr, blockPtr, first, last, continues, y + at);
    row += rows;
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
  blockPtr: usize,
  first: i32,
  last: i32,
  continues: bool,
  y: usize,
): void {
  const bytes = load<usize>(runPtr);
  let bPtr = blockPtr + bytes * <usize>first;
  for (let panel = first; panel < last; panel++) {
    const to = panelOf(d, panel, y);
    tableTile(form, TILE_OUTPUTS, rows, aPtr, runPtr, bPtr, continues ? to : 0, to);
    bPtr += bytes;
  }
}
