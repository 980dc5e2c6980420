import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { type NiftiGrid, readNifti } from '../../../src/cli/formats/nifti.js';
import { type Picture, pngBytes } from '../../../src/cli/formats/png.js';
import { labelColour } from '../../../src/cli/segment/colours.js';
import { orientationOf } from '../../../src/cli/segment/orient.js';
import { slicePicture } from '../../../src/cli/segment/picture.js';
import { byteVolume, type NiftiFields } from './volumes.js';

const gridOf = (size: readonly [number, number, number], fields: Partial<NiftiFields>): NiftiGrid =>
  readNifti(
    byteVolume(size, () => 0, fields),
    'v.nii',
  ).grid;

/** Signed voxel axes towards right, anterior and superior: "+x -z +y". */
const axesOf = (grid: NiftiGrid): string =>
  orientationOf(grid)
    .map(({ axis, reversed }) => (reversed ? '-' : '+') + 'xyz'[axis])
    .join(' ');

describe('orientationOf', () => {
  const half = Math.SQRT1_2;
  it.each<[string, Partial<NiftiFields>, string]>([
    ['neither form', {}, '+x +y +z'],
    ['an sform of flipped axes', { sform: 2, srows: [-1, 0, 0, 9, 0, 0, 1, 9, 0, -1, 0, 9] }, '-x +z -y'],
    ['an oblique sform', { sform: 1, srows: [0.9, 0.3, 0, 0, -0.3, 0.9, 0.2, 0, 0, -0.2, 1, 0] }, '+x +y +z'],
    ['sform before qform', { qform: 3, quaternion: [1, 0, 0], sform: 1 }, '+x +y +z'],
    ['half a turn about x', { qform: 1, quaternion: [1, 0, 0] }, '+x -y -z'],
    ['a quarter turn about x', { qform: 1, quaternion: [half, 0, 0] }, '+x -z +y'],
    ['qfac', { qform: 1, pixdim: [-1, 1, 1, 1, 1, 1, 1, 1] }, '+x +y -z'],
    ['a quaternion a little too long', { qform: 1, quaternion: [0, -0.7071069, 0.7071069] }, '-x -z -y'],
    ['an sform of zeros', { sform: 1, srows: Array<number>(12).fill(0) }, '+x +y +z'],
    ['two axes that run alike', { sform: 1, srows: [1, 1, 0, 0, 0.1, 0, 0, 0, 0, 0, 1, 0] }, '+y +x +z'],
  ])('follows %s', (_, fields, expected) => {
    expect(axesOf(gridOf([2, 3, 4], fields))).toBe(expected);
  });

  it('takes a voxel size of 0 or NaN for 1', () => {
    const grid = gridOf([2, 3, 4], { pixdim: [1, 0, Number.NaN, -2, 0, 0, 0, 0] });
    expect(orientationOf(grid).map(axis => axis.spacing)).toEqual([1, 1, 2]);
  });
});

const pixel = ({ width, rgb }: Picture, x: number, y: number): number[] =>
  Array.from(rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3));

const mix = (grey: number, label: number): number[] => labelColour(label).map(part => Math.round((grey + part) / 2));

describe('slicePicture', () => {
  /** A head whose left front upper corner blocks are labelled 1, 2 and 3 where they cross the middle slices. */
  const size = 16;
  const draw = (fields: Partial<NiftiFields>, voxel: (right: number, anterior: number, superior: number) => number) => {
    const grid = gridOf([size, size, size], fields);
    const axes = orientationOf(grid);
    const labels = new Uint8Array(size ** 3);
    labels.forEach((_, i) => {
      const xyz = [i % size, Math.floor(i / size) % size, Math.floor(i / size ** 2)];
      const [right, anterior, superior] = axes.map(({ axis, reversed }) =>
        reversed ? size - 1 - xyz[axis]! : xyz[axis]!,
      );
      labels[i] = voxel(right!, anterior!, superior!);
    });
    return slicePicture(new Float32Array(size ** 3), labels, grid);
  };

  it.each<[string, Partial<NiftiFields>]>([
    ['as stored', {}],
    ['from a volume stored the other way round', { sform: 2, srows: [-1, 0, 0, 9, 0, 0, 1, 9, 0, -1, 0, 9] }],
    ['from a volume stored back to front', { sform: 2, srows: [0, 0, -1, 9, -1, 0, 0, 9, 0, -1, 0, 9] }],
  ])('puts left on the left, anterior up or right, superior up: %s', (_, fields) => {
    const picture = draw(fields, (right, anterior, superior) => {
      if (right < 4) return 1;
      if (anterior >= 12) return 2;
      return superior >= 12 ? 3 : 0;
    });
    expect([picture.width, picture.height]).toEqual([3 * 256 + 16, 256]);
    const at = (slice: number, across: number, up: number) =>
      pixel(picture, slice * 264 + Math.round(across * 255), Math.round((1 - up) * 255));
    const [left, front, top] = [1, 2, 3].map(label => mix(0, label));
    expect([at(0, 0.1, 0.5), at(0, 0.6, 0.9), at(0, 0.6, 0.5)]).toEqual([left, front, [0, 0, 0]]);
    expect([at(1, 0.1, 0.5), at(1, 0.6, 0.9), at(1, 0.6, 0.1)]).toEqual([left, top, [0, 0, 0]]);
    expect([at(2, 0.9, 0.2), at(2, 0.3, 0.9), at(2, 0.3, 0.2)]).toEqual([front, top, [0, 0, 0]]);
    // Between the slices there is nothing.
    expect(pixel(picture, 260, 100)).toEqual([0, 0, 0]);
  });

  it('draws lengths, not voxels', () => {
    const grid = gridOf([20, 40, 10], { pixdim: [1, 2, 1, 6, 1, 1, 1, 1] });
    const { width, height } = slicePicture(new Float32Array(8000), new Uint8Array(8000), grid);
    // 40 x 40 x 60: axial 40 x 40, coronal 40 x 60, sagittal 40 x 60 at 256 / 60 pixels each.
    const [across, up] = [Math.round((40 * 256) / 60), 256];
    expect([width, height]).toEqual([3 * across + 16, up]);
  });

  it('keeps its size for absurd voxels', () => {
    const grid = gridOf([2, 3, 2], { pixdim: [1, 1e-6, 1, 1e6, 1, 1, 1, 1] });
    const { width, height } = slicePicture(new Float32Array(12), new Uint8Array(12), grid);
    expect(width).toBeLessThanOrEqual(3 * 1024 + 16);
    expect(height).toBeLessThanOrEqual(1024);
  });

  it('spans grey from the 1st to the 99th percentile of what is shown, and survives NaN', () => {
    const grid = gridOf([8, 8, 8], {});
    const volume = Float32Array.from({ length: 512 }, (_, i) => i % 8);
    volume[0] = Number.NaN;
    const picture = slicePicture(volume, new Uint8Array(512), grid);
    expect(pixel(picture, 0, 128)).toEqual([0, 0, 0]);
    expect(pixel(picture, 255, 128)).toEqual([255, 255, 255]);
    expect(pixel(picture, 128, 128)[0]).toBeCloseTo((255 * 4) / 7, -1);
  });

  it('is a PNG with these pixels', () => {
    const rgb = Uint8Array.from({ length: 18 }, (_, i) => 10 * i);
    const png = PNG.sync.read(Buffer.from(pngBytes({ width: 3, height: 2, rgb })));
    expect([png.width, png.height]).toEqual([3, 2]);
    expect(Array.from(png.data.subarray(4, 8))).toEqual([30, 40, 50, 255]);
    expect(Array.from(png.data.subarray(20, 24))).toEqual([150, 160, 170, 255]);
  });
});

describe('labelColour', () => {
  it('tells 255 labels apart, neighbours clearly', () => {
    const colours = Array.from({ length: 255 }, (_, i) => labelColour(i + 1));
    for (const colour of colours) expect(colour.every(part => part >= 0 && part <= 255)).toBe(true);
    for (let i = 1; i < 255; i++) {
      const distance = Math.hypot(...colours[i]!.map((part, channel) => part - colours[i - 1]![channel]!));
      expect(distance).toBeGreaterThan(80);
    }
    expect(new Set(colours.map(String)).size).toBeGreaterThan(240);
  });
});
