import { describe, expect, it } from 'vitest';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { type WinogradTile, winogradInput, winogradOutput, winogradTransforms } from '../../../src/kernels/winograd.js';
import { checkKernel, randomFloats } from './harness.js';

const tiles: readonly WinogradTile[] = [2, 4];

describe('the transforms', () => {
  it.each(tiles)('of F(%i, 3) compute a correlation with three taps', tile => {
    const { input, weight, output } = winogradTransforms[tile];
    const times = (matrix: readonly (readonly number[])[], vector: ArrayLike<number>) =>
      matrix.map(row => row.reduce((sum, factor, i) => sum + factor * vector[i]!, 0));
    const x = randomFloats(tile + 2, 1);
    const w = randomFloats(3, 2);
    const transformed = times(weight, w);
    const products = times(input, x).map((value, f) => value * transformed[f]!);
    const direct = Array.from({ length: tile }, (_, i) => x[i]! * w[0]! + x[i + 1]! * w[1]! + x[i + 2]! * w[2]!);
    times(output, products).forEach((value, i) => {
      expect(value).toBeCloseTo(direct[i]!, 6);
    });
  });
});

interface Problem {
  readonly batch: number;
  readonly depth: number;
  readonly pad: number;
  readonly positions: number;
  readonly channels: number;
  readonly rowBlock: number;
}

const problems: readonly Problem[] = [
  { batch: 1, depth: 1, pad: 1, positions: 1, channels: 1, rowBlock: 1 },
  { batch: 1, depth: 2, pad: 1, positions: 5, channels: 4, rowBlock: 2 },
  { batch: 2, depth: 3, pad: 0, positions: 7, channels: 5, rowBlock: 3 },
  { batch: 2, depth: 4, pad: 1, positions: 6, channels: 7, rowBlock: 6 },
  { batch: 1, depth: 5, pad: 2, positions: 3, channels: 8, rowBlock: 100 },
  { batch: 1, depth: 9, pad: 1, positions: 2, channels: 17, rowBlock: 1 },
];
const outDepth = ({ depth, pad }: Problem) => depth + 2 * pad - 2;

describe.each(tiles)('with tiles of %i', tile => {
  it.each(problems)('f32_winograd_input of %o', problem => {
    const { batch, depth, pad, positions, channels, rowBlock } = problem;
    const tileCount = Math.ceil(outDepth(problem) / tile);
    checkKernel(winogradInput, {
      operands: {
        xPtr: randomFloats(batch * depth * positions * channels, 3),
        yPtr: { output: batch * tileCount * positions * (tile + 2) * channels },
      },
      scalars: { outer: batch, inSize: depth, tiles: tileCount, tile, pad, positions, channels, rowBlock },
      tolerance: 1e-6,
    });
  });

  it.each(problems)('f32_winograd_output of %o', problem => {
    const { batch, positions, channels, rowBlock } = problem;
    const outD = outDepth(problem);
    const tileCount = Math.ceil(outD / tile);
    const size = batch * outD * positions * channels;
    const fused = { activation: activationCodes.relu, alpha: 0, beta: 0 };
    const operands = {
      xPtr: randomFloats(batch * tileCount * positions * (tile + 2) * channels, 4),
      yPtr: { output: size },
      biasPtr: randomFloats(channels, 5),
      residualPtr: randomFloats(size, 6),
    };
    const scalars = { outer: batch, outSize: outD, tiles: tileCount, tile, positions, channels, rowBlock, ...fused };
    checkKernel(winogradOutput, { operands, scalars, tolerance: 1e-6 });
    checkKernel(winogradOutput, {
      operands: { ...operands, biasPtr: null, residualPtr: null },
      scalars: { ...scalars, activation: activationCodes.none },
      tolerance: 1e-6,
    });
  });
});
