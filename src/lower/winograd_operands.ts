/** What the three kernels of Winograd's method are given for some rows of an image's grid. */
import { roundUp, type Triple } from '../kernels/sizes.js';
import { type GridAxis, gridFields, tilesOver } from '../kernels/winograd_grid.js';
import type { absent, activationFields } from './context.js';
import type { Address } from './emitter.js';
import type { poolFields } from './spatial.js';
import { type ConvShape, mapTriple, packedSizes, type WinogradChoice } from './winograd.js';

/** The input of the convolution at stride 1. */
export interface WinogradSource {
  readonly address: Address;
  readonly sizes: Triple;
  readonly channels: number;
  readonly pads: Triple;
  /** Taps that are put in front of the kernel along each axis, so that it begins at a multiple of the stride. */
  readonly shifts: Triple;
}

/** One image of a batch, and what it is convolved with. */
export interface WinogradImage {
  readonly shape: ConvShape;
  readonly grid: ImageGrid;
  readonly x: WinogradSource;
  readonly wPtr: Address;
  readonly biasPtr: Address | 0;
  readonly yPtr: Address;
  readonly residualPtr: Address | 0;
  readonly finish: ReturnType<typeof activationFields> & ReturnType<typeof poolFields>;
}

export interface ImageGrid {
  readonly points: number;
  readonly channels: number;
  readonly blockChannels: number;
  readonly panels: number;
  /** Along depth, those that are not transformed, so many tiles apart. */
  readonly taps: number;
  readonly tapStep: number;
  /** The input's is longer along depth by what further taps read. */
  readonly inGrid: readonly GridAxis[];
  readonly outGrid: readonly GridAxis[];
}

export function imageGrid(shape: ConvShape, choice: WinogradChoice, pads: Triple): ImageGrid {
  const { outSizes, dilations } = shape;
  const { axes } = choice;
  const { points, otherTaps: taps, channels, panels, blockChannels } = packedSizes(shape, choice);
  const outGrid = mapTriple((axis): GridAxis => {
    const dil = axes[axis]!.points > 1 ? dilations[axis]! : 1;
    return { ...axes[axis]!, tiles: tilesOver(outSizes[axis]!, axes[axis]!, dil), dil, pad: pads[axis]! };
  });
  const tapStep = dilations[0];
  const inGrid = outGrid.with(0, { ...outGrid[0], tiles: outGrid[0].tiles + (taps - 1) * tapStep });
  return { points, channels, blockChannels, panels, taps, tapStep, inGrid, outGrid };
}

/** Rows [firstRow, firstRow + rows) of the grid, in one of its orders (winograd_grid.ts). */
export interface RowRange {
  readonly firstRow: number;
  readonly rows: number;
  readonly depthFirst: boolean;
}

/** Rows between taps. */
const tapRowsOf = ({ taps, tapStep, outGrid }: ImageGrid, depthFirst: boolean): number =>
  taps === 1 ? 0 : tapStep * (depthFirst ? 1 : outGrid[1]!.tiles * outGrid[2]!.tiles);

/** Rows of the input behind those of the output. */
export const haloOf = (grid: ImageGrid, depthFirst: boolean): number => (grid.taps - 1) * tapRowsOf(grid, depthFirst);

/** Where rows lie point by point; distances in rows and floats. `absent`: where the kernel puts them. */
export interface Points {
  readonly ptr: Address | typeof absent;
  readonly rowPitch: number;
  readonly pointStride: number;
}

/** Floats between the points of a transformed tensor: an odd number of cache lines, or all points would share a few sets of a cache. */
export const pointStrideOf = (floats: number) => roundUp(floats, 32) + 16;

/** The rows and groups of a unit of a transform. */
export interface TransformUnit {
  readonly unitRows: number;
  readonly unitGroups: number;
}

export const inputOperands = ({ x, grid }: WinogradImage, range: RowRange, to: Points, unit: TransformUnit) => ({
  xPtr: x.address,
  yPtr: to.ptr,
  inD: x.sizes[0],
  inH: x.sizes[1],
  inW: x.sizes[2],
  inC: x.channels,
  ...gridFields(grid.inGrid, range.depthFirst),
  ...{ firstRow: range.firstRow, rows: range.rows },
  rowPitch: to.rowPitch,
  pointStride: to.pointStride,
  ...unit,
});

export const productOperands = ({ grid, wPtr }: WinogradImage, range: RowRange, from: Points, to: Points) => ({
  xPtr: from.ptr,
  wPtr,
  yPtr: to.ptr,
  points: grid.points,
  channels: grid.channels,
  blockChannels: grid.blockChannels,
  taps: grid.taps,
  tapRows: tapRowsOf(grid, range.depthFirst),
  rows: range.rows,
  xRowPitch: from.rowPitch,
  xPointStride: from.pointStride,
  panels: grid.panels,
  yRowPitch: to.rowPitch,
  yPointStride: to.pointStride,
  unitPanels: grid.panels,
});

export const outputOperands = (
  { shape, grid, yPtr, biasPtr, residualPtr, finish }: WinogradImage,
  range: RowRange,
  from: Points,
  unit: TransformUnit,
) => ({
  xPtr: from.ptr,
  yPtr,
  outD: shape.outSizes[0] / finish.poolD,
  outH: shape.outSizes[1] / finish.poolH,
  outW: shape.outSizes[2] / finish.poolW,
  outC: shape.outC,
  ...gridFields(grid.outGrid, range.depthFirst),
  ...{ firstRow: range.firstRow, rows: range.rows },
  rowPitch: from.rowPitch,
  pointStride: from.pointStride,
  biasPtr,
  residualPtr,
  ...finish,
  ...unit,
});
