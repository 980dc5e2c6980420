/**
 * f32_winograd_products: for every point of the transform, rows @ weights.
 * Invariant: y's unfinished sums are the only state between blocks of K, so that each product is one chain in the order of K.
 *
 * Weights pass once for a point, in long runs. What is read again and again is small and lies close by: a
 * tile's rows in one block of K, in L1 while a few panels pass; those panels, in L2 while the rows pass.
 *
 *     scratch | six rows of zeros | offset of each k |
 */
import { B_STEP } from "./gemm_tile";
import { ceilDiv } from "./rows";
import { GROUP_ROW } from "./table_tile";
import { tileHeight, tilesOver } from "./tile_heights";
import { tableTile } from "./tiles";

/** Panels that stay in L2 while rows pass, in bytes. */
// @ts-ignore: decorator
@inline
const STAYING_BYTES: i32 = 131072;
/** Where the offsets lie in the scratch, in bytes from its beginning. */
// @ts-ignore: decorator
@inline
const OFFSETS_AT: usize = 384;

// @ts-ignore: decorator
@unmanaged
export class WinogradProductsDescriptor {
  xPtr: usize;
  wPtr: usize;
  yPtr: usize;
  points: i32;
  quads: i32;
  blockQuads: i32;
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
  memory.fill(scratchPtr, 0, OFFSETS_AT);
  fillOffsets(d, scratchPtr + OFFSETS_AT);
  const blockDepth = d.taps * d.blockQuads * 4;
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

/** Bytes from a row's beginning to each of its k. */
function fillOffsets(d: WinogradProductsDescriptor, offsetsPtr: usize): void {
  for (let first = 0; first < d.quads; first += d.blockQuads) {
    const end = min(first + d.blockQuads, d.quads);
    for (let tap = 0; tap < d.taps; tap++) {
      for (let quad = first; quad < end; quad++) {
        const offset = <usize>(tap * d.tapRows + (quad >> 2) * d.xRowPitch) * GROUP_ROW + (<usize>(quad & 3) << 4);
        store<usize>(offsetsPtr, offset);
        store<usize>(offsetsPtr, offset + 4, 4);
        store<usize>(offsetsPtr, offset + 8, 8);
        store<usize>(offsetsPtr, offset + 12, 12);
        offsetsPtr += 16;
      }
    }
  }
}

/** All rows of panels [first, last) at one point, one block of K after another. */
function multiplyPanels(d: WinogradProductsDescriptor, scratchPtr: usize, point: i32, first: i32, last: i32): void {
  const x = d.xPtr + (<usize>point * <usize>d.xPointStride << 2);
  const y = d.yPtr + (<usize>point * <usize>d.yPointStride << 2);
  const depth = d.taps * d.quads * 4;
  const blockDepth = d.taps * d.blockQuads * 4;
  const blocksPtr = d.wPtr + <usize>(point * d.panels) * <usize>depth * B_STEP;
  for (let k = 0; k < depth; k += blockDepth) {
    const count = min(blockDepth, depth - k);
    const bPtr = blocksPtr + (<usize>k * <usize>d.panels + <usize>count * <usize>first) * B_STEP;
    const offsetsPtr = scratchPtr + OFFSETS_AT + (<usize>k << 2);
    let row = 0;
    for (let tiles = tilesOver(d.rows); tiles > 0; tiles--) {
      const rows = tileHeight(d.rows - row, tiles);
      const at = <usize>row * GROUP_ROW;
      let b = bPtr;
      for (let panel = first; panel < last; panel++) {
        const to = y + at + <usize>((panel >> 1) * d.yRowPitch) * GROUP_ROW + <usize>(panel & 1) * B_STEP;
        tableTile(rows, x + at, offsetsPtr, b, count, k == 0 ? scratchPtr : to, to);
        b += <usize>count * B_STEP;
      }
      row += rows;
    }
  }
}
