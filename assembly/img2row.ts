/**
 * Implicit img2row: gathers a block of K of the rows of a unit straight into packed tiles. A row is the receptive field of one
 * output position, tap-major, then channel; it never exists as a whole.
 * Invariant: what lies outside of the input is zero, and nothing outside of the input is read.
 *
 * A row is cut into spans that are contiguous in the input: the channels of one tap, or, where the channels are few and
 * taps are neighbours, the taps along w together.
 */
import { ConvGemmDescriptor } from "./conv_gemm_descriptor";
import { packSixRows } from "./gemm_pack";
import { A_STEP, TILE_ROWS } from "./gemm_tile";

/** Fewer channels than this are gathered with their neighbours along w. */
// @ts-ignore: decorator
@inline
const FEW_CHANNELS: i32 = 16;

/** Where one output position begins to read: the coordinates of its first tap, and its address, outside of x or not. */
// @ts-ignore: decorator
@unmanaged
class Origin {
  ptr: usize;
  d: i32;
  h: i32;
  w: i32;
}

// @ts-ignore: decorator
@inline
export const ORIGIN_BYTES: usize = 16;

/** A coordinate from which no tap reaches the input. */
// @ts-ignore: decorator
@inline
const NOWHERE: i32 = -0x40000000;

/** The working memory of a gather. */
// @ts-ignore: decorator
@unmanaged
export class Gather {
  /** One Origin for each row of the unit, the last tile filled up with rows that are nowhere. */
  originsPtr: usize;
  /** As many zeros as a span of one block can have. */
  zerosPtr: usize;
  /** Six rows of that length, for spans that are cut by the input's border. */
  bouncePtr: usize;
  bounceStride: usize;
  /** Tiles of the unit. */
  tiles: i32;
  /** The span at hand: its first tap's distance from the origin, its part [skip, skip + count) of floats. */
  tapD: i32;
  tapH: i32;
  tapW: i32;
  skip: i32;
  count: i32;
  /** Addresses of the six rows of a tile. */
  row0: usize;
  row1: usize;
  row2: usize;
  row3: usize;
  row4: usize;
  row5: usize;
}

/**
 * The origins of `rows` rows from `first` on, for channels from `channel` on: positions of y in their order, each of them all members of
 * its window; `first` is a window's first member.
 */
export function fillOrigins(d: ConvGemmDescriptor, gather: Gather, first: i32, rows: i32, channel: i32): void {
  const members = d.poolD * d.poolH * d.poolW;
  const originsPtr = gather.originsPtr;
  const end = originsPtr + <usize>rows * ORIGIN_BYTES;
  let w = (first / members) % d.outW;
  let line = first / members / d.outW;
  for (let ptr = originsPtr; ptr < end; line++) {
    if (members == 1) {
      const count = min(d.outW - w, <i32>((end - ptr) / ORIGIN_BYTES));
      ptr = fillRun(d, ptr, line, w, count, channel);
    } else {
      for (; w < d.outW && ptr < end; w++) ptr = fillWindow(d, ptr, line, w, channel);
    }
    w = 0;
  }
  for (let ptr = end; ptr < originsPtr + <usize>(gather.tiles * TILE_ROWS) * ORIGIN_BYTES; ptr += ORIGIN_BYTES) {
    changetype<Origin>(ptr).d = NOWHERE;
  }
}

/** The members of the window at position w of a line of y. Returns where the next origin is. */
function fillWindow(d: ConvGemmDescriptor, ptr: usize, line: i32, w: i32, channel: i32): usize {
  const plane = (line / d.outH) * d.poolD;
  const h = (line % d.outH) * d.poolH;
  for (let i = 0; i < d.poolD; i++) {
    for (let j = 0; j < d.poolH; j++) {
      const convolved = (plane + i) * d.outH * d.poolH + h + j;
      ptr = fillRun(d, ptr, convolved, w * d.poolW, d.poolW, channel);
    }
  }
  return ptr;
}

/** `count` positions from w on of a line of what is convolved. */
function fillRun(d: ConvGemmDescriptor, ptr: usize, line: i32, w: i32, count: i32, channel: i32): usize {
  const plane = line / (d.outH * d.poolH);
  const image = plane / (d.outD * d.poolD);
  const fromD = (plane % (d.outD * d.poolD)) * d.strideD - d.padD;
  const fromH = (line % (d.outH * d.poolH)) * d.strideH - d.padH;
  let fromW = w * d.strideW - d.padW;
  const position = ((image * d.inD + fromD) * d.inH + fromH) * d.inW + fromW;
  let from = d.xPtr + (<usize>(position * d.inC + channel) << 2);
  const step = <usize>(d.strideW * d.inC) << 2;
  for (; count > 0; count--) {
    const origin = changetype<Origin>(ptr);
    origin.ptr = from;
    origin.d = fromD;
    origin.h = fromH;
    origin.w = fromW;
    from += step;
    fromW += d.strideW;
    ptr += ORIGIN_BYTES;
  }
  return ptr;
}

/** Packs [kBegin, kEnd) of every row into tiles of [kEnd - kBegin][6], one after another from outPtr on. */
export function gatherBlock(d: ConvGemmDescriptor, gather: Gather, kBegin: i32, kEnd: i32, outPtr: usize): void {
  const channels = d.inC / d.groups;
  const together = d.groups == 1 && d.dilW == 1 && channels < FEW_CHANNELS;
  const span = together ? channels * d.kW : channels;
  const spansAlongW = together ? 1 : d.kW;
  const tileBytes = <usize>(kEnd - kBegin) * A_STEP;
  for (let k = kBegin; k < kEnd; k += gather.count) {
    const index = k / span;
    const line = index / spansAlongW;
    gather.tapW = (index % spansAlongW) * d.dilW;
    gather.tapH = (line % d.kH) * d.dilH;
    gather.tapD = (line / d.kH) * d.dilD;
    gather.skip = k - index * span;
    gather.count = min(span - gather.skip, kEnd - k);
    if (together) gatherLines(d, gather, outPtr, tileBytes);
    else gatherTap(d, gather, outPtr, tileBytes);
    outPtr += <usize>gather.count * A_STEP;
  }
}

/** A span that is one tap: inside of the input as a whole, or zero. */
function gatherTap(d: ConvGemmDescriptor, gather: Gather, outPtr: usize, tileBytes: usize): void {
  const tapD = gather.tapD, tapH = gather.tapH, tapW = gather.tapW;
  const inD = <u32>d.inD, inH = <u32>d.inH, inW = <u32>d.inW;
  const offset = <usize>(((tapD * d.inH + tapH) * d.inW + tapW) * d.inC + gather.skip) << 2;
  const rowsPtr = changetype<usize>(gather) + offsetof<Gather>("row0");
  let originPtr = gather.originsPtr;
  for (let tile = gather.tiles; tile > 0; tile--) {
    for (let slot: usize = 0; slot < 24; slot += 4) {
      const origin = changetype<Origin>(originPtr);
      const inside =
        i32(<u32>(origin.d + tapD) < inD) & i32(<u32>(origin.h + tapH) < inH) & i32(<u32>(origin.w + tapW) < inW);
      store<usize>(rowsPtr + slot, select(origin.ptr + offset, gather.zerosPtr, inside));
      originPtr += ORIGIN_BYTES;
    }
    packSixRows(rowsPtr, gather.count, outPtr);
    outPtr += tileBytes;
  }
}

/** A span that is all taps along w: the input's border may cut it. */
function gatherLines(d: ConvGemmDescriptor, gather: Gather, outPtr: usize, tileBytes: usize): void {
  const tapD = gather.tapD, tapH = gather.tapH;
  const inD = <u32>d.inD, inH = <u32>d.inH;
  const uncut = <u32>max(0, d.inW - d.kW + 1);
  const offset = <usize>((tapD * d.inH + tapH) * d.inW * d.inC + gather.skip) << 2;
  const rowsPtr = changetype<usize>(gather) + offsetof<Gather>("row0");
  let originPtr = gather.originsPtr;
  for (let tile = gather.tiles; tile > 0; tile--) {
    let bouncePtr = gather.bouncePtr;
    for (let slot: usize = 0; slot < 24; slot += 4) {
      const origin = changetype<Origin>(originPtr);
      let ptr = gather.zerosPtr;
      if (i32(<u32>(origin.d + tapD) < inD) & i32(<u32>(origin.h + tapH) < inH)) {
        ptr = origin.ptr + offset;
        if (<u32>origin.w >= uncut) ptr = cutSpan(d, gather, origin.w, ptr, bouncePtr);
      }
      store<usize>(rowsPtr + slot, ptr);
      originPtr += ORIGIN_BYTES;
      bouncePtr += gather.bounceStride;
    }
    packSixRows(rowsPtr, gather.count, outPtr);
    outPtr += tileBytes;
  }
}

/** A span at the border, from position `w` of its line on: what is inside of the line is copied between zeros to bouncePtr. */
function cutSpan(d: ConvGemmDescriptor, gather: Gather, w: i32, spanPtr: usize, bouncePtr: usize): usize {
  const skip = gather.skip, count = gather.count;
  const begin = max(skip, -w * d.inC) - skip;
  const end = min(skip + count, (d.inW - w) * d.inC) - skip;
  if (begin >= end) return gather.zerosPtr;
  memory.fill(bouncePtr, 0, <usize>count << 2);
  memory.copy(bouncePtr + (<usize>begin << 2), spanPtr + (<usize>begin << 2), <usize>(end - begin) << 2);
  return bouncePtr;
}
