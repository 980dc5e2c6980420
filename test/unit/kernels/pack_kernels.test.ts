import { describe, expect, it } from 'vitest';
import { fromBf16, toBf16 } from '../../../src/kernels/bf16.js';
import { packBf16 } from '../../../src/kernels/pack_bf16.js';
import { packWinograd } from '../../../src/kernels/pack_winograd.js';
import { type WinogradTile, winogradTransforms } from '../../../src/kernels/winograd.js';
import { checkKernel, randomFloats } from './harness.js';

const matrixOf = (tile: WinogradTile | 0) =>
  tile ? new Int32Array(Float64Array.from(winogradTransforms[tile].weight.flat()).buffer) : null;

type Triple<T> = readonly [T, T, T];

describe('f32_pack_winograd', () => {
  const cases: [tiles: Triple<WinogradTile | 0>, taps: Triple<number>, channels: number][] = [
    [[4, 4, 4], [3, 3, 3], 1],
    [[2, 2, 2], [3, 3, 3], 16],
    [[4, 2, 2], [3, 3, 3], 37],
    [[0, 4, 4], [3, 3, 3], 17],
    [[2, 0, 4], [3, 1, 3], 15],
    [[4, 4, 0], [3, 3, 5], 33],
    [[0, 0, 2], [2, 3, 3], 19],
    [[4, 0, 0], [3, 1, 1], 48],
  ];
  it.each(cases)('tiles %j of taps %j, %i channels', (tiles, taps, channels) => {
    const [sizeD, sizeH, sizeW] = taps.map((count, axis) => (tiles[axis] ? tiles[axis]! + 2 : count)) as [
      number,
      number,
      number,
    ];
    const [kD, kH, kW] = taps;
    const pitch = channels * 8 + 3;
    const [yStrideD, yStrideH, yStrideW] = [pitch, sizeD * pitch, sizeD * sizeH * pitch];
    checkKernel(packWinograd, {
      operands: {
        xPtr: randomFloats(channels * kD * kH * kW * 8, 1),
        yPtr: { inPlace: randomFloats(sizeD * sizeH * sizeW * pitch, 2) },
        depthPtr: matrixOf(tiles[0]),
        heightPtr: matrixOf(tiles[1]),
        widthPtr: matrixOf(tiles[2]),
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
