import { describe, expect, it } from 'vitest';
import { alongAxis, axisTiles, tapsOf, transformsOf } from '../../../src/kernels/winograd_transforms.js';
import { kernelTransforms, type WinogradPacking } from '../../../src/kernels/winograd_weights.js';
import { randomFloats } from './harness.js';

const { none, f23, f43, f44 } = axisTiles;

/** The transform as its contract has it: each position's taps, along each axis that is transformed, then [point][tap]. */
function expected(packing: WinogradPacking, kernel: Float32Array, positions: readonly number[]): number[] {
  const { axes, strides, shifts, taps } = packing;
  let sizes: number[] = axes.map(({ points }, axis) => (points > 1 ? tapsOf(axes[axis]!) : taps[axis]!));
  let values: number[] = [];
  for (let d = 0; d < sizes[0]!; d++) {
    for (let h = 0; h < sizes[1]!; h++) {
      for (let w = 0; w < sizes[2]!; w++) {
        const [z, y, x] = [d, h, w].map((tap, axis) => tap * strides[axis]! + positions[axis]! - shifts[axis]!);
        const inside = [z!, y!, x!].every((tap, axis) => tap >= 0 && tap < taps[axis]!);
        values.push(inside ? kernel[(z! * taps[1] + y!) * taps[2] + x!]! : 0);
      }
    }
  }
  for (const [axis, tile] of axes.entries()) {
    if (tile.points === 1) continue;
    values = alongAxis(
      transformsOf(tile).weight,
      values,
      sizes.slice(axis + 1).reduce((all, size) => all * size, 1),
    );
    sizes = sizes.with(axis, tile.points);
  }
  if (axes[0].points > 1) return values;
  const plane = sizes[1]! * sizes[2]!;
  return Array.from({ length: values.length }, (_, i) => values[(i % sizes[0]!) * plane + Math.floor(i / sizes[0]!)]!);
}

describe('the weights', () => {
  const layers: Readonly<Record<string, Pick<WinogradPacking, 'axes' | 'strides' | 'shifts' | 'taps'>>> = {
    'three axes': { axes: [f23, f43, f43], strides: [1, 1, 1], shifts: [0, 0, 0], taps: [3, 3, 3] },
    depth: { axes: [f43, none, none], strides: [1, 1, 1], shifts: [0, 0, 0], taps: [3, 1, 1] },
    'height and width, taps along depth': {
      axes: [none, f43, f23],
      strides: [1, 1, 1],
      shifts: [0, 0, 0],
      taps: [5, 3, 3],
    },
    'width alone': { axes: [none, none, f43], strides: [1, 1, 1], shifts: [0, 0, 0], taps: [2, 1, 3] },
    'seven taps two apart, one empty in front': {
      axes: [f43, f44, f44],
      strides: [1, 2, 2],
      shifts: [0, 1, 1],
      taps: [3, 7, 7],
    },
    'eight taps two apart, depth as it is': {
      axes: [none, f44, f44],
      strides: [1, 2, 2],
      shifts: [0, 0, 0],
      taps: [4, 8, 8],
    },
    'seven taps two apart, one empty behind': {
      axes: [none, f44, f44],
      strides: [1, 2, 2],
      shifts: [0, 0, 1],
      taps: [7, 7, 7],
    },
  };

  it.each(Object.entries(layers))('of %s are transformed at every position of a stride', (_, layer) => {
    const packing: WinogradPacking = { kernel: 'f32_winograd_products', outC: 1, inC: 1, ...layer };
    const [sD, sH, sW] = layer.strides;
    const kernel = randomFloats(layer.taps[0] * layer.taps[1] * layer.taps[2], 3);
    const transforms = kernelTransforms(packing);
    expect(transforms).toHaveLength(sD * sH * sW);
    for (const [i, transform] of transforms.entries()) {
      const positions = [Math.floor(i / (sH * sW)), Math.floor(i / sW) % sH, i % sW];
      const wanted = expected(packing, kernel, positions);
      const actual = transform(kernel);
      expect(actual).toHaveLength(wanted.length);
      wanted.forEach((value, at) => {
        expect(actual[at]).toBeCloseTo(value, 12);
      });
    }
  });
});
