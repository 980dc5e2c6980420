/** How a constant is laid out for the kernel that reads it, and how large that is. Packing it is `pack`'s. */

import type { WinogradTile } from './winograd_transforms.js';
import { type WinogradPacking, winogradSizes } from './winograd_weights.js';

/**
 * How a constant is laid out for the kernel named by `kernel`.
 * All packings pad with zeros; `outputs` x `depth` is the operand as a matrix (N x K).
 */
export type Packing =
  /** Row-major, as it is. */
  | { readonly kernel: 'dense'; readonly elements: number }
  /**
   * For f32_conv_pointwise too. w [outC, inC/groups, kD, kH, kW] -> [group][panel of 8 outputs][tap][channel][8], of the taps in
   * `runs` alone.
   */
  | {
      readonly kernel: 'f32_conv_gemm';
      readonly groups: number;
      readonly outC: number;
      readonly groupInC: number;
      readonly taps: number;
      readonly runs: TapRuns;
    }
  | WinogradPacking
  /** The same for a matrix: [panel of 8 outputs][K][8]. */
  | ({ readonly kernel: 'f32_conv_pointwise/matrix' } & PackedMatrix)
  /** [panel of 32 outputs][K][32] */
  | ({ readonly kernel: 'f32_gemv' } & PackedMatrix)
  /** [panel of 32 outputs][K][16 words], rounded to bfloat16 and paired as `bf16Place` says. */
  | ({ readonly kernel: 'f32_gemv_bf16' } & PackedMatrix)
  /** w [outC, inC, kD, kH, kW] -> [tap][inC][outC]. */
  | { readonly kernel: 'f32_conv_planar'; readonly outC: number; readonly inC: number; readonly taps: number }
  /** w [outC, inC, 3, 3, kW], transformed along d and h -> [transform along d][along h][kW][inC][outC]. */
  | {
      readonly kernel: 'f32_conv_planar_winograd';
      readonly tiles: readonly [tileD: WinogradTile, tileH: WinogradTile];
      readonly outC: number;
      readonly inC: number;
      readonly kW: number;
    }
  /** w [C, 1, kD, kH, kW] -> [tap][C]. */
  | { readonly kernel: 'f32_conv_depthwise'; readonly channels: number; readonly taps: number };

/** Runs of a kernel's taps, each its first tap and its length. */
export type TapRuns = readonly (readonly [first: number, length: number])[];

export const tapsIn = (runs: TapRuns): number => runs.reduce((sum, [, length]) => sum + length, 0);

/** `outputs` columns, from `first` on, of Gemm's b [K, columns]; or rows of b [rows, K] when transposed. */
export interface PackedMatrix {
  readonly outputs: number;
  readonly depth: number;
  readonly transposed: boolean;
  readonly first: number;
  /** All columns (or rows) of b. */
  readonly of: number;
}

const bytesPerFloat = 4;
/** Outputs side by side, as f32_conv_gemm and f32_conv_pointwise, and as the f32_gemv kernels read them. */
export const gemmPanel = 8;
export const gemvPanel = 32;
/** Elements of a unit of a dense constant. */
export const denseUnit = 262144;
/** Elements of a unit that reads whole rows of b [K, columns], so that the rows are read in one go; one row at least. */
const rowsUnit = 65536;

/** Rows of b [K, columns] in one unit. */
export const rowsPerUnit = ({ of }: PackedMatrix): number => Math.max(1, Math.floor(rowsUnit / of));

/** b [rows, K] is cut by panels of outputs, b [K, columns] by K: either way a unit reads whole rows. */
const matrixUnits = (matrix: PackedMatrix, panel: number) =>
  Math.ceil(matrix.transposed ? matrix.outputs / panel : matrix.depth / rowsPerUnit(matrix));

/** How many units the packing falls into. */
export function packUnits(packing: Packing): number {
  switch (packing.kernel) {
    case 'dense':
      return Math.ceil(packing.elements / denseUnit);
    case 'f32_conv_gemm':
      return packing.groups * Math.ceil(packing.outC / packing.groups / gemmPanel);
    case 'f32_winograd_products':
      return Math.ceil(packing.outC / gemmPanel);
    case 'f32_conv_pointwise/matrix':
      return matrixUnits(packing, gemmPanel);
    case 'f32_gemv':
    case 'f32_gemv_bf16':
      return matrixUnits(packing, gemvPanel);
    case 'f32_conv_planar':
    case 'f32_conv_planar_winograd':
    case 'f32_conv_depthwise':
      return 1;
  }
}

/** Size of the packed operand in bytes. */
export function packBytes(packing: Packing): number {
  switch (packing.kernel) {
    case 'dense':
      return packing.elements * bytesPerFloat;
    case 'f32_conv_gemm': {
      const panels = packing.groups * Math.ceil(packing.outC / packing.groups / gemmPanel);
      return panels * gemmPanel * tapsIn(packing.runs) * packing.groupInC * bytesPerFloat;
    }
    case 'f32_winograd_products': {
      const { points, otherTaps, channels, panels } = winogradSizes(packing);
      return points * panels * gemmPanel * otherTaps * channels * bytesPerFloat;
    }
    case 'f32_conv_pointwise/matrix':
      return Math.ceil(packing.outputs / gemmPanel) * gemmPanel * packing.depth * bytesPerFloat;
    case 'f32_gemv':
      return Math.ceil(packing.outputs / gemvPanel) * gemvPanel * packing.depth * bytesPerFloat;
    case 'f32_gemv_bf16':
      return (Math.ceil(packing.outputs / gemvPanel) * gemvPanel * packing.depth * bytesPerFloat) / 2;
    case 'f32_conv_planar':
      return packing.taps * packing.inC * packing.outC * bytesPerFloat;
    case 'f32_conv_planar_winograd': {
      const [tileD, tileH] = packing.tiles;
      return (tileD + 2) * (tileH + 2) * packing.kW * packing.inC * packing.outC * bytesPerFloat;
    }
    case 'f32_conv_depthwise':
      return packing.taps * packing.channels * bytesPerFloat;
  }
}
