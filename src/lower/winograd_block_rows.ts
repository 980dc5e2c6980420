/** Sizes of blocks for f32_conv_winograd: what lies between the transforms of one is to stay in a core's own cache, about. */

/** Rows of a block are a multiple of those of the fastest register tile. */
const tileRows = 6;
/** What a block takes where that leaves it several register tiles of rows: a quarter of a small L2. */
const wantedBytes = 256 * 1024;
/** The same at most, for a block of one register tile of rows. */
const mostBytes = 1.125 * 2 ** 20;
/** Weights pass once for each block, from a shared cache: so many bytes at most. */
const mostWeightBytes = 8 * 2 ** 20;

interface Sizes {
  readonly points: number;
  /** Taps along depth that are not transformed: with several, the input is transformed for all blocks before. */
  readonly otherTaps: number;
  readonly channels: number;
  readonly panels: number;
}

/** Rows of a block, `most` at most; 0 where the layer is not done in blocks. */
export function blockRows({ points, otherTaps, channels, panels }: Sizes, most: number): number {
  const groups = (otherTaps === 1 ? Math.ceil(channels / 16) : 0) + Math.ceil(panels / 2);
  const rowBytes = 64 * points * groups;
  const fitting = Math.min(Math.max(tileRows, Math.floor(wantedBytes / rowBytes)), most);
  const rows = fitting - (fitting % tileRows);
  const weightBytes = 32 * points * panels * otherTaps * channels;
  return rows * rowBytes > mostBytes || weightBytes > mostWeightBytes ? 0 : rows;
}
