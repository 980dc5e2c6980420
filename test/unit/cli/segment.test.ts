import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fit, place, planFit, restore, type Size3 } from '../../../src/cli/segment/fit.js';
import { parseScale, scaleIntensities } from '../../../src/cli/segment/intensity.js';
import { classCount, countLabels, labelVoxels } from '../../../src/cli/segment/labels.js';

const size = fc.integer({ min: 1, max: 7 });
const sizes = fc.tuple(size, size, size);
const voxels = ([z, y, x]: Size3): number => z * y * x;
const ramp = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i + 1);

describe('fit', () => {
  it('keeps every common voxel at the centred place and fills the rest with the background', () => {
    fc.assert(
      fc.property(sizes, sizes, (source, target) => {
        const fit = planFit(source, target, 'crop');
        const placed = place(ramp(voxels(source)), fit, -5);
        expect(placed.length).toBe(voxels(target));
        const starts = source.map((from, axis) => Math.floor((target[axis]! - from) / 2));
        // What is cut or added in front is the same as behind, or one less.
        const shift = source.map((from, axis) =>
          from <= target[axis]! ? starts[axis]! : -Math.floor((from - target[axis]!) / 2),
        );
        for (let z = 0; z < target[0]; z++) {
          for (let y = 0; y < target[1]; y++) {
            for (let x = 0; x < target[2]; x++) {
              const [a, b, c] = [z - shift[0]!, y - shift[1]!, x - shift[2]!];
              const inside = a >= 0 && a < source[0] && b >= 0 && b < source[1] && c >= 0 && c < source[2];
              const expected = inside ? (a * source[1] + b) * source[2] + c + 1 : -5;
              expect(placed[(z * target[1] + y) * target[2] + x]).toBe(expected);
            }
          }
        }
      }),
    );
  });

  it('takes labels back to where the voxels came from, 0 outside', () => {
    fc.assert(
      fc.property(sizes, sizes, (source, target) => {
        const fit = planFit(source, target, 'crop');
        const numbered = ramp(voxels(source)).map(i => 1 + (i % 250));
        const back = restore(Uint8Array.from(place(numbered, fit, 255)), fit);
        const kept = fit.reduce((product, axis) => product * axis.length, 1);
        expect(back.length).toBe(numbered.length);
        expect(back.filter(label => label !== 0).length).toBe(kept);
        back.forEach((label, i) => {
          if (label !== 0) expect(label).toBe(numbered[i]);
        });
      }),
    );
  });

  it('is the identity when padding is taken off again', () => {
    fc.assert(
      fc.property(sizes, sizes, (source, extra) => {
        const target: Size3 = [source[0] + extra[0], source[1] + extra[1], source[2] + extra[2]];
        const fit: Fit = planFit(source, target, 'pad');
        const numbered = ramp(voxels(source)).map(i => i % 250);
        expect(restore(Uint8Array.from(place(numbered, fit, 9)), fit)).toEqual(Uint8Array.from(numbered));
      }),
    );
  });

  it('does not crop under --fit pad, and names both sizes as x, y, z', () => {
    expect(() => planFit([3, 4, 5], [4, 4, 4], 'pad')).toThrow('5x4x3 into 4x4x4');
  });
});

describe('scaleIntensities', () => {
  const scaled = (values: readonly number[], text: string) => {
    const data = Float32Array.from(values);
    return { ...scaleIntensities(data, parseScale(text)), values: Array.from(data) };
  };

  it('scales to 0..1, leaves alone, windows and standardises', () => {
    expect(scaled([10, 20, 30], 'min-max')).toMatchObject({ values: [0, 0.5, 1], background: 0, constant: false });
    expect(scaled([10, 20, 30], 'none')).toMatchObject({ values: [10, 20, 30], background: 10 });
    expect(scaled([-2000, -1000, 0, 500, 3000], '-1000,1000')).toMatchObject({
      values: [0, 0, 0.5, 0.75, 1],
      background: 0,
    });
    expect(scaled([5, 6], '0,10')).toMatchObject({ background: 0.5 });
    const { values, background } = scaled([1, 3, 5], 'zscore');
    expect(values[0]).toBeCloseTo(-Math.sqrt(1.5), 6);
    expect(values[1]).toBe(0);
    expect(background).toBe(values[0]);
  });

  it('rounds as a float32 division does', () => {
    const bytes = Array.from({ length: 256 }, (_, i) => i);
    expect(scaled(bytes, 'min-max').values).toEqual(bytes.map(value => Math.fround(value / 255)));
  });

  it('lets NaN pass and leaves it out of the sums', () => {
    for (const text of ['min-max', 'zscore', '0,4', 'none']) {
      const { values } = scaled([Number.NaN, 0, 4, 2], text);
      expect(values[0]).toBeNaN();
      expect(values.slice(1).every(Number.isFinite)).toBe(true);
    }
    expect(scaled([Number.NaN, 0, 4, Number.POSITIVE_INFINITY], 'min-max').values.slice(1, 3)).toEqual([0, 1]);
    expect(scaled([Number.NaN], 'min-max')).toMatchObject({ background: 0, constant: true });
  });

  it('does not divide by zero when all voxels are equal', () => {
    expect(scaled([7, 7], 'min-max')).toMatchObject({ values: [0, 0], constant: true, background: 0 });
    expect(scaled([7, 7], 'zscore')).toMatchObject({ values: [0, 0], constant: true });
  });

  it.each(['', 'minmax', '1', '1,1', '2,1', '1,2,3', 'a,b', '0x1,0x5', '1,Infinity'])('refuses --scale %j', text => {
    expect(() => parseScale(text)).toThrow(expect.objectContaining({ kind: 'usage' }));
  });
});

describe('labelVoxels', () => {
  it('takes the largest channel, the first of equals', () => {
    const scores = Float32Array.of(1, 5, 2, 0, 3, 5, 2, 0, 2, 9, 2, -1);
    expect(Array.from(labelVoxels(scores, 3))).toEqual([1, 2, 0, 0]);
  });

  it('takes the largest channel in every block of a large volume', () => {
    const voxels = 150_001;
    const scores = new Float32Array(3 * voxels).map((_, i) => Math.sin(i * 12.9898));
    const labels = labelVoxels(scores, 3);
    for (let i = 0; i < voxels; i += 97) {
      const channels = [0, 1, 2].map(channel => scores[channel * voxels + i]!);
      expect(labels[i]).toBe(channels.indexOf(Math.max(...channels)));
    }
  });

  it('cuts a single channel above 0.5', () => {
    expect(Array.from(labelVoxels(Float32Array.of(0.4, 0.5, 0.51, 1, Number.NaN), 1))).toEqual([0, 0, 1, 1, 0]);
  });

  it('never prefers NaN to a number', () => {
    const nan = Number.NaN;
    expect(Array.from(labelVoxels(Float32Array.of(nan, 3, nan, -9, nan, nan), 2))).toEqual([1, 0, 0]);
  });

  it('counts voxels, and refuses more classes than a byte holds', () => {
    expect(countLabels(Uint8Array.of(0, 2, 2, 1), 4)).toEqual([1, 1, 2, 0]);
    expect(classCount(1)).toBe(2);
    expect(classCount(256)).toBe(256);
    expect(() => classCount(257)).toThrow('257 classes');
  });
});
