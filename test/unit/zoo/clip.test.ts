import { expect, test } from 'vitest';
import { syntheticClip } from '../../../src/zoo/clip.js';

const dims = [2, 3, 8, 20, 28];

/** The largest difference between neighbours `stride` elements apart along the axis of that stride and extent. */
const largestStep = (clip: Float32Array, stride: number, extent: number): number => {
  let largest = 0;
  for (let i = 0; i + stride < clip.length; i++) {
    if (Math.floor(i / stride) % extent < extent - 1)
      largest = Math.max(largest, Math.abs(clip[i + stride]! - clip[i]!));
  }
  return largest;
};

test('fills [0, 1] and no more', () => {
  const clip = syntheticClip([1, 3, 16, 112, 112]);
  expect(clip.length).toBe(3 * 16 * 112 * 112);
  let low = 1;
  let high = 0;
  let sum = 0;
  for (const value of clip) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
  }
  expect(low).toBeGreaterThanOrEqual(0);
  expect(low).toBeLessThan(0.1);
  expect(high).toBeLessThanOrEqual(1);
  expect(high).toBeGreaterThan(0.9);
  expect(sum / clip.length).toBeGreaterThan(0.4);
  expect(sum / clip.length).toBeLessThan(0.6);
});

test('moves along every axis, smoothly in space and time', () => {
  const clip = syntheticClip([1, 3, 32, 64, 64]);
  const strides = [32 * 64 * 64, 64 * 64, 64, 1];
  const steps = [3, 32, 64, 64].map((extent, axis) => largestStep(clip, strides[axis]!, extent));
  for (const step of steps) expect(step).toBeGreaterThan(0.01);
  for (const step of steps.slice(1)) expect(step).toBeLessThan(0.2);
});

test('frames, channels and clips differ, and height is not width', () => {
  const clip = syntheticClip([2, 2, 2, 9, 9]);
  const planes = Array.from({ length: 8 }, (_, i) => clip.subarray(i * 81, (i + 1) * 81).join());
  expect(new Set(planes).size).toBe(8);
  const transposed = Array.from({ length: 81 }, (_, i) => clip[(i % 9) * 9 + Math.floor(i / 9)]!);
  expect(transposed).not.toEqual([...clip.subarray(0, 81)]);
});

test('has the same bits each time', () => {
  expect(syntheticClip(dims)).toEqual(syntheticClip(dims));
  expect([...syntheticClip([1, 1, 1, 1, 4])]).toEqual([1, 0.328125, 0.25, 0.671875]);
});

test('takes other ranks: fewer dims are the last ones, more are clips', () => {
  expect(syntheticClip([5, 6])).toEqual(syntheticClip([1, 1, 1, 5, 6]));
  expect(syntheticClip([2, 3, 1, 4, 5, 6])).toEqual(syntheticClip([6, 1, 4, 5, 6]));
  expect(syntheticClip([])).toHaveLength(1);
  expect(syntheticClip([1, 3, 0, 4, 4])).toHaveLength(0);
});
