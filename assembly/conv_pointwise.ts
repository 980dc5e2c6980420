/**
 * f32_conv_pointwise: a convolution whose output positions read one input position each, or a matrix product, over rows in place.
 * Invariant: one accumulator chain per output over all of K, so that blocks decide nothing about rounding.
 *
 *     scratch | StridedTile | sink | zeros | negative zeros | edge tile | edge residual |
 */
import { NONE, RELU } from "./activation";
import { B_STEP, TILE_OUTPUTS } from "./gemm_tile";
import { ceilDiv, partBegin } from "./rows";
import { strided4x8, strided5x8, strided6x8, StridedTile, stridedTile } from "./strided_tile";
import { EDGE_STRIDE, activateTile, copyRows } from "./tile_ends";
import { LEAST_TILE_ROWS, tileHeight, tilesOver } from "./tile_heights";

// @ts-ignore: decorator
@unmanaged
class ConvPointwiseDescriptor {
  xPtr: usize;
  yPtr: usize;
  positions: i32;
  inC: i32;
  outC: i32;
  groups: i32;
  wPtr: usize;
  biasPtr: usize;
  residualPtr: usize;
  activation: i32;
  alpha: f32;
  beta: f32;
  mBlocks: i32;
  nBlocks: i32;
}

/** Parts of the scratch, in bytes from its beginning. */
// @ts-ignore: decorator
@inline
const SINK_AT: usize = 28;
// @ts-ignore: decorator
@inline
const ZEROS_AT: usize = 32;
// @ts-ignore: decorator
@inline
const NEGATIVE_ZEROS_AT: usize = 64;
// @ts-ignore: decorator
@inline
const EDGE_AT: usize = 96;
// @ts-ignore: decorator
@inline
const EDGE_RESIDUAL_AT: usize = 288;

// @ts-ignore: decorator
@inline
const CACHE_LINE: usize = 64;
/** Panels that share a cache line of y: they belong to one block. */
// @ts-ignore: decorator
@inline
const LINE_PANELS: i32 = 2;

export function f32_conv_pointwise(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<ConvPointwiseDescriptor>(descriptorPtr);
  const panels = ceilDiv(d.outC / d.groups, TILE_OUTPUTS);
  const lines = ceilDiv(panels, LINE_PANELS);
  const aStride = <usize>d.inC << 2;
  memory.fill(scratchPtr + ZEROS_AT, 0, B_STEP);
  v128.store(scratchPtr + NEGATIVE_ZEROS_AT, f32x4.splat(-0.0));
  v128.store(scratchPtr + NEGATIVE_ZEROS_AT, f32x4.splat(-0.0), 16);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const m = unit % d.mBlocks;
    const rest = unit / d.mBlocks;
    const n = rest % d.nBlocks;
    const group = rest / d.nBlocks;
    const row = partBegin(d.positions, d.mBlocks, m);
    const rows = partBegin(d.positions, d.mBlocks, m + 1) - row;
    const panelsEnd = min(panels, partBegin(lines, d.nBlocks, n + 1) * LINE_PANELS);
    // Rows that no other unit reads are in no cache of this worker yet.
    if (d.groups * d.nBlocks == 1) touch(d.xPtr + <usize>row * aStride, <usize>rows * aStride, scratchPtr + SINK_AT);
    for (let panel = partBegin(lines, d.nBlocks, n) * LINE_PANELS; panel < panelsEnd; panel++) {
      multiplyRows(d, scratchPtr, group, panel, row, rows);
    }
  }
}

/** Reads a word of each cache line, so that what comes from afar comes in one long run and not tile by tile. */
function touch(ptr: usize, bytes: usize, sinkPtr: usize): void {
  const end = ptr + bytes;
  let words = 0;
  for (; ptr < end; ptr += CACHE_LINE) words |= load<i32>(ptr);
  // Stored, or no compiler would keep the loop.
  store<i32>(sinkPtr, words);
}

/** Tiles that share no rows and are stored as they are, with as little between them as can be. */
function multiplyTiles(tile: StridedTile, aPtr: usize, aStride: usize, bPtr: usize, k: i32, rows: i32): void {
  const tiles = tilesOver(rows);
  const highest = tileHeight(rows, tiles);
  const higher = rows - tiles * (highest - 1);
  multiplyTilesOf(highest, higher, tile, aPtr, aStride, bPtr, k);
  multiplyTilesOf(highest - 1, tiles - higher, tile, aPtr + <usize>(higher * highest) * aStride, aStride, bPtr, k);
}

/** `tiles` tiles of one height. */
function multiplyTilesOf(
  height: i32,
  tiles: i32,
  tile: StridedTile,
  aPtr: usize,
  aStride: usize,
  bPtr: usize,
  k: i32,
): void {
  if (ASC_FEATURE_RELAXED_SIMD && height == 6) passRows(6, tiles, tile, aPtr, aStride, bPtr, k);
  else if (height == 5) passRows(5, tiles, tile, aPtr, aStride, bPtr, k);
  else passRows(4, tiles, tile, aPtr, aStride, bPtr, k);
}

/** The height is a constant: the loop has but one call, which takes its arguments in registers. */
// @ts-ignore: decorator
@inline
function passRows(height: i32, tiles: i32, tile: StridedTile, aPtr: usize, aStride: usize, bPtr: usize, k: i32): void {
  const aStep = <usize>height * aStride;
  const yStep = <usize>height * tile.yStride;
  const residualStep = <usize>height * tile.residualStride;
  for (; tiles > 0; tiles--) {
    if (height == 6) strided6x8(changetype<usize>(tile), aPtr, aStride, bPtr, k);
    else if (height == 5) strided5x8(changetype<usize>(tile), aPtr, aStride, bPtr, k);
    else strided4x8(changetype<usize>(tile), aPtr, aStride, bPtr, k);
    aPtr += aStep;
    tile.yPtr += yStep;
    tile.residualPtr += residualStep;
  }
}

/** Some rows by one panel of a group. */
function multiplyRows(d: ConvPointwiseDescriptor, scratchPtr: usize, group: i32, panel: i32, first: i32, rows: i32): void {
  const tile = changetype<StridedTile>(scratchPtr);
  const groupOutputs = d.outC / d.groups;
  const k = d.inC / d.groups;
  const packed = <usize>(group * ceilDiv(groupOutputs, TILE_OUTPUTS) + panel);
  const bPtr = d.wPtr + packed * <usize>k * B_STEP;
  const aStride = <usize>d.inC << 2;
  const yStride = <usize>d.outC << 2;
  const outputs = min(TILE_OUTPUTS, groupOutputs - panel * TILE_OUTPUTS);
  const isWhole = outputs == TILE_OUTPUTS;
  const isCurved = d.activation != NONE && d.activation != RELU;
  tile.startPtr = d.biasPtr ? d.biasPtr + packed * B_STEP : scratchPtr + ZEROS_AT;
  tile.yStride = isWhole ? yStride : EDGE_STRIDE;
  tile.residualPtr = scratchPtr + NEGATIVE_ZEROS_AT;
  tile.residualStride = d.residualPtr ? tile.yStride : 0;
  tile.floor = d.activation == RELU ? 0 : -Infinity;

  touch(bPtr, <usize>k * B_STEP, scratchPtr + SINK_AT);
  const xPtr = d.xPtr + (<usize>(group * k) << 2);
  const output = <usize>(group * groupOutputs + panel * TILE_OUTPUTS) << 2;
  if (isWhole && !isCurved && rows >= LEAST_TILE_ROWS * tilesOver(rows)) {
    const at = <usize>first * yStride + output;
    tile.yPtr = d.yPtr + at;
    if (d.residualPtr) tile.residualPtr = d.residualPtr + at;
    multiplyTiles(tile, xPtr + <usize>first * aStride, aStride, bPtr, k, rows);
    return;
  }
  let row = first;
  for (let tiles = tilesOver(rows); tiles > 0; tiles--) {
    const height = tileHeight(first + rows - row, tiles);
    row = min(row, first + rows - height);
    const aPtr = xPtr + <usize>row * aStride;
    const at = <usize>row * yStride + output;
    tile.yPtr = isWhole ? d.yPtr + at : scratchPtr + EDGE_AT;
    if (d.residualPtr) {
      tile.residualPtr = isWhole ? d.residualPtr + at : scratchPtr + EDGE_RESIDUAL_AT;
      if (!isWhole) copyRows(tile.residualPtr, EDGE_STRIDE, d.residualPtr + at, yStride, height, outputs);
    }
    stridedTile(height, scratchPtr, aPtr, aStride, bPtr, k);
    if (isCurved) activateTile(tile.yPtr, tile.yStride, height, d.activation, d.alpha, d.beta);
    if (!isWhole) copyRows(d.yPtr + at, yStride, tile.yPtr, EDGE_STRIDE, height, outputs);
    row += height;
  }
}
