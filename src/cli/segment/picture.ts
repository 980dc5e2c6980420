/**
 * A picture of a segmentation: the middle slices of the volume in grey, axial, coronal and sagittal side by side, the
 * labels in colour over them. Neurological orientation: the patient's left is on the left of the axial and coronal
 * slices, anterior is at the top of the axial and on the right of the sagittal one, superior at the top of both others.
 * All slices have one scale, so that lengths in the body compare.
 */
import type { NiftiGrid } from '../formats/nifti.js';
import type { Picture } from '../formats/png.js';
import { labelColour } from './colours.js';
import { type AnatomicalAxis, type Orientation, orientationOf } from './orient.js';

const gapPixels = 8;
/** The longer side of the largest slice is drawn between these. */
const minSidePixels = 256;
const maxSidePixels = 1024;
/** Share of a label's colour in a voxel. */
const opacity = 0.5;

/** Anatomical directions (0 right, 1 anterior, 2 superior) across, up and through each slice. */
const views = [
  { across: 0, up: 1, through: 2 },
  { across: 0, up: 2, through: 1 },
  { across: 1, up: 2, through: 0 },
] as const;

/** Voxel offsets, one per pixel column and row, of a slice that starts at `base`. */
interface Slice {
  readonly base: number;
  readonly columns: Int32Array;
  readonly rows: Int32Array;
}

/**
 * @param volume intensities, row-major [z, y, x]
 * @param labels of the same grid; 0 is not drawn
 */
export function slicePicture(volume: Float32Array, labels: Uint8Array, grid: NiftiGrid): Picture {
  const orientation = orientationOf(grid);
  const pixelsPerUnit = scaleOf(orientation);
  const slices = views.map(view => cut(orientation, view, grid.sizeXyz, pixelsPerUnit));
  const grey = greyRange(volume, slices);

  const height = Math.max(...slices.map(slice => slice.rows.length));
  const width = slices.reduce((sum, slice) => sum + slice.columns.length, gapPixels * (slices.length - 1));
  const rgb = new Uint8Array(3 * width * height);
  let left = 0;
  for (const slice of slices) {
    const top = Math.floor((height - slice.rows.length) / 2);
    slice.rows.forEach((rowOffset, row) => {
      slice.columns.forEach((columnOffset, column) => {
        const voxel = slice.base + rowOffset + columnOffset;
        paint(rgb, 3 * ((top + row) * width + left + column), grey(volume[voxel]!), labels[voxel]!);
      });
    });
    left += slice.columns.length + gapPixels;
  }
  return { width, height, rgb };
}

/** One pixel per smallest voxel side, within the limits of a picture's size. */
function scaleOf(orientation: Orientation): number {
  const longest = Math.max(...orientation.map(axis => axis.size * axis.spacing));
  const natural = longest / Math.min(...orientation.map(axis => axis.spacing));
  return Math.min(maxSidePixels, Math.max(minSidePixels, natural)) / longest;
}

function cut(
  orientation: Orientation,
  view: (typeof views)[number],
  sizeXyz: readonly number[],
  pixelsPerUnit: number,
): Slice {
  const strides = [1, sizeXyz[0]!, sizeXyz[0]! * sizeXyz[1]!];
  const through = orientation[view.through];
  return {
    base: Math.floor(through.size / 2) * strides[through.axis]!,
    columns: sample(orientation[view.across], strides, pixelsPerUnit),
    rows: sample(orientation[view.up], strides, pixelsPerUnit).reverse(),
  };
}

/** Offset of the voxel under each pixel's centre, in the direction of the axis. */
function sample(axis: AnatomicalAxis, strides: readonly number[], pixelsPerUnit: number): Int32Array {
  const pixels = Math.max(1, Math.round(axis.size * axis.spacing * pixelsPerUnit));
  return Int32Array.from({ length: pixels }, (_, pixel) => {
    const index = Math.floor(((pixel + 0.5) / pixels) * axis.size);
    return (axis.reversed ? axis.size - 1 - index : index) * strides[axis.axis]!;
  });
}

/** Black at the 1st percentile of what is shown, white at the 99th. */
function greyRange(volume: Float32Array, slices: readonly Slice[]): (value: number) => number {
  const shown: number[] = [];
  for (const slice of slices) {
    for (const row of slice.rows) for (const column of slice.columns) shown.push(volume[slice.base + row + column]!);
  }
  const sorted = Float32Array.from(shown.filter(Number.isFinite)).sort();
  if (sorted.length === 0) return () => 0;
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))]!;
  const high = sorted[Math.ceil(0.99 * (sorted.length - 1))]!;
  const span = high > low ? high - low : 1;
  return value => (Number.isNaN(value) ? 0 : Math.min(255, Math.max(0, (255 * (value - low)) / span)));
}

function paint(rgb: Uint8Array, at: number, grey: number, label: number): void {
  const colour = label === 0 ? null : labelColour(label);
  for (let i = 0; i < 3; i++) {
    rgb[at + i] = Math.round(colour === null ? grey : (1 - opacity) * grey + opacity * colour[i]!);
  }
}
