/** Sizes of blocks for f32_conv_winograd: what lies between the transforms of one is to stay in a core's own cache, about. */

/** Rows of a block that is no column are a multiple of those of the fastest register tile. */
const tileRows = 6;
/** Rows of a column at least: those of the smallest register tile. */
const leastColumn = 4;
/** What a block takes where that leaves it several register tiles of rows: a quarter of a small L2. */
const wantedBytes = 256 * 1024;
/** The same at most, for a block of one register tile of rows. */
const mostBytes = 1.125 * 2 ** 20;
/** Weights pass once for each block, from a shared cache: so many bytes at most. */
const mostWeightBytes = 8 * 2 ** 20;

interface Sizes {
  readonly points: number;
  /** Taps along depth that are not transformed: with several, a block is a column of tiles along depth, which share their inputs. */
  readonly otherTaps: number;
  /** Rows of such a column, and between its taps. */
  readonly column: number;
  readonly tapStep: number;
  readonly channels: number;
  readonly panels: number;
}

/** Rows of a block, `most` at most; 0 where the layer is not done in blocks. */
export function blockRows({ points, otherTaps, column, tapStep, channels, panels }: Sizes, most: number): number {
  const inBytes = 64 * points * Math.ceil(channels / 16);
  const rowBytes = inBytes + 64 * points * Math.ceil(panels / 2);
  const weightBytes = 32 * points * panels * otherTaps * channels;
  if (weightBytes > mostWeightBytes) return 0;
  if (otherTaps > 1) {
    const bytes = column * rowBytes + (otherTaps - 1) * tapStep * inBytes;
    return column < leastColumn || column > most || bytes > mostBytes ? 0 : column;
  }
  const fitting = Math.min(Math.max(tileRows, Math.floor(wantedBytes / rowBytes)), most);
  const rows = fitting - (fitting % tileRows);
  return rows * rowBytes > mostBytes ? 0 : rows;
}
