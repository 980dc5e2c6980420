/**
 * Winograd's minimal filtering along one axis (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016):
 * F(tile, taps) computes `tile` outputs of a convolution with `taps` taps at stride 1 from tile + taps - 1 products, one for
 * each point of interpolation. With four points: 0, 1, -1 and infinity; with six: 2 and -2 as well; with seven: 1/2 as well.
 */

export type WinogradPoints = 4 | 6 | 7;

/** How an axis takes part: outputs of a tile, and points. One of each where it is not transformed. */
export interface AxisTile {
  readonly tile: number;
  readonly points: number;
}

/** F(2, 3), F(4, 3), F(5, 3), F(4, 4), and an axis that is not transformed. */
export const axisTiles = {
  none: { tile: 1, points: 1 },
  f23: { tile: 2, points: 4 },
  f43: { tile: 4, points: 6 },
  f53: { tile: 5, points: 7 },
  f44: { tile: 4, points: 7 },
} as const satisfies Record<string, AxisTile>;

/** Outputs of a tile of three taps, in planar kernels. */
export type WinogradTile = 2 | 4;

/** The axis of such a tile. */
export const threeTaps: Readonly<Record<WinogradTile, AxisTile>> = { 2: axisTiles.f23, 4: axisTiles.f43 };

/** Taps of a kernel whose axis is transformed so. */
export const tapsOf = ({ tile, points }: AxisTile): number => points - tile + 1;

interface Interpolation {
  readonly points: readonly number[];
  /** What the weights' transform divides by at each point. */
  readonly scales: readonly number[];
  /** [points][points]: from inputs to points. */
  readonly input: readonly (readonly number[])[];
}

const interpolations: Readonly<Record<WinogradPoints, Interpolation>> = {
  4: {
    points: [0, 1, -1, Infinity],
    scales: [1, 2, 2, 1],
    input: [
      [1, 0, -1, 0],
      [0, 1, 1, 0],
      [0, -1, 1, 0],
      [0, -1, 0, 1],
    ],
  },
  6: {
    points: [0, 1, -1, 2, -2, Infinity],
    scales: [4, -6, -6, 24, 24, 1],
    input: [
      [4, 0, -5, 0, 1, 0],
      [0, -4, -4, 1, 1, 0],
      [0, 4, -4, -1, 1, 0],
      [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0],
      [0, 4, 0, -5, 0, 1],
    ],
  },
  7: {
    points: [0, 1, -1, 2, -2, Infinity, 1 / 2],
    scales: [-2, -3, 9, 36, -60, 1, 45 / 32],
    input: [
      [-2, 4, 2.5, -5, -0.5, 1, 0],
      [0, 2, -2, -4.5, 0.5, 1, 0],
      [0, -2, 6, -3.5, -1.5, 1, 0],
      [0, 1, -1.5, -2, 1.5, 1, 0],
      [0, -1, 2.5, 0, -2.5, 1, 0],
      [0, -2, 4, 2.5, -5, -0.5, 1],
      [0, 4, 0, -5, 0, 1, 0],
    ],
  },
};

/** `count` powers of a point; of infinity, only the last one counts. */
const powers = (point: number, count: number) =>
  Array.from({ length: count }, (_, i) => (point === Infinity ? Number(i === count - 1) : point ** i));

export interface Transforms {
  /** [points][points]: from inputs to points. */
  readonly input: readonly (readonly number[])[];
  /** [points][taps]: from taps to points. */
  readonly weight: readonly (readonly number[])[];
  /** [tile][points]: from products to outputs. */
  readonly output: readonly (readonly number[])[];
}

/** The three matrices of an axis; those of an axis that is not transformed are the identity. */
export function transformsOf(axis: AxisTile): Transforms {
  if (axis.points === 1) return { input: [[1]], weight: [[1]], output: [[1]] };
  const { points, scales, input } = interpolations[axis.points as WinogradPoints];
  const outputs = points.map(point => powers(point, axis.tile));
  return {
    input,
    weight: points.map((point, f) => powers(point, tapsOf(axis)).map(value => value / scales[f]!)),
    output: Array.from({ length: axis.tile }, (_, i) => outputs.map(row => row[i]!)),
  };
}

/** `values`, [outer, columns of the matrix, inner], multiplied along the middle. Terms with factor 0 leave NaNs out. */
export function alongAxis(matrix: readonly (readonly number[])[], values: readonly number[], inner: number): number[] {
  const columns = matrix[0]!.length;
  const outer = values.length / (columns * inner);
  const result: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (const row of matrix) {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        row.forEach((factor, j) => {
          if (factor !== 0) sum += factor * values[(o * columns + j) * inner + i]!;
        });
        result.push(sum);
      }
    }
  }
  return result;
}
