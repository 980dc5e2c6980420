/** The weights of f32_winograd_products: how they lie, and the matrices that transform them. */
import { product, roundUp, type Triple } from './sizes.js';
import { type AxisTile, transformsOf } from './winograd_transforms.js';

/**
 * w [outC, inC, kD, kH, kW] -> [point][block of channels][panel of 8 outputs][tap along d that is not transformed][channel][8], so that
 * they are read from memory in long runs. `strides`: taps that lie so far apart belong to one channel,
 * [position along d][along h][along w][inC], with `shifts` empty taps in front.
 */
export interface WinogradPacking {
  readonly kernel: 'f32_winograd_products';
  readonly axes: Triple<AxisTile>;
  readonly strides: Triple;
  readonly shifts: Triple;
  readonly outC: number;
  readonly inC: number;
  readonly taps: Triple;
  /** Of the taps along each axis, those that count: the first one, and how many. */
  readonly first: Triple;
  readonly counts: Triple;
}

/** Depth of a block of channels, about: six rows of it and a panel share L1 with room to spare. */
const blockDepth = 256;

/** Sizes of the packed weights. */
export function winogradSizes({
  axes,
  strides,
  counts,
  inC,
  outC,
}: Pick<WinogradPacking, 'axes' | 'strides' | 'counts' | 'inC' | 'outC'>) {
  const otherTaps = axes[0].points > 1 ? 1 : counts[0];
  const channels = inC * product(strides);
  const blocks = Math.max(1, Math.round((otherTaps * channels) / blockDepth));
  return {
    points: product(axes.map(axis => axis.points)),
    otherTaps,
    channels,
    panels: Math.ceil(outC / 8),
    /** Channels of a block: whole groups of sixteen, or all there are. */
    blockChannels: Math.min(channels, roundUp(Math.ceil(channels / blocks), 16)),
  };
}

/**
 * One axis of a kernel to its points, or to its taps where it is not transformed: [results][taps of the kernel]. `position`: of the
 * taps, those that belong to this position within a stride.
 */
export function axisMatrix(packing: WinogradPacking, axis: number, position: number): number[][] {
  const tile = packing.axes[axis]!;
  const [stride, shift] = [packing.strides[axis]!, packing.shifts[axis]!];
  const [first, count] = [packing.first[axis]!, packing.counts[axis]!];
  const rows = tile.points > 1 ? transformsOf(tile).weight : identity(count);
  return rows.map(row => {
    const result = new Array<number>(packing.taps[axis]!).fill(0);
    row.forEach((factor, tap) => {
      const own = tap * stride + position - shift;
      if (own >= 0 && own < count) result[first + own] = factor;
    });
    return result;
  });
}

const identity = (size: number) =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => Number(i === j)));
