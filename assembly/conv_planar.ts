/**
 * f32_conv_planar: convolution for few channels, lanes along w.
 * Invariant: an output is one chain that starts from its bias and takes the taps inside of x (along d and h) in order; along w
 * the rows' zeros stand for what is outside.
 *
 *     scratch | PlanarTile | zeros (absent bias) | edge tile | steps | weights of a row at the border |
 */
import { NONE, RELU, activate, activateOne } from "./activation";
import { PlanarTile, clearHalo, runTile, tilesOf } from "./planar_tile";

// @ts-ignore: decorator
@unmanaged
class ConvPlanarDescriptor {
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
  kD: i32;
  kH: i32;
  kW: i32;
  strideD: i32;
  strideH: i32;
  strideW: i32;
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
  hBlock: i32;
}

// @ts-ignore: decorator
@inline
const ZEROS_AT: usize = 64;
// @ts-ignore: decorator
@inline
const EDGE_AT: usize = 128;
// @ts-ignore: decorator
@inline
const EDGE_STRIDE: usize = 64;
// @ts-ignore: decorator
@inline
const STEPS_AT: usize = 448;

export function f32_conv_planar(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<ConvPlanarDescriptor>(descriptorPtr);
  const tile = changetype<PlanarTile>(scratchPtr);
  memory.fill(scratchPtr + ZEROS_AT, 0, 64);
  tile.stepsPtr = scratchPtr + STEPS_AT;
  tile.wStride = <usize>d.outC << 2;
  tile.floor = d.activation == RELU && !d.residualPtr ? 0 : -Infinity;
  const blocks = (d.outH + d.hBlock - 1) / d.hBlock;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const plane = unit / blocks;
    const begin = (unit % blocks) * d.hBlock;
    const end = min(begin + d.hBlock, d.outH);
    for (let h = begin; h < end; h++) convolveRow(d, tile, plane / d.outD, plane % d.outD, h);
  }
}

/** All output channels of one row. */
function convolveRow(d: ConvPlanarDescriptor, tile: PlanarTile, image: i32, depth: i32, h: i32): void {
  const weightsPtr = gatherSteps(d, tile, image, depth, h);
  const scratchPtr = changetype<usize>(tile);
  const channelBytes = <usize>d.outPitch << 2;
  const row = <usize>(((image * d.outD + depth) * d.outH + h) * d.outC) * <usize>d.outPitch;
  const finishing = d.residualPtr != 0 || (d.activation != NONE && d.activation != RELU);
  let channel = 0;
  for (let tiles = tilesOf(d.outC); tiles > 0; tiles--) {
    const channels = (d.outC - channel + tiles - 1) / tiles;
    const positions = channels > 2 ? 8 : 16;
    const rowOffset = (row << 2) + <usize>channel * channelBytes;
    tile.wPtr = weightsPtr + (<usize>channel << 2);
    tile.biasPtr = d.biasPtr ? d.biasPtr + (<usize>channel << 2) : scratchPtr + ZEROS_AT;
    for (let w = 0; w < d.outW; w += positions) {
      const count = min(positions, d.outW - w);
      const offset = rowOffset + (<usize>(d.outHalo + w) << 2);
      const whole = count == positions;
      tile.xOffset = <usize>w << 2;
      tile.yPtr = whole ? d.yPtr + offset : scratchPtr + EDGE_AT;
      tile.yStride = whole ? channelBytes : EDGE_STRIDE;
      runTile(tile, channels);
      if (whole) continue;
      let yPtr = d.yPtr + offset;
      for (let c: usize = 0; c < <usize>channels; c++) {
        memory.copy(yPtr, tile.yPtr + c * EDGE_STRIDE, <usize>count << 2);
        yPtr += channelBytes;
      }
    }
    if (finishing) finishRow(d, channels, rowOffset + (<usize>d.outHalo << 2));
    channel += channels;
  }
  for (let c: usize = 0; c < <usize>d.outC; c++) {
    clearHalo(d.yPtr + (row << 2) + c * channelBytes, d.outHalo, d.outW, d.outPitch);
  }
}

/**
 * Lists the rows that each step inside of x reads, at output position 0, and returns the weights that go with them: the packed
 * ones, or, where taps are left out, a copy without those.
 */
function gatherSteps(d: ConvPlanarDescriptor, tile: PlanarTile, image: i32, depth: i32, h: i32): usize {
  const originD = depth * d.strideD - d.padD;
  const originH = h * d.strideH - d.padH;
  const stepsPerLine = d.kW * d.inC;
  const lineBytes = <usize>(stepsPerLine * d.outC) << 2;
  const copyPtr = (tile.stepsPtr + (<usize>(d.kD * d.kH * stepsPerLine) << 2) + 63) & ~63;
  const channelBytes = <usize>d.inPitch << 2;
  const lastD = originD + (d.kD - 1) * d.dilD;
  const lastH = originH + (d.kH - 1) * d.dilH;
  const cut = originD < 0 || originH < 0 || lastD >= d.inD || lastH >= d.inH;
  let step = tile.stepsPtr;
  let wPtr = d.wPtr;
  let copyEnd = copyPtr;
  for (let kd = 0; kd < d.kD; kd++) {
    const inD = originD + kd * d.dilD;
    for (let kh = 0; kh < d.kH; kh++) {
      const inH = originH + kh * d.dilH;
      if (<u32>inD < <u32>d.inD && <u32>inH < <u32>d.inH) {
        const row = <usize>(((image * d.inD + inD) * d.inH + inH) * d.inC) * <usize>d.inPitch;
        let xPtr = d.xPtr + ((row + <usize>(d.inHalo - d.padW)) << 2);
        for (let kw = 0; kw < d.kW; kw++) {
          let from = xPtr;
          for (let c = 0; c < d.inC; c++) {
            store<usize>(step, from);
            step += 4;
            from += channelBytes;
          }
          xPtr += <usize>d.dilW << 2;
        }
        if (cut) memory.copy(copyEnd, wPtr, lineBytes);
        copyEnd += lineBytes;
      }
      wPtr += lineBytes;
    }
  }
  tile.stepsEnd = step;
  return cut ? copyPtr : d.wPtr;
}

/** Residual and activation on the sums of a row; `offset` is its place in y and in the residual, in bytes. */
function finishRow(d: ConvPlanarDescriptor, channels: i32, offset: usize): void {
  for (; channels > 0; channels--) {
    finishRun(d, d.yPtr + offset, d.residualPtr + offset, d.outW);
    offset += <usize>d.outPitch << 2;
  }
}

function finishRun(d: ConvPlanarDescriptor, sumsPtr: usize, residualPtr: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    let sum = v128.load(sumsPtr);
    if (d.residualPtr) sum = f32x4.add(sum, v128.load(residualPtr));
    v128.store(sumsPtr, activate(sum, d.activation, d.alpha, d.beta));
    sumsPtr += 16;
    residualPtr += 16;
  }
  for (; count > 0; count--) {
    let sum = load<f32>(sumsPtr);
    if (d.residualPtr) sum += load<f32>(residualPtr);
    store<f32>(sumsPtr, activateOne(sum, d.activation, d.alpha, d.beta));
    sumsPtr += 4;
    residualPtr += 4;
  }
}
