/**
 * f32_winograd_products: for every point of the transform, rows @ weights.
 * Invariant: K is tap-major, then channel, in one chain per product.
 *
 *     scratch | offset of each k | four rows |
 */
import { B_STEP } from "./gemm_tile";
import { ceilDiv } from "./rows";
import { GROUP_ROW, LEAST_TILE_ROWS, MOST_TILE_ROWS } from "./table_tile";
import { tableTile } from "./tiles";

// @ts-ignore: decorator
@unmanaged
class WinogradProductsDescriptor {
  xPtr: usize;
  wPtr: usize;
  yPtr: usize;
  points: i32;
  quads: i32;
  taps: i32;
  tapRows: i32;
  rows: i32;
  xRowBlock: i32;
  xPointStride: i32;
  rowBlock: i32;
  panels: i32;
  yRowPitch: i32;
  yPointStride: i32;
  unitPanels: i32;
}

export function f32_winograd_products(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<WinogradProductsDescriptor>(descriptorPtr);
  const k = d.taps * d.quads * 4;
  const sparePtr = scratchPtr + (<usize>k << 2);
  fillOffsets(d, scratchPtr);
  const panelBlocks = ceilDiv(d.panels, d.unitPanels);
  const groups = ceilDiv(d.quads, 4);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const point = unit / panelBlocks;
    const first = (unit % panelBlocks) * d.unitPanels;
    const last = min(first + d.unitPanels, d.panels);
    const x = d.xPtr + (<usize>point * <usize>d.xPointStride << 2);
    const y = d.yPtr + (<usize>point * <usize>d.yPointStride << 2);
    for (let row = 0; row < d.rows; row += d.rowBlock) {
      const block = row / d.xRowBlock;
      const a = x + <usize>(block * d.xRowBlock * groups + row - block * d.xRowBlock) * GROUP_ROW;
      const rows = min(d.rowBlock, d.rows - row);
      for (let panel = first; panel < last; panel++) {
        const b = d.wPtr + <usize>(point * d.panels + panel) * <usize>k * B_STEP;
        const to = y + <usize>((panel >> 1) * d.yRowPitch + row) * GROUP_ROW + <usize>(panel & 1) * B_STEP;
        multiplyRows(a, scratchPtr, b, k, to, rows, sparePtr);
      }
    }
  }
}

/** Bytes from a row's beginning to each of its k. */
function fillOffsets(d: WinogradProductsDescriptor, offsetsPtr: usize): void {
  for (let tap = 0; tap < d.taps; tap++) {
    for (let quad = 0; quad < d.quads; quad++) {
      const offset = <usize>(tap * d.tapRows + (quad >> 2) * d.xRowBlock) * GROUP_ROW + (<usize>(quad & 3) << 4);
      store<usize>(offsetsPtr, offset);
      store<usize>(offsetsPtr, offset + 4, 4);
      store<usize>(offsetsPtr, offset + 8, 8);
      store<usize>(offsetsPtr, offset + 12, 12);
      offsetsPtr += 16;
    }
  }
}

/** Rows in as few tiles as can be, of even height. Seven rows are two tiles that share one; fewer than four go through `spare`. */
function multiplyRows(a: usize, offsetsPtr: usize, b: usize, k: i32, y: usize, rows: i32, sparePtr: usize): void {
  if (rows < LEAST_TILE_ROWS) {
    tableTile(LEAST_TILE_ROWS, a, offsetsPtr, b, k, sparePtr);
    for (let at: usize = 0; at < <usize>rows * GROUP_ROW; at += GROUP_ROW) memory.copy(y + at, sparePtr + at, B_STEP);
    return;
  }
  const tiles = ceilDiv(rows, MOST_TILE_ROWS);
  let row = 0;
  for (let tile = tiles; tile > 0; tile--) {
    const height = max(LEAST_TILE_ROWS, ceilDiv(rows - row, tile));
    const from = min(row, rows - height);
    tableTile(height, a + <usize>from * GROUP_ROW, offsetsPtr, b, k, y + <usize>from * GROUP_ROW);
    row = from + height;
  }
}
