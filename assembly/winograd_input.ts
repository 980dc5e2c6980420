/**
 * f32_winograd_input: tiles of the input, transformed along up to three axes, a few groups of sixteen channels at a time.
 * Invariant: what lies outside of the input is zero, and nothing outside of it is read.
 *
 *     scratch | passes along h and d | zeros of unitGroups | tile [d][h][w][group][quad][4] |
 */
import { loadLanes } from "./lanes";
import { ceilDiv } from "./rows";
import { GROUP_ROW } from "./table_tile";
import { firstAlongD, firstAlongH, firstAlongW } from "./winograd_grid";
import {
  inputLine4,
  inputLine6,
  inputLine7,
  inputPass,
  inputVectors4,
  inputVectors6,
  inputVectors7,
} from "./winograd_input_passes";
import { Pass, PASS_BYTES, VECTOR, pairsOf, put, second } from "./winograd_pass";

// @ts-ignore: decorator
@unmanaged
export class WinogradInputDescriptor {
  xPtr: usize;
  yPtr: usize;
  inD: i32;
  inH: i32;
  inW: i32;
  inC: i32;
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
  unitRows: i32;
  unitGroups: i32;
}

/** Where the zeros lie in the scratch, in bytes from its beginning. */
// @ts-ignore: decorator
@inline
const ZEROS_AT: usize = 80;

export function f32_winograd_input(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<WinogradInputDescriptor>(descriptorPtr);
  const groups = ceilDiv(d.inC, 16);
  const groupBlocks = ceilDiv(groups, d.unitGroups);
  memory.fill(scratchPtr + ZEROS_AT, 0, <usize>d.unitGroups * GROUP_ROW);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const row = (unit / groupBlocks) * d.unitRows;
    const first = (unit % groupBlocks) * d.unitGroups;
    const count = min(d.unitGroups, groups - first);
    fillPasses(d, count, scratchPtr);
    for (let r = row; r < min(row + d.unitRows, d.rows); r++) {
      transformTile(d, r, first, count, scratchPtr, d.yPtr + <usize>(first * d.rowPitch + r) * GROUP_ROW);
    }
  }
}

/** Quads of each group: fewer than four where there is but one group. */
// @ts-ignore: decorator
@inline
function quadsOf(d: WinogradInputDescriptor): i32 {
  return min(4, ceilDiv(d.inC, 4));
}

/** The passes along h, in place, and along d; the last one there is writes to where the points go. */
function fillPasses(d: WinogradInputDescriptor, groups: i32, passesPtr: usize): void {
  const quads = quadsOf(d);
  const vectorBytes = <usize>(groups * quads) * VECTOR;
  const quadBytes = <usize>quads * VECTOR;
  const lineBytes = <usize>d.pointsW * vectorBytes;
  const planeBytes = <usize>d.pointsH * lineBytes;
  const pointBytes = <usize>d.pointStride << 2;
  const groupBytes = <usize>d.rowPitch * GROUP_ROW;
  const alongH = changetype<Pass>(passesPtr);
  if (d.pointsD > 1) {
    alongH.lines(d.pointsD, d.pointsW, groups * quads);
    alongH.from(planeBytes, vectorBytes, lineBytes);
    alongH.to(planeBytes, vectorBytes, lineBytes);
  } else {
    alongH.lines(d.pointsW, groups, quads);
    alongH.from(vectorBytes, quadBytes, lineBytes);
    alongH.to(pointBytes, groupBytes, <usize>d.pointsW * pointBytes);
  }
  const alongD = changetype<Pass>(passesPtr + PASS_BYTES);
  alongD.lines(d.pointsH * d.pointsW, groups, quads);
  alongD.from(vectorBytes, quadBytes, planeBytes);
  alongD.to(pointBytes, groupBytes, <usize>(d.pointsH * d.pointsW) * pointBytes);
}

/** `count` groups of a row, from group `first` on. */
function transformTile(
  d: WinogradInputDescriptor,
  row: i32,
  first: i32,
  count: i32,
  passesPtr: usize,
  to: usize,
): void {
  const tilePtr = passesPtr + ZEROS_AT + <usize>d.unitGroups * GROUP_ROW;
  const hasH = d.pointsH > 1;
  const hasD = d.pointsD > 1;
  const quadBytes = <usize>quadsOf(d) * VECTOR;
  if (hasH || hasD) readLines(d, row, first, count, passesPtr, tilePtr, <usize>count * quadBytes, quadBytes);
  else readLines(d, row, first, count, passesPtr, to, <usize>d.pointStride << 2, <usize>d.rowPitch * GROUP_ROW);
  if (hasH) inputPass(changetype<Pass>(passesPtr), d.pointsH, tilePtr, hasD ? tilePtr : to);
  if (hasD) inputPass(changetype<Pass>(passesPtr + PASS_BYTES), d.pointsD, tilePtr, to);
}

/** All lines along w of a tile, transformed; points `step` and groups `toGroup` bytes apart. */
function readLines(
  d: WinogradInputDescriptor,
  row: i32,
  first: i32,
  count: i32,
  scratchPtr: usize,
  to: usize,
  step: usize,
  toGroup: usize,
): void {
  const index = d.firstRow + row;
  const depthFirst = d.depthFirst != 0;
  const axes = changetype<usize>(d) + offsetof<WinogradInputDescriptor>("tilesD");
  const firstD = firstAlongD(axes, index, depthFirst) - d.padD;
  const firstH = firstAlongH(axes, index, depthFirst) - d.padH;
  const firstW = firstAlongW(axes, index, depthFirst) - d.padW;
  // Which points along w lie inside of the input, one bit each.
  let inside = 0;
  for (let j = 0; j < d.pointsW; j++) inside |= i32(<u32>(firstW + j * d.dilW) < <u32>d.inW) << j;
  const stepW = <usize>(d.dilW * d.inC) << 2;
  const corner = d.xPtr + (<usize>(firstW * d.inC + 16 * first) << 2);
  const zerosPtr = scratchPtr + ZEROS_AT;
  const quads = quadsOf(d);
  const isDense = toGroup == <usize>quads * VECTOR;
  for (let jd = 0; jd < d.pointsD; jd++) {
    const z = firstD + jd * d.dilD;
    for (let jh = 0; jh < d.pointsH; jh++) {
      const y = firstH + jh * d.dilH;
      const isIn = i32(<u32>z < <u32>d.inD) & i32(<u32>y < <u32>d.inH);
      const bits = isIn ? inside : 0;
      let line = corner + (<usize>((z * d.inH + y) * d.inW * d.inC) << 2);
      if (isDense) readQuads(d, 16 * first, count * quads, line, stepW, bits, zerosPtr, to, step);
      else {
        let group = to;
        for (let g = first; g < first + count; g++) {
          readQuads(d, 16 * g, quads, line, stepW, bits, zerosPtr, group, step);
          line += GROUP_ROW;
          group += toGroup;
        }
      }
      to += <usize>d.pointsW * step;
    }
  }
}

/** Quads of a line from `channel` on; behind the last channel there are zeros. */
function readQuads(
  d: WinogradInputDescriptor,
  channel: i32,
  quads: i32,
  line: usize,
  stepW: usize,
  inside: i32,
  zeros: usize,
  to: usize,
  step: usize,
): void {
  const channels = d.inC - channel;
  const whole = min(quads, channels >> 2);
  if (whole > 0) readLine(line, stepW, inside, d.pointsW, zeros, whole, to, step);
  for (let quad = whole; quad < quads; quad++) {
    const at = <usize>quad * VECTOR;
    const lanes = channels - 4 * quad;
    readRest(line + at, stepW, lanes > 0 ? inside : 0, d.pointsW, lanes, to + at, step);
  }
}

/** A vector of a line, or zeros where its bit is not set. */
// @ts-ignore: decorator
@inline
function pick(line: usize, inside: i32, bit: i32, zeros: usize): usize {
  return select<usize>(line, zeros, inside & bit);
}

/** One line of whole quads. */
// @ts-ignore: decorator
@inline
function readLine(
  line: usize,
  stepW: usize,
  inside: i32,
  points: i32,
  zeros: usize,
  quads: i32,
  to: usize,
  step: usize,
): void {
  const done = 2 * pairsOf(quads);
  const at = <usize>done * VECTOR;
  if (done > 0) readPairs(line, stepW, inside, points, zeros, done, to, step);
  if (done < quads) readSingles(line + at, stepW, inside, points, zeros, quads - done, to + at, step);
}

export function readPairs(
  line: usize,
  stepW: usize,
  inside: i32,
  points: i32,
  zeros: usize,
  quads: i32,
  to: usize,
  step: usize,
): void {
  readVectors(2, line, stepW, inside, points, zeros, quads, to, step);
}

export function readSingles(
  line: usize,
  stepW: usize,
  inside: i32,
  points: i32,
  zeros: usize,
  quads: i32,
  to: usize,
  step: usize,
): void {
  readVectors(1, line, stepW, inside, points, zeros, quads, to, step);
}

/** `width`, how many vectors are taken at a time, is a constant. */
// @ts-ignore: decorator
@inline
function readVectors(
  width: i32,
  line: usize,
  stepW: usize,
  inside: i32,
  points: i32,
  zeros: usize,
  quads: i32,
  to: usize,
  step: usize,
): void {
  const end = <usize>quads * VECTOR;
  const next = <usize>width * VECTOR;
  const p0 = pick(line, inside, 1, zeros);
  if (points == 1) {
    for (let at: usize = 0; at < end; at += next) {
      put(width, to, v128.load(p0 + at), second(width, p0 + at));
      to += next;
    }
    return;
  }
  const p1 = pick(line + stepW, inside, 2, zeros);
  const p2 = pick(line + 2 * stepW, inside, 4, zeros);
  const p3 = pick(line + 3 * stepW, inside, 8, zeros);
  if (points == 4) {
    for (let at: usize = 0; at < end; at += next) {
      inputVectors4(
        width,
        v128.load(p0 + at),
        v128.load(p1 + at),
        v128.load(p2 + at),
        v128.load(p3 + at),
        second(width, p0 + at),
        second(width, p1 + at),
        second(width, p2 + at),
        second(width, p3 + at),
        to,
        step,
      );
      to += next;
    }
    return;
  }
  const p4 = pick(line + 4 * stepW, inside, 16, zeros);
  const p5 = pick(line + 5 * stepW, inside, 32, zeros);
  if (points == 7) {
    const p6 = pick(line + 6 * stepW, inside, 64, zeros);
    for (let at: usize = 0; at < end; at += next) {
      inputVectors7(
        width,
        v128.load(p0 + at),
        v128.load(p1 + at),
        v128.load(p2 + at),
        v128.load(p3 + at),
        v128.load(p4 + at),
        v128.load(p5 + at),
        v128.load(p6 + at),
        second(width, p0 + at),
        second(width, p1 + at),
        second(width, p2 + at),
        second(width, p3 + at),
        second(width, p4 + at),
        second(width, p5 + at),
        second(width, p6 + at),
        to,
        step,
      );
      to += next;
    }
    return;
  }
  for (let at: usize = 0; at < end; at += next) {
    inputVectors6(
      width,
      v128.load(p0 + at),
      v128.load(p1 + at),
      v128.load(p2 + at),
      v128.load(p3 + at),
      v128.load(p4 + at),
      v128.load(p5 + at),
      second(width, p0 + at),
      second(width, p1 + at),
      second(width, p2 + at),
      second(width, p3 + at),
      second(width, p4 + at),
      second(width, p5 + at),
      to,
      step,
    );
    to += next;
  }
}

/** A vector of fewer lanes, or zeros where its bit is not set. */
// @ts-ignore: decorator
@inline
function lanesAt(line: usize, inside: i32, bit: i32, lanes: i32): v128 {
  return inside & bit ? loadLanes(line, lanes) : f32x4.splat(0);
}

/** One line of the last quad, which has fewer lanes than four. */
function readRest(line: usize, stepW: usize, inside: i32, points: i32, lanes: i32, to: usize, step: usize): void {
  const x0 = lanesAt(line, inside, 1, lanes);
  if (points == 1) {
    v128.store(to, x0);
    return;
  }
  const x1 = lanesAt(line + stepW, inside, 2, lanes);
  const x2 = lanesAt(line + 2 * stepW, inside, 4, lanes);
  const x3 = lanesAt(line + 3 * stepW, inside, 8, lanes);
  if (points == 4) {
    inputLine4(x0, x1, x2, x3, to, step);
    return;
  }
  const x4 = lanesAt(line + 4 * stepW, inside, 16, lanes);
  const x5 = lanesAt(line + 5 * stepW, inside, 32, lanes);
  if (points == 6) inputLine6(x0, x1, x2, x3, x4, x5, to, step);
  else inputLine7(x0, x1, x2, x3, x4, x5, lanesAt(line + 6 * stepW, inside, 64, lanes), to, step);
}
