/**
 * f32_conv_gemm: convolution as implicit img2row + matrix product over register tiles.
 * Invariant: a unit's unfinished sums, in y, or in the scratch where a pool follows, are the only state between blocks of K, so that
 * blocks decide nothing about rounding.
 *
 *     scratch | Unit | Tile | Gather | edge tile | edge residual | windows | zeros | bounce rows | origins | packed rows | sums |
 */
import { NONE, RELU } from "./activation";
import { ConvGemmDescriptor } from "./conv_gemm_descriptor";
import { A_STEP, B_STEP, TILE_OUTPUTS, TILE_ROWS, Tile } from "./gemm_tile";
import { Gather, ORIGIN_BYTES, fillOrigins, gatherBlock } from "./img2row";
import { EDGE_STRIDE, activateTile, copyRows } from "./tile_ends";
import { PACKED, WIDE, outputsOf, packedTile } from "./tiles";
import { Windows, WINDOWS_BYTES, fillMembers, storeLargest } from "./pool_windows";

/** One unit: a block of positions x a block of outputs of one group. */
// @ts-ignore: decorator
@unmanaged
class Unit {
  group: i32;
  /** The first position and the first output of the group, and how many. */
  m: i32;
  rows: i32;
  n: i32;
  outputs: i32;
  /** Where its sums are; bytes from one row of y to the next, and from one panel of outputs to the next. */
  sumsPtr: usize;
  rowBytes: usize;
  panelBytes: usize;
  /** Positions of a window; where there are several, sums are in the scratch, and whole tiles find room. */
  members: i32;
}

/** Fixed parts of the scratch, in bytes from its beginning. */
// @ts-ignore: decorator
@inline
const UNIT_AT: usize = 0;
// @ts-ignore: decorator
@inline
const TILE_AT: usize = 64;
// @ts-ignore: decorator
@inline
const GATHER_AT: usize = 128;
// @ts-ignore: decorator
@inline
const EDGE_AT: usize = 256;
// @ts-ignore: decorator
@inline
const EDGE_RESIDUAL_AT: usize = 640;
// @ts-ignore: decorator
@inline
const WINDOWS_AT: usize = 1024;
// @ts-ignore: decorator
@inline
const ZEROS_AT: usize = WINDOWS_AT + WINDOWS_BYTES;

// @ts-ignore: decorator
@inline
function align64(bytes: usize): usize {
  return (bytes + 63) & ~63;
}

export function f32_conv_gemm(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<ConvGemmDescriptor>(descriptorPtr);
  const unit = changetype<Unit>(scratchPtr + UNIT_AT);
  const gather = changetype<Gather>(scratchPtr + GATHER_AT);
  const members = d.poolD * d.poolH * d.poolW;
  const positions = d.batch * d.outD * d.outH * d.outW * members;
  const groupOutputs = d.outC / d.groups;
  const groupChannels = d.inC / d.groups;
  const mBlocks = (positions + d.mBlock - 1) / d.mBlock;
  const nBlocks = (groupOutputs + d.nBlock - 1) / d.nBlock;
  const k = d.kD * d.kH * d.kW * groupChannels;
  const kBytes = align64(<usize>min(d.kBlock, k) << 2);
  const tiles = (min(d.mBlock, positions) + TILE_ROWS - 1) / TILE_ROWS;
  gather.zerosPtr = scratchPtr + ZEROS_AT;
  gather.bouncePtr = gather.zerosPtr + kBytes;
  gather.bounceStride = kBytes;
  gather.originsPtr = gather.bouncePtr + kBytes * TILE_ROWS;
  const packedPtr = align64(gather.originsPtr + <usize>(tiles * TILE_ROWS) * ORIGIN_BYTES);
  memory.fill(gather.zerosPtr, 0, kBytes);
  unit.members = members;
  unit.rowBytes = <usize>d.outC << 2;
  unit.panelBytes = TILE_OUTPUTS << 2;
  if (members > 1) {
    unit.sumsPtr = align64(packedPtr + <usize>(tiles * TILE_ROWS) * (<usize>min(d.kBlock, k) << 2));
    // Panels that are done in one go leave their room to the next ones.
    unit.panelBytes = k > d.kBlock ? <usize>(tiles * TILE_ROWS) * B_STEP : 0;
  }

  for (let index = unitBegin; index < unitEnd; index++) {
    const rest = index / mBlocks;
    unit.group = rest / nBlocks;
    unit.m = (index % mBlocks) * d.mBlock;
    unit.rows = min(d.mBlock, positions - unit.m);
    unit.n = (rest % nBlocks) * d.nBlock;
    unit.outputs = min(d.nBlock, groupOutputs - unit.n);
    gather.tiles = (unit.rows + TILE_ROWS - 1) / TILE_ROWS;
    if (members == 1) unit.sumsPtr = outputPtr(d, unit, unit.m);
    fillOrigins(d, gather, unit.m, unit.rows, unit.group * groupChannels);
    for (let kBegin = 0; kBegin < k; kBegin += d.kBlock) {
      const kEnd = min(kBegin + d.kBlock, k);
      gatherBlock(d, gather, kBegin, kEnd, packedPtr);
      multiplyBlock(d, scratchPtr, packedPtr, kBegin, kEnd);
    }
  }
}

/** The unit's first output at position `m` of y. */
// @ts-ignore: decorator
@inline
function outputPtr(d: ConvGemmDescriptor, unit: Unit, m: i32): usize {
  return d.yPtr + (<usize>(m * d.outC + unit.group * (d.outC / d.groups) + unit.n) << 2);
}

/** Members of a window are rows of sums, one behind the other. Bias and activation are in them. */
function fillWindows(d: ConvGemmDescriptor, unit: Unit, rowBytes: usize, windows: Windows): void {
  windows.sizes(1, 1, unit.members);
  windows.steps(0, 0, rowBytes);
  fillMembers(windows);
  windows.fromStep = <usize>unit.members * rowBytes;
  windows.toStep = <usize>d.outC << 2;
  windows.biasPtr = 0;
  windows.floor = -Infinity;
}

/** Adds the products of [kBegin, kEnd) to the unit's sums, and finishes them after the last block. */
function multiplyBlock(d: ConvGemmDescriptor, scratchPtr: usize, packedPtr: usize, kBegin: i32, kEnd: i32): void {
  const unit = changetype<Unit>(scratchPtr + UNIT_AT);
  const tile = changetype<Tile>(scratchPtr + TILE_AT);
  const groupOutputs = d.outC / d.groups;
  const k = d.kD * d.kH * d.kW * (d.inC / d.groups);
  const panels = (groupOutputs + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
  const count = kEnd - kBegin;
  const tileBytes = <usize>count * A_STEP;
  const members = unit.members;
  const last = kEnd == k;
  const curved = last && d.activation != NONE && d.activation != RELU;
  const added = last && d.residualPtr != 0;
  const wideEnd = outputsOf(PACKED) == WIDE ? unit.n + (unit.outputs & -WIDE) : unit.n;
  tile.floor = last && d.activation == RELU ? 0 : -Infinity;
  tile.panelBytes = <usize>k * B_STEP;

  for (let n = unit.n; n < unit.n + unit.outputs; n += n < wideEnd ? WIDE : TILE_OUTPUTS) {
    const panel = unit.group * panels + n / TILE_OUTPUTS;
    const bPtr = d.wPtr + (<usize>panel * <usize>k + <usize>kBegin) * B_STEP;
    const biasPtr = d.biasPtr ? d.biasPtr + <usize>panel * B_STEP : scratchPtr + ZEROS_AT;
    const stored = n < wideEnd ? WIDE : TILE_OUTPUTS;
    const outputs = min(stored, groupOutputs - n);
    // Sums that a pool follows lie tile by tile.
    const yStride = members > 1 ? <usize>stored << 2 : unit.rowBytes;
    const sumsPtr = unit.sumsPtr + <usize>((n - unit.n) / TILE_OUTPUTS) * unit.panelBytes;
    let yPtr = sumsPtr;
    let aPtr = packedPtr;
    for (let left = unit.rows; left > 0; left -= TILE_ROWS) {
      const whole = members > 1 || (left >= TILE_ROWS && outputs >= TILE_OUTPUTS);
      tile.yPtr = whole ? yPtr : scratchPtr + EDGE_AT;
      tile.yStride = whole ? yStride : EDGE_STRIDE;
      tile.startPtr = kBegin == 0 ? biasPtr : tile.yPtr;
      tile.startStride = kBegin == 0 ? 0 : tile.yStride;
      tile.residualPtr = added ? d.residualPtr + (yPtr - d.yPtr) : 0;
      if (whole) {
        packedTile(stored, tile, aPtr, bPtr, count);
        if (curved) activateTile(tile.yPtr, tile.yStride, TILE_ROWS, stored, d.activation, d.alpha, d.beta);
      } else {
        const rows = min(left, TILE_ROWS);
        copyRows(tile.yPtr, EDGE_STRIDE, yPtr, yStride, rows, outputs);
        if (added) {
          copyRows(scratchPtr + EDGE_RESIDUAL_AT, EDGE_STRIDE, tile.residualPtr, yStride, rows, outputs);
          tile.residualPtr = scratchPtr + EDGE_RESIDUAL_AT;
        }
        packedTile(stored, tile, aPtr, bPtr, count);
        if (curved) activateTile(tile.yPtr, tile.yStride, TILE_ROWS, stored, d.activation, d.alpha, d.beta);
        copyRows(yPtr, yStride, tile.yPtr, EDGE_STRIDE, rows, outputs);
      }
      aPtr += tileBytes;
      yPtr += yStride * TILE_ROWS;
    }
    if (last && members > 1) {
      const to = outputPtr(d, unit, unit.m / members) + (<usize>(n - unit.n) << 2);
      fillWindows(d, unit, yStride, changetype<Windows>(scratchPtr + WINDOWS_AT));
      storeLargest(changetype<Windows>(scratchPtr + WINDOWS_AT), sumsPtr, to, unit.rows / members, outputs);
    }
  }
}
