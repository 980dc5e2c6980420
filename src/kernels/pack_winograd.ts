import type { Values } from './descriptor.js';
import type { Kernel } from './kernel.js';

/**
 * f32_pack_winograd: x [channels][kD][kH][kW][8] -> y, the kernels transformed along each axis by its matrix
 * ([size][taps], doubles). Value (d, h, w) of channel c goes to
 * y[d * yStrideD + h * yStrideH + w * yStrideW + c * 8]. Sums are in double precision, rounded once: the bits are those of the twin.
 * A unit is a block of 16 channels.
 */
export const packWinogradFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  depthPtr: 'ptr',
  heightPtr: 'ptr',
  widthPtr: 'ptr',
  channels: 'i32',
  kD: 'i32',
  kH: 'i32',
  kW: 'i32',
  sizeD: 'i32',
  sizeH: 'i32',
  sizeW: 'i32',
  yStrideD: 'i32',
  yStrideH: 'i32',
  yStrideW: 'i32',
} as const;

const unitChannels = 16;
const lanes = 8;

/** Scratch for kernels of at most `values` values before, between and after the transforms: one block in single precision, two kernels in double. */
export const packWinogradScratch = (values: number): number => values * lanes * (unitChannels * 4 + 2 * 8);

export const packWinograd: Kernel<typeof packWinogradFields> = {
  name: 'f32_pack_winograd',
  fields: packWinogradFields,
  units: d => Math.ceil(d.channels / unitChannels),
  scratchBytes: d => packWinogradScratch(Math.max(d.sizeD, d.kD) * Math.max(d.sizeH, d.kH) * Math.max(d.sizeW, d.kW)),
  twin({ f32 }, d, begin, end) {
    const taps = d.kD * d.kH * d.kW;
    for (let c = begin * unitChannels; c < Math.min(d.channels, end * unitChannels); c++) {
      for (let lane = 0; lane < lanes; lane++) {
        const kernel = Array.from({ length: taps }, (_, tap) => f32[d.xPtr / 4 + (c * taps + tap) * lanes + lane]!);
        const values = transformed(f32.buffer, d, kernel);
        for (let i = 0; i < d.sizeD; i++) {
          for (let j = 0; j < d.sizeH; j++) {
            for (let k = 0; k < d.sizeW; k++) {
              const to = i * d.yStrideD + j * d.yStrideH + k * d.yStrideW + c * lanes + lane;
              f32[d.yPtr / 4 + to] = values[(i * d.sizeH + j) * d.sizeW + k]!;
            }
          }
        }
      }
    }
  },
};

function transformed(
  buffer: ArrayBufferLike,
  d: Values<typeof packWinogradFields>,
  kernel: readonly number[],
): readonly number[] {
  const axes = [
    { matrixPtr: d.depthPtr, outer: 1, taps: d.kD, size: d.sizeD, inner: d.kH * d.kW },
    { matrixPtr: d.heightPtr, outer: d.sizeD, taps: d.kH, size: d.sizeH, inner: d.kW },
    { matrixPtr: d.widthPtr, outer: d.sizeD * d.sizeH, taps: d.kW, size: d.sizeW, inner: 1 },
  ];
  let from = kernel;
  for (const { matrixPtr, outer, taps, size, inner } of axes) {
    const matrix = new Float64Array(buffer, matrixPtr, taps * size);
    const x = from;
    from = Array.from({ length: outer * size * inner }, (_, at) => {
      const [o, f, i] = [Math.floor(at / (size * inner)), Math.floor(at / inner) % size, at % inner];
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += matrix[f * taps + tap]! * x[(o * taps + tap) * inner + i]!;
      return sum;
    });
  }
  return from;
}
