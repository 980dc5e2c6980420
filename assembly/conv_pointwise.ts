/**
 * f32_conv_pointwise: a convolution whose output positions read one input position each, or a matrix product, over rows in place.
 * Invariant: one accumulator chain per output over all of K, so that blocks decide nothing about rounding.
 *
 *     scratch | StridedTile | sink | zeros | negative zeros | edge tile | edge residual |
 */
import { NONE, RELU } from "./activation";
import { B_STEP, TILE_OUTPUTS } from "./gemm_tile";
import { ceilDiv, partBegin } from "./rows";
import { StridedTile } from "./strided_tile";
import { EDGE_STRIDE, activateTile, copyRows } from "./tile_ends";
import { LEAST_TILE_ROWS, tileHeight, tilesOver } from "./tile_heights";
import { STRIDED, WIDE, outputsOf, stridedTile } from "./tiles";
import { touch, touchRows } from "./touch";

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
const NEGATIVE_ZEROS_AT: usize = 96;
// @ts-ignore: decorator
@inline
const EDGE_AT: usize = 160;
// @ts-ignore: decorator
@inline
const EDGE_RESIDUAL_AT: usize = 544;

/** So many wide tiles' rows of the residual and of y are touched together, where these are far away. */
// @ts-ignore: decorator
@inline
const AHEAD_TILES: i32 = 8;
/** A residual of more bytes is far away, and so is y: no core's own cache holds them. */
// @ts-ignore: decorator
@inline
const FAR_BYTES: i32 = 4 << 20;

/** Panels that share a cache line of y: they belong to one block. */
// @ts-ignore: decorator
@inline
const LINE_PANELS: i32 = 2;

export function f32_conv_pointwise(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<ConvPointwiseDescriptor>(descriptorPtr);
  const panels = ceilDiv(d.outC / d.groups, TILE_OUTPUTS);
  const lines = ceilDiv(panels, LINE_PANELS);
  const aStride = <usize>d.inC << 2;
  memory.fill(scratchPtr + ZEROS_AT, 0, <usize>WIDE << 2);
  for (let at: usize = 0; at < <usize>WIDE << 2; at += 16) v128.store(scratchPtr + NEGATIVE_ZEROS_AT + at, f32x4.splat(-0.0));
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
    let panel = partBegin(lines, d.nBlocks, n) * LINE_PANELS;
    while (panel < panelsEnd) panel += multiplyRows(d, scratchPtr, group, panel, row, rows);
  }
}

/** Tiles that share no rows and are stored as they are, with as little between them as can be. `outputs` is a constant. */
// @ts-ignore: decorator
@inline
function multiplyTiles(outputs: i32, tile: StridedTile, aPtr: usize, aStride: usize, bPtr: usize, k: i32, rows: i32): void {
  const tiles = tilesOver(rows);
  const highest = tileHeight(rows, tiles);
  const higher = rows - tiles * (highest - 1);
  multiplyTilesOf(outputs, highest, higher, tile, aPtr, aStride, bPtr, k);
  const next = aPtr + <usize>(higher * highest) * aStride;
  multiplyTilesOf(outputs, highest - 1, tiles - higher, tile, next, aStride, bPtr, k);
}

/** `tiles` tiles of one height. */
// @ts-ignore: decorator
@inline
function multiplyTilesOf(
  outputs: i32,
  height: i32,
  tiles: i32,
  tile: StridedTile,
  aPtr: usize,
  aStride: usize,
  bPtr: usize,
  k: i32,
): void {
  if (ASC_FEATURE_RELAXED_SIMD && height == 6) passRows(outputs, 6, tiles, tile, aPtr, aStride, bPtr, k);
  else if (height == 5) passRows(outputs, 5, tiles, tile, aPtr, aStride, bPtr, k);
  else passRows(outputs, 4, tiles, tile, aPtr, aStride, bPtr, k);
}

/** Outputs and height are constants: the loop has but one call, which takes its arguments in registers. */
// @ts-ignore: decorator
@inline
function passRows(
  outputs: i32,
  height: i32,
  tiles: i32,
  tile: StridedTile,
  aPtr: usize,
  aStride: usize,
  bPtr: usize,
  k: i32,
): void {
  const aStep = <usize>height * aStride;
  const yStep = <usize>height * tile.yStride;
  const residualStep = <usize>height * tile.residualStride;
  while (tiles > 0) {
    let count = tiles;
    if (outputs == WIDE && tile.aheadPtr) {
      count = min(tiles, AHEAD_TILES);
      touchRows(tile.residualPtr, tile.residualStride, count * height, tile.aheadPtr);
      touchRows(tile.yPtr, tile.yStride, count * height, tile.aheadPtr);
    }
    tiles -= count;
    for (; count > 0; count--) {
      stridedTile(outputs, height, changetype<usize>(tile), aPtr, aStride, bPtr, k);
      aPtr += aStep;
      tile.yPtr += yStep;
      tile.residualPtr += residualStep;
    }
  }
}

function multiplyWideTiles(tile: StridedTile, aPtr: usize, aStride: usize, bPtr: usize, k: i32, rows: i32): void {
  multiplyTiles(WIDE, tile, aPtr, aStride, bPtr, k, rows);
}

function multiplyNarrowTiles(tile: StridedTile, aPtr: usize, aStride: usize, bPtr: usize, k: i32, rows: i32): void {
  multiplyTiles(TILE_OUTPUTS, tile, aPtr, aStride, bPtr, k, rows);
}

/** Some rows by a panel of a group, or by that and the next one where they fill a wide tile. Returns how many panels that were. */
function multiplyRows(d: ConvPointwiseDescriptor, scratchPtr: usize, group: i32, panel: i32, first: i32, rows: i32): i32 {
  const tile = changetype<StridedTile>(scratchPtr);
  const groupOutputs = d.outC / d.groups;
  const k = d.inC / d.groups;
  const packed = <usize>(group * ceilDiv(groupOutputs, TILE_OUTPUTS) + panel);
  const bPtr = d.wPtr + packed * <usize>k * B_STEP;
  const aStride = <usize>d.inC << 2;
  const yStride = <usize>d.outC << 2;
  const outputs = min(TILE_OUTPUTS, groupOutputs - panel * TILE_OUTPUTS);
  const isWhole = outputs == TILE_OUTPUTS;
  tile.startPtr = d.biasPtr ? d.biasPtr + packed * B_STEP : scratchPtr + ZEROS_AT;
  tile.yStride = isWhole ? yStride : EDGE_STRIDE;
  tile.residualPtr = scratchPtr + NEGATIVE_ZEROS_AT;
  tile.residualStride = d.residualPtr ? tile.yStride : 0;
  tile.floor = d.activation == RELU ? 0 : -Infinity;
  const isFar = d.residualPtr != 0 && d.positions * d.outC > FAR_BYTES >> 2;
  tile.aheadPtr = isFar ? scratchPtr + SINK_AT : 0;

  const isCurved = d.activation != NONE && d.activation != RELU;
  const isPlain = isWhole && !isCurved && rows >= LEAST_TILE_ROWS * tilesOver(rows);
  const isWide = isPlain && outputsOf(STRIDED) == WIDE && groupOutputs - panel * TILE_OUTPUTS >= WIDE;
  touch(bPtr, <usize>k * (isWide ? 2 * B_STEP : B_STEP), scratchPtr + SINK_AT);
  const xPtr = d.xPtr + (<usize>(group * k) << 2);
  const output = <usize>(group * groupOutputs + panel * TILE_OUTPUTS) << 2;
  if (isPlain) {
    const at = <usize>first * yStride + output;
    tile.yPtr = d.yPtr + at;
    if (d.residualPtr) tile.residualPtr = d.residualPtr + at;
    if (isWide) multiplyWideTiles(tile, xPtr + <usize>first * aStride, aStride, bPtr, k, rows);
    else multiplyNarrowTiles(tile, xPtr + <usize>first * aStride, aStride, bPtr, k, rows);
    return isWide ? 2 : 1;
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
    stridedTile(TILE_OUTPUTS, height, scratchPtr, aPtr, aStride, bPtr, k);
    if (isCurved) activateTile(tile.yPtr, tile.yStride, height, TILE_OUTPUTS, d.activation, d.alpha, d.beta);
    if (!isWhole) copyRows(d.yPtr + at, yStride, tile.yPtr, EDGE_STRIDE, height, outputs);
    row += height;
  }
  return 1;
}
