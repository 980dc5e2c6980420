/** bfloat16: the upper half of a float32. */

const word = new DataView(new ArrayBuffer(4));

/** The 16 bits nearest to a float32, ties to even; a NaN stays one. */
export function toBf16(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBf16(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/**
 * Where a panel row of 32 bfloat16 outputs keeps output `o`: 16 words, in which a shift and a mask give whole vectors.
 *
 *     word      0 ... 3                    4 ... 7                    ...
 *     outputs   0 ... 3 low, 4 ... 7 high  8 ... 11 low, 12 ... 15 high
 */
export const bf16Place = (o: number): { readonly word: number; readonly high: boolean } => ({
  word: 4 * Math.floor(o / 8) + (o % 4),
  high: o % 8 >= 4,
});
