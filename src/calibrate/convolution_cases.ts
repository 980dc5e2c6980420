/**
 * Convolutions to time: between them they tell tiles, edges, packing, borders and traffic apart. Each takes a few milliseconds
 * at most, so that some of its runs are undisturbed on a machine that has other things to do.
 */

import { convDepthwise, depthwiseRowBlock } from '../kernels/conv_depthwise.js';
import { convGemm, convGemmBlocks } from '../kernels/conv_gemm.js';
import { convPlanar, planarRowBlock } from '../kernels/conv_planar.js';
import { convPlanarWinograd } from '../kernels/conv_planar_winograd.js';
import { convPointwise, convPointwiseBlocks } from '../kernels/conv_pointwise.js';
import { noPool } from '../kernels/fields.js';
import { roundUp } from '../kernels/sizes.js';
import type { WinogradTile } from '../kernels/winograd_transforms.js';
import { activationOf, type KernelCase, type WindowOptions, windowSizes } from './kernel_case.js';

const cube = [3, 3, 3] as const;
const square = [1, 3, 3] as const;

type Activation = Parameters<typeof activationOf>[0];

interface GemmOptions extends WindowOptions {
  readonly groups?: number;
  readonly activation?: Activation;
  readonly residual?: boolean;
}

function gemm({ groups = 1, activation = 'relu', residual = false, ...window }: GemmOptions): KernelCase {
  const { values, inputs, outputs, taps } = windowSizes(window);
  const shape = { ...values, groups, ...noPool };
  const panels = Math.ceil(window.outC / groups / 8);
  return {
    kernel: convGemm.name,
    values: { ...shape, ...convGemmBlocks(shape), ...activationOf(activation) },
    operands: {
      xPtr: 4 * inputs,
      yPtr: 4 * outputs,
      wPtr: 4 * groups * panels * 8 * taps * (window.inC / groups),
      biasPtr: 4 * groups * panels * 8,
      ...(residual ? { residualPtr: 4 * outputs } : {}),
    },
    fresh: ['xPtr', 'yPtr', 'residualPtr'],
  };
}

interface PointwiseOptions {
  readonly positions: number;
  readonly inC: number;
  readonly outC: number;
  readonly activation?: Activation;
  readonly residual?: boolean;
}

function pointwise({ activation = 'relu', residual = false, ...sizes }: PointwiseOptions): KernelCase {
  const { positions, inC, outC } = sizes;
  const shape = { ...sizes, groups: 1 };
  const panels = Math.ceil(outC / 8);
  return {
    kernel: convPointwise.name,
    values: { ...shape, ...convPointwiseBlocks(shape), ...activationOf(activation) },
    operands: {
      xPtr: 4 * positions * inC,
      yPtr: 4 * positions * outC,
      wPtr: 4 * panels * 8 * inC,
      biasPtr: 4 * panels * 8,
      ...(residual ? { residualPtr: 4 * positions * outC } : {}),
    },
    fresh: ['xPtr', 'yPtr', 'residualPtr'],
  };
}

interface PlanarOptions extends WindowOptions {
  readonly activation?: Activation;
}

function planar({ activation = 'relu', ...window }: PlanarOptions): KernelCase {
  const { values, taps } = windowSizes(window);
  const { outW, outD, outH } = values;
  const [inD, inH, inW] = window.x;
  const halo = roundUp(window.pad ?? 0, 4);
  const pitches = {
    inHalo: halo,
    inPitch: halo + roundUp(inW + 8, 8),
    outHalo: halo,
    outPitch: halo + roundUp(outW, 8),
  };
  return {
    kernel: convPlanar.name,
    values: { ...values, ...pitches, ...activationOf(activation), hBlock: planarRowBlock(values) },
    operands: {
      xPtr: 4 * window.inC * inD * inH * pitches.inPitch,
      yPtr: 4 * window.outC * outD * outH * pitches.outPitch,
      wPtr: 4 * taps * window.inC * window.outC,
      biasPtr: 4 * roundUp(window.outC, 8),
    },
    fresh: ['xPtr', 'yPtr'],
  };
}

/** The same layer with 3 x 3 taps along d and h, in tiles. */
function planarWinograd(window: PlanarOptions, tile: WinogradTile): KernelCase {
  const { values, operands, fresh } = planar({ ...window, kernel: cube, pad: 1 });
  const fields = Object.keys(convPlanarWinograd.fields).filter(name => name in values);
  return {
    kernel: convPlanarWinograd.name,
    values: { ...Object.fromEntries(fields.map(name => [name, values[name]!])), tileD: tile, tileH: tile },
    operands: { ...operands, wPtr: 4 * (tile + 2) ** 2 * 3 * window.inC * window.outC },
    fresh,
  };
}

function depthwise(window: WindowOptions): KernelCase {
  const { values, inputs, outputs, taps } = windowSizes(window);
  return {
    kernel: convDepthwise.name,
    values: { ...values, ...activationOf('relu'), mBlock: depthwiseRowBlock(values) },
    operands: { xPtr: 4 * inputs, yPtr: 4 * outputs, wPtr: 4 * taps * window.outC, biasPtr: 4 * window.outC },
    fresh: ['xPtr', 'yPtr'],
  };
}

export const convolutionCases: readonly KernelCase[] = [
  // Whole tiles, long sums: the register tile.
  gemm({ x: [2, 10, 12], inC: 80, outC: 160, kernel: cube, pad: 1 }),
  gemm({ x: [4, 20, 23], inC: 320, outC: 96 }),
  // Inputs beyond a worker's own cache.
  gemm({ x: [6, 40, 44], inC: 224, outC: 40 }),
  gemm({ x: [3, 40, 44], inC: 416, outC: 24 }),
  // Short sums, many outputs: beginnings and ends of tiles, with and without more to do there.
  gemm({ x: [6, 24, 26], inC: 40, outC: 320, activation: 'none' }),
  gemm({ x: [6, 24, 26], inC: 40, outC: 320, residual: true }),
  gemm({ x: [6, 24, 26], inC: 40, outC: 160, activation: 'elu' }),
  // Few outputs: packing.
  gemm({ x: [8, 20, 26], inC: 40, outC: 8, kernel: cube, pad: 1 }),
  gemm({ x: [10, 24, 30], inC: 160, outC: 16, kernel: [1, 1, 3], pad: 1 }),
  gemm({ x: [10, 24, 30], inC: 20, outC: 16, kernel: square, pad: 1 }),
  // Few input channels: stretches along w, cut at the border.
  gemm({ x: [8, 40, 44], inC: 2, outC: 48, kernel: [3, 5, 5], pad: 2, stride: 2 }),
  gemm({ x: [12, 26, 14], inC: 4, outC: 40, kernel: cube, pad: 1 }),
  gemm({ x: [10, 44, 52], inC: 1, outC: 28, kernel: cube, pad: 1 }),
  gemm({ x: [20, 20, 10], inC: 12, outC: 24, kernel: cube, pad: 1 }),
  // Odd channels: edges and single values.
  gemm({ x: [4, 22, 26], inC: 27, outC: 27, kernel: cube, pad: 1 }),
  gemm({ x: [5, 30, 32], inC: 38, outC: 13, kernel: square, pad: 1 }),
  // Few positions: weights through the caches.
  gemm({ x: [1, 6, 6], inC: 448, outC: 448, kernel: square, pad: 1 }),
  gemm({ x: [1, 6, 5], inC: 1280, outC: 960 }),
  gemm({ x: [1, 9, 9], inC: 320, outC: 320, kernel: square, pad: 1 }),
  // Groups, as Winograd's products.
  gemm({ x: [2, 12, 13], inC: 6 * 56, outC: 6 * 72, kernel: square, pad: 1, groups: 6, activation: 'none' }),
  gemm({ x: [4, 19, 25], inC: 6 * 20, outC: 6 * 20, kernel: square, pad: 1, groups: 6, activation: 'none' }),
  gemm({ x: [1, 10, 12], inC: 4 * 320, outC: 4 * 160, kernel: [1, 1, 3], pad: 1, groups: 4, activation: 'none' }),
  // Rows in place: long sums, short ones, few rows, edges.
  pointwise({ positions: 1840, inC: 320, outC: 96 }),
  pointwise({ positions: 3744, inC: 40, outC: 320, residual: true }),
  pointwise({ positions: 3744, inC: 72, outC: 72, activation: 'none' }),
  pointwise({ positions: 30, inC: 1280, outC: 960 }),
  pointwise({ positions: 2000, inC: 130, outC: 13 }),
  planar({ x: [24, 40, 44], inC: 5, outC: 5, kernel: cube, pad: 1 }),
  planar({ x: [24, 40, 44], inC: 3, outC: 7, kernel: cube, pad: 1 }),
  planar({ x: [24, 40, 44], inC: 6, outC: 2, kernel: cube, pad: 1 }),
  planar({ x: [24, 40, 44], inC: 12, outC: 1, kernel: square, pad: 1 }),
  planar({ x: [24, 40, 44], inC: 1, outC: 6, kernel: cube, pad: 1 }),
  planar({ x: [40, 50, 20], inC: 6, outC: 3 }),
  planar({ x: [24, 40, 44], inC: 4, outC: 6, activation: 'elu' }),
  planar({ x: [24, 40, 44], inC: 2, outC: 8, kernel: cube, pad: 1, activation: 'elu' }),
  planarWinograd({ x: [24, 40, 44], inC: 5, outC: 5 }, 4),
  planarWinograd({ x: [24, 40, 44], inC: 8, outC: 3 }, 4),
  planarWinograd({ x: [24, 40, 44], inC: 3, outC: 8 }, 2),
  depthwise({ x: [6, 26, 28], inC: 80, outC: 80, kernel: cube, pad: 1 }),
  depthwise({ x: [8, 30, 28], inC: 20, outC: 20, kernel: square, pad: 1 }),
  depthwise({ x: [4, 26, 28], inC: 48, outC: 48, kernel: [1, 5, 5], pad: 2 }),
];
