import { bf16Place, toBf16 } from './bf16.js';
import type { Kernel } from './kernel.js';

/**
 * f32_pack_bf16: x [rows, xStride], of which the first `columns` (at most 32) of a row count -> y [rows][16 words], the row in
 * bfloat16 as `bf16Place` says, with zeros behind it. A unit is a block of rowBlock rows.
 */
export const packBf16Fields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  rows: 'i32',
  columns: 'i32',
  xStride: 'i32',
  rowBlock: 'i32',
} as const;

const rowWords = 16;

export const packBf16: Kernel<typeof packBf16Fields> = {
  name: 'f32_pack_bf16',
  fields: packBf16Fields,
  units: d => Math.ceil(d.rows / d.rowBlock),
  scratchBytes: () => 0,
  twin({ f32, i32 }, d, begin, end) {
    for (let row = begin * d.rowBlock; row < Math.min(d.rows, end * d.rowBlock); row++) {
      const y = d.yPtr / 4 + row * rowWords;
      i32.fill(0, y, y + rowWords);
      for (let column = 0; column < d.columns; column++) {
        const { word, high } = bf16Place(column);
        const bits = toBf16(f32[d.xPtr / 4 + row * d.xStride + column]!);
        i32[y + word] = i32[y + word]! | (high ? bits << 16 : bits);
      }
    }
  },
};
