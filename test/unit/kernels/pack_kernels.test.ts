import { describe, expect, it } from 'vitest';
import { fromBf16, toBf16 } from '../../../src/kernels/bf16.js';
import { packBf16 } from '../../../src/kernels/pack_bf16.js';
import { packWinograd } from '../../../src/kernels/pack_winograd.js';
import { checkKernel, randomFloats } from './harness.js';

type Triple = readonly [number, number, number];

/** Any matrix of doubles; some are zero, as they are where taps belong to another position. */
const matrixOf = (size: number, taps: number, seed: number) => {
  const [fine, coarse] = [randomFloats(size * taps, seed), randomFloats(size * taps, seed + 1)];
  const values = Float64Array.from(coarse, (value, i) => (value < -0.6 ? 0 : value + fine[i]! * 2 ** -26));
  return new Int32Array(values.buffer);
};

describe('f32_pack_winograd', () => {
  const cases: [sizes: Triple, taps: Triple, channels: number][] = [
    [[6, 6, 6], [3, 3, 3], 1],
    [[4, 4, 4], [3, 3, 3], 16],
    [[6, 4, 4], [3, 3, 3], 37],
    [[3, 6, 6], [3, 3, 3], 17],
    [[4, 1, 6], [3, 1, 3], 15],
    [[6, 6, 1], [3, 3, 1], 33],
    [[2, 1, 4], [2, 1, 3], 19],
    [[6, 1, 1], [3, 1, 1], 48],
    [[1, 7, 7], [1, 7, 7], 3],
    [[5, 7, 7], [5, 7, 6], 18],
    [[4, 6, 7], [7, 8, 9], 2],
  ];
  it.each(cases)('%j of taps %j, %i channels', (sizes, taps, channels) => {
    const [sizeD, sizeH, sizeW] = sizes;
    const [kD, kH, kW] = taps;
    const pitch = channels * 8 + 3;
    const [yStrideD, yStrideH, yStrideW] = [pitch, sizeD * pitch, sizeD * sizeH * pitch];
    checkKernel(packWinograd, {
      operands: {
        xPtr: randomFloats(channels * kD * kH * kW * 8, 1),
        yPtr: { inPlace: randomFloats(sizeD * sizeH * sizeW * pitch, 2) },
        depthPtr: matrixOf(sizeD, kD, 3),
        heightPtr: matrixOf(sizeH, kH, 5),
        widthPtr: matrixOf(sizeW, kW, 7),
      },
      scalars: { channels, kD, kH, kW, sizeD, sizeH, sizeW, yStrideD, yStrideH, yStrideW },
      tolerance: 0,
    });
  });
});

describe('f32_pack_bf16', () => {
  const cases: [rows: number, columns: number, xStride: number][] = [
    [1, 32, 32],
    [1, 1, 1],
    [7, 31, 37],
    [16, 5, 5],
    [35, 32, 101],
    [3, 30, 33],
  ];
  it.each(cases)('%i rows of %i, %i apart', (rows, columns, xStride) => {
    check(randomFloats(rows * xStride, 4), rows, columns, xStride);
  });

  it('rounds to the nearest even, and keeps NaN, infinities and signs', () => {
    const bits = [0x3f808000, 0x3f818000, 0x3f808001, 0x3f80ffff, 0x7f7fffff, 0x7f800000, 0xff800000, 0x80000000];
    const x = new Float32Array(Uint32Array.from([...bits, 0x7f800001, 0xffc00000, 0x00000001, 0x0000ffff]).buffer);
    const halves = check(x, 1, x.length, x.length);
    const wanted = [0x3f80, 0x3f82, 0x3f81, 0x3f81, 0x7f80, 0x7f80, 0xff80, 0x8000, 0x7fc0, 0xffc0, 0x0000, 0x0001];
    expect(halves.slice(0, wanted.length)).toEqual(wanted);
  });

  it('keeps what bfloat16 can say', () => {
    for (const value of [0, 1, -1.5, 2 ** -126, Number.POSITIVE_INFINITY]) expect(fromBf16(toBf16(value))).toBe(value);
    expect(fromBf16(toBf16(Number.NaN))).toBeNaN();
  });

  /** The outputs of the twin as 16-bit halves, in the order of the columns. */
  function check(x: Float32Array, rows: number, columns: number, xStride: number): number[] {
    const { yPtr } = checkKernel(packBf16, {
      operands: { xPtr: x, yPtr: { output: rows * 16 } },
      scalars: { rows, columns, xStride, rowBlock: 3 },
      tolerance: 0,
    });
    const words = new Uint32Array(yPtr!.buffer, yPtr!.byteOffset, 16);
    return Array.from({ length: 32 }, (_, o) => {
      const word = words[4 * Math.floor(o / 8) + (o % 4)]!;
      return o % 8 < 4 ? word & 0xffff : word >>> 16;
    });
  }
});
