/**
 * f32_winograd_input: tiles of the input, transformed along up to three axes, a few groups of sixteen channels at a time.
 * Invariant: what lies outside of the input is zero, and nothing outside of it is read.
 *
 *     scratch | passes along h and d | end of the input | zeros of unitGroups | tile [d][h][w][group][quad][4] |
 */
import { ceilDiv } from "./rows";
import { GROUP_ROW } from "./table_tile";
import { firstAlongD, firstAlongH, firstAlongW } from "./winograd_grid";
import { inputLine4, inputLine6, inputLine7, inputPass } from "./winograd_input_passes";
import { Pass, PASS_BYTES, VECTOR } from "./winograd_pass";

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

/** Where the input's last floats and the zeros lie in the scratch, in bytes from its beginning. */
// @ts-ignore: decorator
@inline
const END_AT: usize = 80;
// @ts-ignore: decorator
@inline
const ZEROS_AT: usize = 112;

export function f32_winograd_input(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<WinogradInputDescriptor>(descriptorPtr);
  const groups = ceilDiv(d.inC, 16);
  const groupBlocks = ceilDiv(groups, d.unitGroups);
  memory.fill(scratchPtr + ZEROS_AT, 0, <usize>d.unitGroups * GROUP_ROW);
  copyEnd(d, scratchPtr + END_AT);
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

/** The input's last vector, zeros in front of it where it has not even one, and zeros behind. */
function copyEnd(d: WinogradInputDescriptor, to: usize): void {
  const bytes = min(VECTOR, <usize>(d.inD * d.inH * d.inW * d.inC) << 2);
  memory.fill(to, 0, 2 * VECTOR);
  memory.copy(to + VECTOR - bytes, endOf(d) - bytes, bytes);
}

// @ts-ignore: decorator
@inline
function endOf(d: WinogradInputDescriptor): usize {
  return d.xPtr + (<usize>(d.inD * d.inH * d.inW * d.inC) << 2);
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
  const quads = quadsOf(d);
  const isDense = toGroup == <usize>quads * VECTOR;
  for (let jd = 0; jd < d.pointsD; jd++) {
    const z = firstD + jd * d.dilD;
    for (let jh = 0; jh < d.pointsH; jh++) {
      const y = firstH + jh * d.dilH;
      const isIn = i32(<u32>z < <u32>d.inD) & i32(<u32>y < <u32>d.inH);
      const bits = isIn ? inside : 0;
      let line = corner + (<usize>((z * d.inH + y) * d.inW * d.inC) << 2);
      if (isDense) readQuads(d, 16 * first, count * quads, line, stepW, bits, scratchPtr, to, step);
      else {
        let group = to;
        for (let g = first; g < first + count; g++) {
          readQuads(d, 16 * g, quads, line, stepW, bits, scratchPtr, group, step);
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
  scratchPtr: usize,
  to: usize,
  step: usize,
): void {
  const channels = d.inC - channel;
  const whole = min(quads, channels >> 2);
  if (whole > 0) readLine(line, stepW, inside, d.pointsW, scratchPtr + ZEROS_AT, whole, to, step);
  for (let quad = whole; quad < quads; quad++) {
    const at = <usize>quad * VECTOR;
    const lanes = channels - 4 * quad;
    readRest(d, line + at, stepW, lanes > 0 ? inside : 0, lanes, scratchPtr, to + at, step);
  }
}

/** One line of whole quads. */
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
  readVectors(false, line, stepW, inside, points, zeros, quads, to, step, i32x4.splat(-1), 0, 0);
}

/**
 * One line of the last quad, `lanes` of which count. Whole vectors are read, but for those that would reach beyond the input's end: of
 * these there is a copy.
 */
function readRest(
  d: WinogradInputDescriptor,
  line: usize,
  stepW: usize,
  inside: i32,
  lanes: i32,
  scratchPtr: usize,
  to: usize,
  step: usize,
): void {
  const lastPtr = endOf(d) - VECTOR;
  const toCopy = scratchPtr + END_AT - lastPtr;
  const mask = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(lanes));
  readVectors(true, line, stepW, inside, d.pointsW, scratchPtr + ZEROS_AT, 1, to, step, mask, lastPtr, toCopy);
}

/** `quads` quads of a line; only lanes of the mask, and the copy of what begins behind lastPtr, where it is masked, a constant. */
// @ts-ignore: decorator
@inline
function readVectors(
  masked: bool,
  line: usize,
  stepW: usize,
  inside: i32,
  points: i32,
  zeros: usize,
  quads: i32,
  to: usize,
  step: usize,
  mask: v128,
  lastPtr: usize,
  toCopy: usize,
): void {
  const end = <usize>quads * VECTOR;
  const p0 = pick(masked, line, inside, 1, zeros, lastPtr, toCopy);
  if (points == 1) {
    for (let at: usize = 0; at < end; at += VECTOR) {
      v128.store(to, loadMasked(masked, p0 + at, mask));
      to += VECTOR;
    }
    return;
  }
  const p1 = pick(masked, line + stepW, inside, 2, zeros, lastPtr, toCopy);
  const p2 = pick(masked, line + 2 * stepW, inside, 4, zeros, lastPtr, toCopy);
  const p3 = pick(masked, line + 3 * stepW, inside, 8, zeros, lastPtr, toCopy);
  if (points == 4) {
    for (let at: usize = 0; at < end; at += VECTOR) {
      transform4(masked, mask, p0 + at, p1 + at, p2 + at, p3 + at, to, step);
      to += VECTOR;
    }
    return;
  }
  const p4 = pick(masked, line + 4 * stepW, inside, 16, zeros, lastPtr, toCopy);
  const p5 = pick(masked, line + 5 * stepW, inside, 32, zeros, lastPtr, toCopy);
  if (points == 7) {
    const p6 = pick(masked, line + 6 * stepW, inside, 64, zeros, lastPtr, toCopy);
    for (let at: usize = 0; at < end; at += VECTOR) {
      transform7(masked, mask, p0 + at, p1 + at, p2 + at, p3 + at, p4 + at, p5 + at, p6 + at, to, step);
      to += VECTOR;
    }
    return;
  }
  for (let at: usize = 0; at < end; at += VECTOR) {
    transform6(masked, mask, p0 + at, p1 + at, p2 + at, p3 + at, p4 + at, p5 + at, to, step);
    to += VECTOR;
  }
}

/** A vector of a line, or its copy where it begins behind the last whole one, or zeros where its bit is not set. */
// @ts-ignore: decorator
@inline
function pick(
  masked: bool,
  line: usize,
  inside: i32,
  bit: i32,
  zeros: usize,
  lastPtr: usize,
  toCopy: usize,
): usize {
  return select<usize>(masked && line > lastPtr ? line + toCopy : line, zeros, inside & bit);
}

/** A vector, or its lanes that the mask has. */
// @ts-ignore: decorator
@inline
function loadMasked(isMasked: bool, ptr: usize, mask: v128): v128 {
  const value = v128.load(ptr);
  return isMasked ? v128.and(value, mask) : value;
}

// @ts-ignore: decorator
@inline
function transform4(masked: bool, mask: v128, p0: usize, p1: usize, p2: usize, p3: usize, to: usize, step: usize): void {
  inputLine4(
    loadMasked(masked, p0, mask),
    loadMasked(masked, p1, mask),
    loadMasked(masked, p2, mask),
    loadMasked(masked, p3, mask),
    to,
    step,
  );
}

// @ts-ignore: decorator
@inline
function transform6(
  masked: bool,
  mask: v128,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  p4: usize,
  p5: usize,
  to: usize,
  step: usize,
): void {
  inputLine6(
    loadMasked(masked, p0, mask),
    loadMasked(masked, p1, mask),
    loadMasked(masked, p2, mask),
    loadMasked(masked, p3, mask),
    loadMasked(masked, p4, mask),
    loadMasked(masked, p5, mask),
    to,
    step,
  );
}

// @ts-ignore: decorator
@inline
function transform7(
  masked: bool,
  mask: v128,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  p4: usize,
  p5: usize,
  p6: usize,
  to: usize,
  step: usize,
): void {
  inputLine7(
    loadMasked(masked, p0, mask),
    loadMasked(masked, p1, mask),
    loadMasked(masked, p2, mask),
    loadMasked(masked, p3, mask),
    loadMasked(masked, p4, mask),
    loadMasked(masked, p5, mask),
    loadMasked(masked, p6, mask),
    to,
    step,
  );
}
