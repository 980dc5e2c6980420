/**
 * f32_conv_planar_winograd: convolution for few channels with 3 taps along d and h, by Winograd's method along these two,
 * lanes along w. A tile is tileD x tileH output lines whose distance is the dilation: its input lines step by the same distance,
 * so that a dilated layer is a dense one on each of its sub-lattices. A line is the rows of all channels at one (d, h).
 * Invariant: a tile's results depend on its own input lines alone, and those that none of its outputs needs count as zeros.
 *
 *     input lines --d--> half ways [tileH + 2][tileD + 2]; then for each of the tileD + 2 points along d:
 *       --h--> points [tileH + 2] --taps along w and channels--> products [tileH + 2][outC][16] --h--> half ways back
 *     half ways back [tileH][tileD + 2][w / 16][outC][16] --d--> sums [tileD][w / 16][outC][16] --> y
 *
 *     scratch | PlanarTile | Place | zeros (absent bias) | lists | steps | products | zero line | in | points | back | sums |
 */
import { NONE, RELU, activate } from "./activation";
import { loadLanes, storeLanes } from "./lanes";
import { PlanarTile, clearHalo, runTile, tilesOf } from "./planar_tile";
import { transformInput, transformOutput } from "./planar_winograd";
import { ceilDiv } from "./rows";

// @ts-ignore: decorator
@unmanaged
class ConvPlanarWinogradDescriptor {
  xPtr: usize;
  yPtr: usize;
  batch: i32;
  inC: i32;
  inD: i32;
  inH: i32;
  inW: i32;
  inPitch: i32;
  inHalo: i32;
  outC: i32;
  outD: i32;
  outH: i32;
  outW: i32;
  outPitch: i32;
  outHalo: i32;
  kW: i32;
  dilD: i32;
  dilH: i32;
  dilW: i32;
  padD: i32;
  padH: i32;
  padW: i32;
  wPtr: usize;
  biasPtr: usize;
  residualPtr: usize;
  activation: i32;
  alpha: f32;
  beta: f32;
  tileD: i32;
  tileH: i32;
}

/** Where a tile is, and where the parts of the scratch memory are. */
// @ts-ignore: decorator
@unmanaged
class Place {
  image: i32;
  d: i32;
  h: i32;
  /** How many of the tile's output lines there are along each axis. */
  linesD: i32;
  linesH: i32;
  productsPtr: usize;
  zeroLinePtr: usize;
  /** Half ways, on the way in; one slot for each position along h. */
  inPtr: usize;
  pointsPtr: usize;
  /** Half ways, on the way back. */
  backPtr: usize;
  sumsPtr: usize;
  /** Bytes of a line of points, and of one of sums. */
  pointBytes: usize;
  sumBytes: usize;
}

// @ts-ignore: decorator
@inline
const PLACE_AT: usize = 64;
// @ts-ignore: decorator
@inline
const ZEROS_AT: usize = 128;
/** Addresses of a tile's input lines along d. */
// @ts-ignore: decorator
@inline
const INPUT_LIST_AT: usize = 192;
/** Addresses of the slots of `in`, in the tile's order along h. */
// @ts-ignore: decorator
@inline
const SLOT_LIST_AT: usize = 224;
// @ts-ignore: decorator
@inline
const STEPS_AT: usize = 256;
/** Positions along w whose products are transformed back at once. */
// @ts-ignore: decorator
@inline
const BLOCK: i32 = 16;
// @ts-ignore: decorator
@inline
const BLOCK_BYTES: usize = <usize>BLOCK << 2;

export function f32_conv_planar_winograd(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<ConvPlanarWinogradDescriptor>(descriptorPtr);
  const place = changetype<Place>(scratchPtr + PLACE_AT);
  prepare(d, place, changetype<PlanarTile>(scratchPtr));
  const blocksD = ceilDiv(d.outD, d.dilD * d.tileD);
  const blocksH = ceilDiv(d.outH, d.dilH * d.tileH);
  const tilesD = blocksD * d.dilD;
  const tilesH = blocksH * d.dilH;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const depth = unit / tilesH;
    const block = (unit % tilesH) % blocksH;
    place.image = depth / tilesD;
    place.d = firstOf(depth % tilesD, blocksD, d.dilD, d.tileD);
    place.h = firstOf(unit % tilesH, blocksH, d.dilH, d.tileH);
    if (place.d >= d.outD || place.h >= d.outH) continue;
    place.linesD = min(d.tileD, ceilDiv(d.outD - place.d, d.dilD));
    place.linesH = min(d.tileH, ceilDiv(d.outH - place.h, d.dilH));
    convolveTile(d, place, scratchPtr, block, unit > unitBegin && block > 0);
  }
}

/** The first output along an axis of a tile; neighbours on one sub-lattice follow each other, for the lines that they share. */
// @ts-ignore: decorator
@inline
function firstOf(tile: i32, blocks: i32, dilation: i32, size: i32): i32 {
  return (tile % blocks) * dilation * size + tile / blocks;
}

// @ts-ignore: decorator
@inline
function align64(bytes: usize): usize {
  return (bytes + 63) & ~63;
}

/** What all tiles share: where things are, zeros, the list of steps. */
function prepare(d: ConvPlanarWinogradDescriptor, place: Place, tile: PlanarTile): void {
  const scratchPtr = changetype<usize>(tile);
  const sizeD = <usize>d.tileD + 2;
  const sizeH = <usize>d.tileH + 2;
  place.pointBytes = align64(<usize>(d.inC * d.inPitch) << 2);
  place.sumBytes = <usize>(ceilDiv(d.outW, BLOCK) * d.outC) * BLOCK_BYTES;
  place.productsPtr = scratchPtr + STEPS_AT + align64(<usize>(d.kW * d.inC) << 2);
  place.zeroLinePtr = place.productsPtr + sizeH * <usize>d.outC * BLOCK_BYTES;
  place.inPtr = place.zeroLinePtr + place.pointBytes;
  place.pointsPtr = place.inPtr + sizeD * sizeH * place.pointBytes;
  // A register tile may read up to a block past the last line of points.
  place.backPtr = place.pointsPtr + sizeH * place.pointBytes + BLOCK_BYTES;
  place.sumsPtr = place.backPtr + <usize>d.tileH * sizeD * place.sumBytes;
  memory.fill(scratchPtr + ZEROS_AT, 0, 64);
  memory.fill(place.zeroLinePtr, 0, place.pointBytes);
  let step = scratchPtr + STEPS_AT;
  tile.stepsPtr = step;
  for (let kw = 0; kw < d.kW; kw++) {
    for (let c = 0; c < d.inC; c++) {
      store<usize>(step, place.pointsPtr + (<usize>(c * d.inPitch + d.inHalo - d.padW + kw * d.dilW) << 2));
      step += 4;
    }
  }
  tile.stepsEnd = step;
  tile.wStride = <usize>d.outC << 2;
  tile.biasPtr = scratchPtr + ZEROS_AT;
  tile.yStride = BLOCK_BYTES;
  tile.floor = -Infinity;
}

/** `follows`: the tile before it along h is the one that was done last, and what the two share is still there. */
function convolveTile(d: ConvPlanarWinogradDescriptor, place: Place, scratchPtr: usize, block: i32, follows: bool): void {
  const sizeH = d.tileH + 2;
  const slot = (block * d.tileH) % sizeH;
  const slotBytes = <usize>(d.tileD + 2) * place.pointBytes;
  for (let j = 0; j < sizeH; j++) {
    const slotPtr = place.inPtr + <usize>((slot + j) % sizeH) * slotBytes;
    store<usize>(scratchPtr + SLOT_LIST_AT + (<usize>j << 2), slotPtr);
    if (j < 2 && follows) continue;
    listInputs(d, place, scratchPtr + INPUT_LIST_AT, j);
    transformInput(d.tileD, scratchPtr + INPUT_LIST_AT, 0, slotPtr, place.pointBytes, vectorsOf(place.pointBytes));
  }
  for (let i = 0; i < d.tileD + 2; i++) multiplyPoints(d, place, changetype<PlanarTile>(scratchPtr), i);
  let backPtr = place.backPtr;
  for (let j = 0; j < place.linesH; j++) {
    transformOutput(d.tileD, backPtr, place.sumBytes, place.sumsPtr, place.sumBytes, vectorsOf(place.sumBytes));
    for (let i = 0; i < place.linesD; i++) finishLine(d, place, i, j);
    backPtr += <usize>(d.tileD + 2) * place.sumBytes;
  }
}

// @ts-ignore: decorator
@inline
function vectorsOf(bytes: usize): i32 {
  return <i32>(bytes >> 4);
}

/** The tile's input lines along d at position j along h; the line of zeros for those outside of x and those not needed. */
function listInputs(d: ConvPlanarWinogradDescriptor, place: Place, listPtr: usize, j: i32): void {
  const inH = place.h - d.padH + j * d.dilH;
  const isNeededH = j < place.linesH + 2 && <u32>inH < <u32>d.inH;
  for (let i = 0; i < d.tileD + 2; i++) {
    const inD = place.d - d.padD + i * d.dilD;
    const isNeeded = isNeededH && i < place.linesD + 2 && <u32>inD < <u32>d.inD;
    const line = (place.image * d.inD + inD) * d.inH + inH;
    const linePtr = isNeeded ? d.xPtr + ((<usize>(line * d.inC) * <usize>d.inPitch) << 2) : place.zeroLinePtr;
    store<usize>(listPtr + (<usize>i << 2), linePtr);
  }
}

/** From half ways in to half ways back, at point i along d. */
function multiplyPoints(d: ConvPlanarWinogradDescriptor, place: Place, tile: PlanarTile, i: i32): void {
  const sizeH = d.tileH + 2;
  const scratchPtr = changetype<usize>(tile);
  const weightBytes = <usize>(d.kW * d.inC * d.outC) << 2;
  const productBytes = <usize>d.outC * BLOCK_BYTES;
  const offset = <usize>i * place.pointBytes;
  transformInput(d.tileH, scratchPtr + SLOT_LIST_AT, offset, place.pointsPtr, place.pointBytes, vectorsOf(place.pointBytes));
  let backPtr = place.backPtr + <usize>i * place.sumBytes;
  for (let w = 0; w < d.outW; w += BLOCK) {
    const count = min(BLOCK, d.outW - w);
    let wPtr = d.wPtr + <usize>(i * sizeH) * weightBytes;
    let xOffset = <usize>w << 2;
    let yPtr = place.productsPtr;
    for (let j = 0; j < sizeH; j++) {
      multiplyBlock(tile, d.outC, count, wPtr, xOffset, yPtr);
      wPtr += weightBytes;
      xOffset += place.pointBytes;
      yPtr += productBytes;
    }
    const toStride = <usize>(d.tileD + 2) * place.sumBytes;
    transformOutput(d.tileH, place.productsPtr, productBytes, backPtr, toStride, vectorsOf(productBytes));
    backPtr += productBytes;
  }
}

/** The products of a point for all output channels at `count` positions. */
// @ts-ignore: decorator
@inline
function multiplyBlock(tile: PlanarTile, outC: i32, count: i32, wPtr: usize, xOffset: usize, yPtr: usize): void {
  let channel = 0;
  for (let tiles = tilesOf(outC); tiles > 0; tiles--) {
    const channels = (outC - channel + tiles - 1) / tiles;
    const positions = channels > 2 ? 8 : 16;
    tile.wPtr = wPtr + (<usize>channel << 2);
    for (let w = 0; w < count; w += positions) {
      tile.xOffset = xOffset + (<usize>w << 2);
      tile.yPtr = yPtr + <usize>channel * BLOCK_BYTES + (<usize>w << 2);
      runTile(tile, channels);
    }
    channel += channels;
  }
}

/** y at output (i, j) of the tile, all channels with their halos, from line i of the sums. */
function finishLine(d: ConvPlanarWinogradDescriptor, place: Place, i: i32, j: i32): void {
  const line = (place.image * d.outD + place.d + i * d.dilD) * d.outH + place.h + j * d.dilH;
  const plain = !d.residualPtr && (d.activation == NONE || d.activation == RELU);
  const sumsPtr = place.sumsPtr + <usize>i * place.sumBytes;
  let offset = (<usize>(line * d.outC) * <usize>d.outPitch) << 2;
  for (let c: usize = 0; c < <usize>d.outC; c++) {
    const bias = d.biasPtr ? v128.load32_splat(d.biasPtr + (c << 2)) : f32x4.splat(0);
    const at = offset + (<usize>d.outHalo << 2);
    if (plain) finishPlain(d, sumsPtr + c * BLOCK_BYTES, bias, d.yPtr + at);
    else finish(d, sumsPtr + c * BLOCK_BYTES, bias, at);
    clearHalo(d.yPtr + offset, d.outHalo, d.outW, d.outPitch);
    offset += <usize>d.outPitch << 2;
  }
}

/** y = max(bias + sums, floor) for the row of one channel; a block of sums is every outC-th. */
function finishPlain(d: ConvPlanarWinogradDescriptor, sumsPtr: usize, bias: v128, yPtr: usize): void {
  const stride = <usize>d.outC * BLOCK_BYTES;
  const floor = f32x4.splat(d.activation == RELU ? 0 : -Infinity);
  let count = d.outW;
  for (; count >= BLOCK; count -= BLOCK) {
    v128.store(yPtr, f32x4.pmax(f32x4.add(bias, v128.load(sumsPtr)), floor));
    v128.store(yPtr, f32x4.pmax(f32x4.add(bias, v128.load(sumsPtr, 16)), floor), 16);
    v128.store(yPtr, f32x4.pmax(f32x4.add(bias, v128.load(sumsPtr, 32)), floor), 32);
    v128.store(yPtr, f32x4.pmax(f32x4.add(bias, v128.load(sumsPtr, 48)), floor), 48);
    sumsPtr += stride;
    yPtr += BLOCK_BYTES;
  }
  for (; count > 0; count -= 4) {
    storeLanes(yPtr, f32x4.pmax(f32x4.add(bias, v128.load(sumsPtr)), floor), min(4, count));
    sumsPtr += 16;
    yPtr += 16;
  }
}

/** y = activation((bias + sums) + residual) for the row of one channel, `offset` bytes into y and the residual. */
function finish(d: ConvPlanarWinogradDescriptor, sumsPtr: usize, bias: v128, offset: usize): void {
  for (let w = 0; w < d.outW; w += 4) {
    const lanes = min(4, d.outW - w);
    let sum = f32x4.add(bias, v128.load(sumsPtr));
    if (d.residualPtr) sum = f32x4.add(sum, loadLanes(d.residualPtr + offset, lanes));
    storeLanes(d.yPtr + offset, activate(sum, d.activation, d.alpha, d.beta), lanes);
    offset += 16;
    sumsPtr += 16;
    if ((w + 4) % BLOCK == 0) sumsPtr += <usize>(d.outC - 1) * BLOCK_BYTES;
  }
}
