/**
 * f32_winograd_output: products back to outputs along up to three axes, a few groups of sixteen channels at a time, with bias, residual,
 * activation and max pool. Invariant: what a tile has beyond the output is dropped.
 *
 *     scratch | passes along d, h and w, and the last one to the output | a pool's windows | tile [d][h][w][group][quad][4] |
 */
import { activate, RELU } from "./activation";
import { loadLanes, storeLanes } from "./lanes";
import { ceilDiv } from "./rows";
import { GROUP_ROW } from "./table_tile";
import { Windows, WINDOWS_BYTES, fillMembers, storeLargest } from "./pool_windows";
import { firstAlongD, firstAlongH, firstAlongW } from "./winograd_grid";
import { finishPass, outputPass } from "./winograd_output_passes";
import { Pass, PASS_BYTES, VECTOR } from "./winograd_pass";

// @ts-ignore: decorator
@unmanaged
export class WinogradOutputDescriptor {
  xPtr: usize;
  yPtr: usize;
  outD: i32;
  outH: i32;
  outW: i32;
  outC: i32;
  tilesD: i32;
  tileD: i32;
  pointsD: i32;
  dilD: i32;
  padD: i32;
  tilesH: i32;
  tileH: i32;
  pointsH: i32;
  dilH: i32;
  padH: i32;
  tilesW: i32;
  tileW: i32;
  pointsW: i32;
  dilW: i32;
  padW: i32;
  depthFirst: i32;
  firstRow: i32;
  rows: i32;
  rowPitch: i32;
  pointStride: i32;
  biasPtr: usize;
  residualPtr: usize;
  activation: i32;
  alpha: f32;
  beta: f32;
  poolD: i32;
  poolH: i32;
  poolW: i32;
  unitRows: i32;
  unitGroups: i32;
}

/** Where windows and the tile lie in the scratch, in bytes from its beginning. */
// @ts-ignore: decorator
@inline
const WINDOWS_AT: usize = 4 * PASS_BYTES;
// @ts-ignore: decorator
@inline
const TILE_AT: usize = WINDOWS_AT + WINDOWS_BYTES;

export function f32_winograd_output(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<WinogradOutputDescriptor>(descriptorPtr);
  const groups = ceilDiv(d.outC, 16);
  const groupBlocks = ceilDiv(groups, d.unitGroups);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = (unit / groupBlocks) * d.unitRows;
    const last = min(first + d.unitRows, d.rows);
    const group = (unit % groupBlocks) * d.unitGroups;
    const count = min(d.unitGroups, groups - group);
    fillPasses(d, count, scratchPtr);
    if (isPooled(d)) fillWindows(d, 16 * group, count, changetype<Windows>(scratchPtr + WINDOWS_AT));
    const isPlain = isPlainFor(d, 16 * group, count);
    for (let row = first; row < last; row++) {
      const x = d.xPtr + <usize>(group * d.rowPitch + row) * GROUP_ROW;
      if (isPlain && finishTile(d, d.firstRow + row, 16 * group, count, x, scratchPtr)) continue;
      transformTile(d, 3, x, scratchPtr);
      storeTile(d, d.firstRow + row, 16 * group, count, scratchPtr);
    }
  }
}

/**
 * The first pass reads the points where they lie; every pass leaves all groups of a vector, and all vectors of a line, one
 * behind the other.
 */
function fillPasses(d: WinogradOutputDescriptor, groups: i32, passesPtr: usize): void {
  const quads = quadsOf(d);
  const quadBytes = <usize>quads * VECTOR;
  const vectorBytes = <usize>groups * quadBytes;
  const lineBytes = <usize>d.pointsW * vectorBytes;
  const planeBytes = <usize>d.pointsH * lineBytes;
  const pointBytes = <usize>d.pointStride << 2;
  const groupBytes = <usize>d.rowPitch * GROUP_ROW;
  const alongD = changetype<Pass>(passesPtr);
  alongD.lines(d.pointsH * d.pointsW, groups, quads);
  alongD.from(pointBytes, groupBytes, <usize>(d.pointsH * d.pointsW) * pointBytes);
  alongD.to(vectorBytes, quadBytes, planeBytes);
  const alongH = changetype<Pass>(passesPtr + PASS_BYTES);
  if (d.pointsD > 1) {
    alongH.lines(d.tileD, 1, d.pointsW * groups * quads);
    alongH.from(planeBytes, 0, lineBytes);
    alongH.to(<usize>d.tileH * lineBytes, 0, lineBytes);
  } else {
    alongH.lines(d.pointsW, groups, quads);
    alongH.from(pointBytes, groupBytes, <usize>d.pointsW * pointBytes);
    alongH.to(vectorBytes, quadBytes, lineBytes);
  }
  const alongW = changetype<Pass>(passesPtr + 2 * PASS_BYTES);
  if (d.pointsD * d.pointsH > 1) {
    alongW.lines(d.tileD * d.tileH, 1, groups * quads);
    alongW.from(lineBytes, 0, vectorBytes);
    alongW.to(<usize>d.tileW * vectorBytes, 0, vectorBytes);
  } else {
    alongW.lines(1, groups, quads);
    alongW.from(0, groupBytes, pointBytes);
    alongW.to(0, quadBytes, vectorBytes);
  }
  const last = changetype<Pass>(passesPtr + 3 * PASS_BYTES);
  const axis = lastAxis(d);
  const distance = axis == 2 ? d.dilW : axis == 1 ? d.dilH * d.outW : d.dilD * d.outH * d.outW;
  last.to(0, GROUP_ROW, <usize>(distance * d.outC) << 2);
  if (pointsBefore(d, axis) > 1) {
    last.lines(1, 1, groups * quads);
    last.from(0, 0, vectorBytes);
  } else {
    last.lines(1, groups, quads);
    last.from(0, groupBytes, pointBytes);
  }
}

/** The last axis that is transformed. */
// @ts-ignore: decorator
@inline
function lastAxis(d: WinogradOutputDescriptor): i32 {
  return d.pointsW > 1 ? 2 : d.pointsH > 1 ? 1 : 0;
}

/** Points of the axes before it. */
// @ts-ignore: decorator
@inline
function pointsBefore(d: WinogradOutputDescriptor, axis: i32): i32 {
  return axis == 2 ? d.pointsD * d.pointsH : axis == 1 ? d.pointsD : 1;
}

// @ts-ignore: decorator
@inline
function isPooled(d: WinogradOutputDescriptor): bool {
  return d.poolD * d.poolH * d.poolW > 1;
}

/** A pool's windows over a tile of `groups` of channels from `channel` on. */
function fillWindows(d: WinogradOutputDescriptor, channel: i32, groups: i32, windows: Windows): void {
  const vectorBytes = <usize>(groups * quadsOf(d)) * VECTOR;
  const lineBytes = <usize>d.tileW * vectorBytes;
  windows.sizes(d.poolD, d.poolH, d.poolW);
  windows.steps(<usize>d.tileH * lineBytes, lineBytes, vectorBytes);
  fillMembers(windows);
  windows.fromStep = <usize>d.poolW * vectorBytes;
  windows.toStep = <usize>(d.dilW * d.outC) << 2;
  windows.biasPtr = d.biasPtr ? d.biasPtr + (<usize>channel << 2) : 0;
  windows.floor = d.activation == RELU ? 0 : -Infinity;
}

/** Quads of each group: fewer than four where there is but one group. */
// @ts-ignore: decorator
@inline
function quadsOf(d: WinogradOutputDescriptor): i32 {
  return min(4, ceilDiv(d.outC, 4));
}

/** The passes along the first `axes` axes. */
function transformTile(d: WinogradOutputDescriptor, axes: i32, x: usize, passesPtr: usize): void {
  const tilePtr = passesPtr + TILE_AT;
  let from = x;
  if (axes > 0 && d.pointsD > 1) {
    outputPass(changetype<Pass>(passesPtr), d.pointsD, d.tileD, from, tilePtr);
    from = tilePtr;
  }
  if (axes > 1 && d.pointsH > 1) {
    outputPass(changetype<Pass>(passesPtr + PASS_BYTES), d.pointsH, d.tileH, from, tilePtr);
    from = tilePtr;
  }
  if (axes > 2 && d.pointsW > 1) outputPass(changetype<Pass>(passesPtr + 2 * PASS_BYTES), d.pointsW, d.tileW, from, tilePtr);
}

/** Whether whole vectors are finished by bias, residual and ReLU alone, `groups` of channels from `channel` on. */
function isPlainFor(d: WinogradOutputDescriptor, channel: i32, groups: i32): bool {
  return !isPooled(d) && d.biasPtr != 0 && d.activation <= RELU && channel + 4 * groups * quadsOf(d) <= d.outC;
}

// @ts-ignore: decorator
@inline
function axesOf(d: WinogradOutputDescriptor): usize {
  return changetype<usize>(d) + offsetof<WinogradOutputDescriptor>("tilesD");
}

// @ts-ignore: decorator
@inline
function firstD(d: WinogradOutputDescriptor, row: i32): i32 {
  return firstAlongD(axesOf(d), row, d.depthFirst != 0);
}

// @ts-ignore: decorator
@inline
function firstH(d: WinogradOutputDescriptor, row: i32): i32 {
  return firstAlongH(axesOf(d), row, d.depthFirst != 0);
}

// @ts-ignore: decorator
@inline
function firstW(d: WinogradOutputDescriptor, row: i32): i32 {
  return firstAlongW(axesOf(d), row, d.depthFirst != 0);
}

/**
 * A tile that needs no more than `isPlainFor` says: its last pass writes the output. False, and nothing is done, where it reaches beyond
 * the output along w, or along the last axis that is transformed.
 */
function finishTile(d: WinogradOutputDescriptor, row: i32, channel: i32, groups: i32, x: usize, scratchPtr: usize): bool {
  const axis = lastAxis(d);
  const atD = firstD(d, row), atH = firstH(d, row), atW = firstW(d, row);
  if (atW + (d.tileW - 1) * d.dilW >= d.outW) return false;
  if (axis == 1 && atH + (d.tileH - 1) * d.dilH >= d.outH) return false;
  if (axis == 0 && atD + (d.tileD - 1) * d.dilD >= d.outD) return false;
  transformTile(d, axis, x, scratchPtr);
  const pass = changetype<Pass>(scratchPtr + 3 * PASS_BYTES);
  const points = axis == 2 ? d.pointsW : axis == 1 ? d.pointsH : d.pointsD;
  const tile = axis == 2 ? d.tileW : axis == 1 ? d.tileH : d.tileD;
  const biasPtr = d.biasPtr + (<usize>channel << 2);
  const floor: f32 = d.activation == RELU ? 0 : -Infinity;
  const residual = d.residualPtr ? d.residualPtr - d.yPtr : 0;
  const linesD = axis > 0 ? d.tileD : 1;
  const linesH = axis > 1 ? d.tileH : 1;
  let from = pointsBefore(d, axis) > 1 ? scratchPtr + TILE_AT : x;
  for (let i = 0; i < linesD; i++) {
    const z = atD + i * d.dilD;
    if (z >= d.outD) break;
    for (let j = 0; j < linesH; j++) {
      const y = atH + j * d.dilH;
      if (y < d.outH) {
        const at = <usize>(((z * d.outH + y) * d.outW + atW) * d.outC + channel) << 2;
        finishPass(pass, points, tile, from, d.yPtr + at, biasPtr, floor, residual);
      }
      from += <usize>points * pass.fromStep;
    }
  }
  return true;
}

/** What of a tile lies in the output, `groups` of channels from `channel` on. Along an axis with windows there is no dilation. */
function storeTile(d: WinogradOutputDescriptor, row: i32, channel: i32, groups: i32, scratchPtr: usize): void {
  const atD = firstD(d, row) / d.poolD;
  const atH = firstH(d, row) / d.poolH;
  const atW = firstW(d, row) / d.poolW;
  const stepW = <usize>(d.dilW * d.outC) << 2;
  // A phase may have fewer tiles than there is room for.
  const endW = atW < d.outW ? min(d.tileW / d.poolW, ceilDiv(d.outW - atW, d.dilW)) : 0;
  const quads = groups * quadsOf(d);
  const vectorBytes = <usize>quads * VECTOR;
  const windows = changetype<Windows>(scratchPtr + WINDOWS_AT);
  for (let i = 0; i < d.tileD; i += d.poolD) {
    const z = atD + i / d.poolD * d.dilD;
    if (z >= d.outD) break;
    for (let j = 0; j < d.tileH; j += d.poolH) {
      const y = atH + j / d.poolH * d.dilH;
      if (y >= d.outH) break;
      let from = scratchPtr + TILE_AT + <usize>((i * d.tileH + j) * d.tileW) * vectorBytes;
      let at = <usize>(((z * d.outH + y) * d.outW + atW) * d.outC + channel) << 2;
      if (isPooled(d)) {
        storeLargest(windows, from, d.yPtr + at, endW, min(4 * quads, d.outC - channel));
        continue;
      }
      for (let w = 0; w < endW; w++) {
        storeChannels(d, channel, quads, from, at);
        from += vectorBytes;
        at += stepW;
      }
    }
  }
}

/** The channels of one position, `at` bytes from the output's beginning. */
function storeChannels(d: WinogradOutputDescriptor, channel: i32, quads: i32, from: usize, at: usize): void {
  const end = min(channel + 4 * quads, d.outC);
  let biasPtr = d.biasPtr + (<usize>channel << 2);
  if (i32(d.biasPtr != 0) & i32(d.residualPtr == 0) & i32(d.activation <= RELU)) {
    const whole = <usize>((end - channel) >> 2) * VECTOR;
    storeVectors(from, biasPtr, d.yPtr + at, whole, d.activation == RELU ? 0 : -Infinity);
    channel += i32(whole >> 2);
    from += whole;
    biasPtr += whole;
    at += whole;
  }
  for (; channel < end; channel += 4) {
    const lanes = min(4, d.outC - channel);
    let value = v128.load(from);
    if (d.biasPtr) value = f32x4.add(loadLanes(biasPtr, lanes), value);
    if (d.residualPtr) value = f32x4.add(value, loadLanes(d.residualPtr + at, lanes));
    storeLanes(d.yPtr + at, activate(value, d.activation, d.alpha, d.beta), lanes);
    from += VECTOR;
    biasPtr += VECTOR;
    at += VECTOR;
  }
}

/** Whole vectors with a bias, and nothing below `least`. */
function storeVectors(from: usize, biasPtr: usize, to: usize, bytes: usize, least: f32): void {
  const floor = f32x4.splat(least);
  const end = from + bytes;
  while (from != end) {
    // pmax keeps a NaN that comes first.
    v128.store(to, f32x4.pmax(f32x4.add(v128.load(biasPtr), v128.load(from)), floor));
    from += VECTOR;
    biasPtr += VECTOR;
    to += VECTOR;
  }
}
