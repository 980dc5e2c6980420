/**
 * Which way a volume's voxels lie in the body: its axes are matched to right, anterior and superior as its header says
 * (NIfTI-1: sform before qform before pixdim).
 */
import type { NiftiGrid } from '../formats/nifti.js';

/** The voxel axis (0 = x, 1 = y, 2 = z) that runs closest to an anatomical direction. */
export interface AnatomicalAxis {
  readonly axis: number;
  /** The voxel index falls as the direction advances. */
  readonly reversed: boolean;
  readonly size: number;
  /** Distance of two voxels along it. */
  readonly spacing: number;
}

/** Towards the right, anterior and superior. */
export type Orientation = readonly [AnatomicalAxis, AnatomicalAxis, AnatomicalAxis];

type Matrix = readonly (readonly number[])[];

const permutations = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

export function orientationOf(grid: NiftiGrid): Orientation {
  const directions = unitColumns(directionMatrix(grid));
  const best = permutations.reduce((a, b) => (agreement(directions, b) > agreement(directions, a) ? b : a));
  const [right, anterior, superior] = best.map((axis, row) => ({
    axis,
    reversed: directions[row]![axis]! < 0,
    size: grid.sizeXyz[axis]!,
    spacing: spacing(grid, axis),
  })) as [AnatomicalAxis, AnatomicalAxis, AnatomicalAxis];
  return [right, anterior, superior];
}

/** Size of a voxel along an axis; 1 where the header has none. */
function spacing(grid: NiftiGrid, axis: number): number {
  const size = Math.abs(grid.pixdim[axis + 1]!);
  return Number.isFinite(size) && size > 0 ? size : 1;
}

/** How well voxel axis `permutation[row]` runs along direction `row`. */
const agreement = (directions: Matrix, permutation: readonly number[]): number =>
  permutation.reduce((sum, axis, row) => sum + Math.abs(directions[row]![axis]!), 0);

/** Rows: right, anterior, superior; columns: voxel axes. */
function directionMatrix(grid: NiftiGrid): Matrix {
  if (grid.sformCode > 0) return [0, 4, 8].map(at => grid.srows.slice(at, at + 3));
  if (grid.qformCode > 0) return quaternionMatrix(grid);
  return [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
}

/** The rotation of NIfTI-1's "method 2": a follows from b, c, d; qfac turns the third column. */
function quaternionMatrix(grid: NiftiGrid): Matrix {
  const norm = Math.hypot(...grid.quaternion);
  const [b, c, d] = grid.quaternion.map(part => (norm > 1 ? part / norm : part)) as [number, number, number];
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
  const qfac = grid.pixdim[0]! < 0 ? -1 : 1;
  return [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c) * qfac],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b) * qfac],
    [2 * (b * d - a * c), 2 * (c * d + a * b), (a * a + d * d - b * b - c * c) * qfac],
  ];
}

/** Columns of length 1; a column of zeros (or of what is no number) becomes zeros. */
function unitColumns(matrix: Matrix): Matrix {
  const lengths = [0, 1, 2].map(column => Math.hypot(...matrix.map(row => row[column]!)));
  return matrix.map(row => row.map((value, column) => (lengths[column]! > 0 ? value / lengths[column]! : 0)));
}
