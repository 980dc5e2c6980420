/** The pool that a convolution takes along, as f32_pool_max by itself. */
import type { KernelCase } from './harness.js';

type Sizes = readonly [d: number, h: number, w: number];

/** Of tensors x of [size, channels] in windows that do not overlap; what fills none is dropped. */
export function poolCase([inD, inH, inW]: Sizes, [kD, kH, kW]: Sizes, channels: number, x: Float32Array): KernelCase {
  const [outD, outH, outW] = [Math.floor(inD / kD), Math.floor(inH / kH), Math.floor(inW / kW)];
  const batch = x.length / (channels * inD * inH * inW);
  return {
    operands: { xPtr: x, yPtr: { output: batch * channels * outD * outH * outW } },
    scalars: {
      ...{ batch, inC: channels, outC: channels, inD, inH, inW, outD, outH, outW, kD, kH, kW },
      ...{ strideD: kD, strideH: kH, strideW: kW, dilD: 1, dilH: 1, dilW: 1, padD: 0, padH: 0, padW: 0 },
      ...{ padEndD: 0, padEndH: 0, padEndW: 0, countIncludePad: 0, mBlock: 3 },
    },
    tolerance: 0,
  };
}
