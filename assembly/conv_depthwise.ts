/**
 * f32_conv_depthwise: one filter per channel, channels last, lanes along channels.
 * Invariant: an output is one chain that starts from its bias and takes the taps inside of x in order, however many
 * channels are done together.
 */
import { activate } from "./activation";
import { madd } from "./simd";

// @ts-ignore: decorator
@unmanaged
class ConvDepthwiseDescriptor {
  xPtr: usize;
  yPtr: usize;
  batch: i32;
  inD: i32;
  inH: i32;
  inW: i32;
  inC: i32;
  outD: i32;
  outH: i32;
  outW: i32;
  outC: i32;
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
  mBlock: i32;
}

/** The taps of one output position that lie inside of x: the first one's addresses, counts and strides in bytes. */
// @ts-ignore: decorator
@unmanaged
class Field {
  xPtr: usize;
  wPtr: usize;
  countD: i32;
  countH: i32;
  countW: i32;
  xStrideD: usize;
  xStrideH: usize;
  xStrideW: usize;
  wStrideD: usize;
  wStrideH: usize;
  wStrideW: usize;
}

/** The first tap at or after coordinate 0, from `origin` in steps of `dilation`. */
// @ts-ignore: decorator
@inline
function firstTap(origin: i32, dilation: i32): i32 {
  return origin >= 0 ? 0 : (dilation - 1 - origin) / dilation;
}

/** The number of taps that end before `size`, at most `taps`. */
// @ts-ignore: decorator
@inline
function endTap(origin: i32, dilation: i32, size: i32, taps: i32): i32 {
  return origin >= size ? 0 : min(taps, (size - 1 - origin) / dilation + 1);
}

export function f32_conv_depthwise(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<ConvDepthwiseDescriptor>(descriptorPtr);
  const field = changetype<Field>(scratchPtr);
  const pixel = <usize>d.inC << 2;
  field.xStrideW = pixel * <usize>d.dilW;
  field.xStrideH = pixel * <usize>d.inW * <usize>d.dilH;
  field.xStrideD = pixel * <usize>d.inW * <usize>d.inH * <usize>d.dilD;
  field.wStrideW = pixel;
  field.wStrideH = pixel * <usize>d.kW;
  field.wStrideD = pixel * <usize>d.kW * <usize>d.kH;
  const rows = d.batch * d.outD * d.outH;
  const end = min(unitEnd * d.mBlock, rows);
  for (let row = unitBegin * d.mBlock; row < end; row++) {
    const h = row % d.outH;
    const plane = row / d.outH;
    convolveRow(d, field, plane / d.outD, plane % d.outD, h, row);
  }
}

function convolveRow(d: ConvDepthwiseDescriptor, field: Field, image: i32, depth: i32, h: i32, row: i32): void {
  const originD = depth * d.strideD - d.padD;
  const originH = h * d.strideH - d.padH;
  const firstD = firstTap(originD, d.dilD);
  const firstH = firstTap(originH, d.dilH);
  const linePtr =
    d.xPtr +
    (<usize>(((image * d.inD + originD + firstD * d.dilD) * d.inH + originH + firstH * d.dilH) * d.inW * d.inC) << 2);
  const weightsPtr = d.wPtr + <usize>firstD * field.wStrideD + <usize>firstH * field.wStrideH;
  field.countD = endTap(originD, d.dilD, d.inD, d.kD) - firstD;
  field.countH = endTap(originH, d.dilH, d.inH, d.kH) - firstH;
  const pixel = <usize>d.outC << 2;
  let offset = <usize>row * <usize>d.outW * pixel;
  for (let w = 0; w < d.outW; w++) {
    const originW = w * d.strideW - d.padW;
    const firstW = firstTap(originW, d.dilW);
    field.countW = endTap(originW, d.dilW, d.inW, d.kW) - firstW;
    field.xPtr = linePtr + <usize>(originW + firstW * d.dilW) * pixel;
    field.wPtr = weightsPtr + <usize>firstW * pixel;
    convolvePosition(d, field, offset);
    offset += pixel;
  }
}

/** All channels of the position at `offset` in y: sixteen at a time, then four, then one. */
function convolvePosition(d: ConvDepthwiseDescriptor, field: Field, offset: usize): void {
  const bytes = <usize>d.outC << 2;
  const yPtr = d.yPtr + offset;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    sumSixteen(field, at, d.biasPtr, yPtr + at);
    for (let lane: usize = 0; lane < 64; lane += 16) {
      v128.store(yPtr + at + lane, finish(d, v128.load(yPtr + at + lane), offset + at + lane));
    }
  }
  for (; at + 16 <= bytes; at += 16) {
    v128.store(yPtr + at, finish(d, sumFour(field, at, d.biasPtr), offset + at));
  }
  for (; at < bytes; at += 4) {
    let sum = sumOne(field, at, d.biasPtr);
    if (d.residualPtr) sum = f32x4.add(sum, v128.load32_splat(d.residualPtr + offset + at));
    sum = activate(sum, d.activation, d.alpha, d.beta);
    store<f32>(yPtr + at, f32x4.extract_lane(sum, 0));
  }
}

// @ts-ignore: decorator
@inline
function finish(d: ConvDepthwiseDescriptor, sum: v128, offset: usize): v128 {
  if (d.residualPtr) sum = f32x4.add(sum, v128.load(d.residualPtr + offset));
  return activate(sum, d.activation, d.alpha, d.beta);
}

/** y = the sums of sixteen channels from byte `at` of the pixel on. */
function sumSixteen(field: Field, at: usize, biasPtr: usize, yPtr: usize): void {
  const zero = f32x4.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  if (biasPtr) {
    s0 = v128.load(biasPtr + at);
    s1 = v128.load(biasPtr + at, 16);
    s2 = v128.load(biasPtr + at, 32);
    s3 = v128.load(biasPtr + at, 48);
  }
  for (let kd = 0; kd < field.countD; kd++) {
    for (let kh = 0; kh < field.countH; kh++) {
      let x = field.xPtr + at + <usize>kd * field.xStrideD + <usize>kh * field.xStrideH;
      let w = field.wPtr + at + <usize>kd * field.wStrideD + <usize>kh * field.wStrideH;
      for (let kw = field.countW; kw > 0; kw--) {
        s0 = madd(v128.load(x), v128.load(w), s0);
        s1 = madd(v128.load(x, 16), v128.load(w, 16), s1);
        s2 = madd(v128.load(x, 32), v128.load(w, 32), s2);
        s3 = madd(v128.load(x, 48), v128.load(w, 48), s3);
        x += field.xStrideW;
        w += field.wStrideW;
      }
    }
  }
  v128.store(yPtr, s0);
  v128.store(yPtr, s1, 16);
  v128.store(yPtr, s2, 32);
  v128.store(yPtr, s3, 48);
}

/** The sums of four channels. */
function sumFour(field: Field, at: usize, biasPtr: usize): v128 {
  let sum = biasPtr ? v128.load(biasPtr + at) : f32x4.splat(0);
  for (let kd = 0; kd < field.countD; kd++) {
    for (let kh = 0; kh < field.countH; kh++) {
      let x = field.xPtr + at + <usize>kd * field.xStrideD + <usize>kh * field.xStrideH;
      let w = field.wPtr + at + <usize>kd * field.wStrideD + <usize>kh * field.wStrideH;
      for (let kw = field.countW; kw > 0; kw--) {
        sum = madd(v128.load(x), v128.load(w), sum);
        x += field.xStrideW;
        w += field.wStrideW;
      }
    }
  }
  return sum;
}

/** The sum of one channel, in every lane. */
function sumOne(field: Field, at: usize, biasPtr: usize): v128 {
  let sum = biasPtr ? v128.load32_splat(biasPtr + at) : f32x4.splat(0);
  for (let kd = 0; kd < field.countD; kd++) {
    for (let kh = 0; kh < field.countH; kh++) {
      let x = field.xPtr + at + <usize>kd * field.xStrideD + <usize>kh * field.xStrideH;
      let w = field.wPtr + at + <usize>kd * field.wStrideD + <usize>kh * field.wStrideH;
      for (let kw = field.countW; kw > 0; kw--) {
        sum = madd(v128.load32_splat(x), v128.load32_splat(w), sum);
        x += field.xStrideW;
        w += field.wStrideW;
      }
    }
  }
  return sum;
}
