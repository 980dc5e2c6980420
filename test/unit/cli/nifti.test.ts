import { gzipSync } from 'node:zlib';
import { readHeader, readImage } from 'nifti-reader-js';
import { describe, expect, it } from 'vitest';
import { readNifti } from '../../../src/cli/formats/nifti.js';
import { niftiLabels } from '../../../src/cli/formats/nifti_labels.js';
import { byteVolume, type NiftiFields, niftiFile } from './volumes.js';

type Write = NiftiFields['write'];

/** Voxel types: code, bytes, writer, and what voxel i holds. */
const types: [string, number, number, Write, (i: number) => number][] = [
  ['uint8', 2, 1, (v, at, i) => v.setUint8(at, 250 + i), i => (250 + i) % 256],
  ['int8', 256, 1, (v, at, i) => v.setInt8(at, i - 3), i => i - 3],
  ['int16', 4, 2, (v, at, i, le) => v.setInt16(at, -1000 * i, le), i => -1000 * i],
  ['uint16', 512, 2, (v, at, i, le) => v.setUint16(at, 65535 - i, le), i => 65535 - i],
  ['int32', 8, 4, (v, at, i, le) => v.setInt32(at, i - 70000, le), i => i - 70000],
  ['uint32', 768, 4, (v, at, i, le) => v.setUint32(at, 4_000_000_000 + 256 * i, le), i => 4_000_000_000 + 256 * i],
  ['int64', 1024, 8, (v, at, i, le) => v.setBigInt64(at, BigInt(-5 * i), le), i => -5 * i],
  ['uint64', 1280, 8, (v, at, i, le) => v.setBigUint64(at, BigInt(7 * i), le), i => 7 * i],
  ['float32', 16, 4, (v, at, i, le) => v.setFloat32(at, i / 8, le), i => i / 8],
  ['float64', 64, 8, (v, at, i, le) => v.setFloat64(at, -i / 8, le), i => -i / 8],
];

describe('readNifti', () => {
  for (const version of [1, 2] as const) {
    for (const littleEndian of [true, false]) {
      it.each(types)(
        `reads %s of NIfTI-${version}, little endian ${littleEndian}`,
        (_, datatype, bytes, write, value) => {
          const fields = { version, littleEndian, dims: [2, 3, 4], datatype, bytesPerVoxel: bytes, write };
          const { grid, data } = readNifti(niftiFile(fields), 'v.nii');
          expect(grid.sizeXyz).toEqual([2, 3, 4]);
          expect(Array.from(data)).toEqual(Array.from({ length: 24 }, (_element, i) => Math.fround(value(i)) + 0));
        },
      );

      it(`keeps the placement of NIfTI-${version}, little endian ${littleEndian}`, () => {
        const placement = {
          pixdim: [-1, 0.5, 0.75, 2.5, 3, 1, 1, 1],
          qform: 1,
          sform: 2,
          quaternion: [0.5, -0.5, 0.5],
          qoffset: [-90, 126, -72],
          srows: [-2, 0.25, 0, 90, 0, 2, 0.5, -126, 0.125, 0, 2, -72],
          units: 10,
        };
        const file = byteVolume([2, 2, 2], () => 1, { version, littleEndian, ...placement });
        const { grid } = readNifti(file, 'v.nii');
        expect(grid.pixdim).toEqual(placement.pixdim);
        expect([grid.qformCode, grid.sformCode, grid.xyztUnits]).toEqual([1, 2, 10]);
        expect(grid.quaternion).toEqual(placement.quaternion);
        expect(grid.qoffset).toEqual(placement.qoffset);
        expect(grid.srows).toEqual(placement.srows);
      });
    }
  }

  it('keeps the rows of the sform where the qform has the higher code', () => {
    const srows = [3, 0, 0, 1, 0, 4, 0, 2, 0, 0, 5, 3];
    const file = byteVolume([2, 2, 2], () => 1, { qform: 3, sform: 1, srows });
    expect(readNifti(file, 'v.nii').grid.srows).toEqual(srows);
  });

  it('applies slope and intercept, and takes a slope of 0 or NaN for none', () => {
    const values = (fields: Partial<NiftiFields>) =>
      Array.from(
        readNifti(
          byteVolume([2, 1, 1], x => 10 * x, fields),
          'v.nii',
        ).data,
      );
    expect(values({ slope: 0.5, inter: -3 })).toEqual([-3, 2]);
    expect(values({ slope: -2, inter: 0 })).toEqual([0, -20]);
    expect(values({ slope: 0, inter: 5 })).toEqual([0, 10]);
    expect(values({ slope: Number.NaN, inter: 5 })).toEqual([0, 10]);
  });

  it('reads gzip by content, skips extensions, and takes any number of dimensions around one volume', () => {
    const plain = byteVolume([3, 2, 2], (x, y, z) => x + 10 * y + 100 * z, { extensionBytes: 32 });
    const expected = Array.from(readNifti(plain, 'v.nii').data);
    expect(expected.slice(0, 4)).toEqual([0, 1, 2, 10]);
    expect(Array.from(readNifti(gzipSync(plain), 'v.nii').data)).toEqual(expected);
    const four = byteVolume([3, 2, 2], () => 4, { dims: [3, 2, 2, 1] });
    expect(readNifti(four, 'v.nii').grid.sizeXyz).toEqual([3, 2, 2]);
    const two = byteVolume([3, 2, 1], () => 4, { dims: [3, 2] });
    expect(readNifti(two, 'v.nii').grid.sizeXyz).toEqual([3, 2, 1]);
  });

  it('reads a volume at an odd offset of a larger buffer', () => {
    const file = byteVolume([2, 2, 2], x => x + 1, {
      datatype: 4,
      bytesPerVoxel: 2,
      write: (v, at, i, le) => v.setInt16(at, i, le),
    });
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect(Array.from(readNifti(shifted.subarray(1), 'v.nii').data)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  const good = byteVolume([4, 4, 4], () => 1);
  it.each([
    ['nothing', new Uint8Array(0), 'not a NIfTI volume'],
    ['text', Buffer.from('hello, this is no volume at all'), 'not a NIfTI volume'],
    ['a cut header', good.subarray(0, 200), 'truncated in its header'],
    ['cut voxels', good.subarray(0, good.length - 1), '64 bytes, 63 are there'],
    ['a header alone', good.subarray(0, 348), '64 bytes, 0 are there'],
    ['cut gzip', gzipSync(good).subarray(0, 60), 'cannot be decompressed'],
    ['half of a pair', byteVolume([2, 2, 2], () => 1, { magic: 'ni1\0' }), '.hdr/.img pair'],
    ['several volumes', byteVolume([2, 2, 2], () => 1, { dims: [2, 2, 2, 3] }), '2x2x2x3 holds 3 volumes'],
    ['colours', byteVolume([2, 2, 2], () => 1, { datatype: 128, bytesPerVoxel: 3 }), 'type 128 (RGB)'],
    ['no voxels', byteVolume([2, 0, 2], () => 1), '2x0x2'],
    ['dimensions without end', byteVolume([2, 2, 2], () => 1, { littleEndian: true, dims: [] }), '0 dimensions'],
  ])('refuses %s and names the file', (_, bytes, message) => {
    expect(() => readNifti(bytes, 'some.nii')).toThrow(
      expect.objectContaining({ kind: 'input', message: expect.stringMatching(/^some\.nii: /) }),
    );
    expect(() => readNifti(bytes, 'some.nii')).toThrow(message);
  });
});

describe('niftiLabels', () => {
  const source = byteVolume([3, 4, 5], x => 50 * x, {
    littleEndian: false,
    version: 2,
    extensionBytes: 48,
    slope: 2,
    inter: 7,
    calMax: 200,
    pixdim: [-1, 0.5, 0.75, 2.5, 0, 0, 0, 0],
    qform: 1,
    sform: 4,
    quaternion: [0, 1, 0],
    qoffset: [10, 20, 30],
    srows: [-0.5, 0, 0, 10, 0, 0.75, 0, 20, 0, 0, 2.5, 30],
    units: 2,
  });
  const { grid } = readNifti(source, 'v.nii');
  const labels = Uint8Array.from({ length: 60 }, (_, i) => i * 4);

  it('is a volume that viewers lay over its source', () => {
    const file = Uint8Array.from(niftiLabels(labels, grid, false)).buffer;
    const header = readHeader(file);
    expect(header.dims.slice(0, 4)).toEqual([3, 3, 4, 5]);
    expect([header.datatypeCode, header.numBitsPerVoxel, header.intent_code]).toEqual([2, 8, 1002]);
    expect([header.scl_slope, header.scl_inter, header.cal_min, header.cal_max]).toEqual([1, 0, 0, 0]);
    expect([header.qform_code, header.sform_code, header.xyzt_units]).toEqual([1, 4, 2]);
    expect(header.pixDims).toEqual([-1, 0.5, 0.75, 2.5, 0, 0, 0, 0]);
    expect([header.quatern_b, header.quatern_c, header.quatern_d]).toEqual([0, 1, 0]);
    expect([header.qoffset_x, header.qoffset_y, header.qoffset_z]).toEqual([10, 20, 30]);
    expect(header.affine[1]).toEqual([0, 0.75, 0, 20]);
    expect([header.vox_offset, header.extensionFlag]).toEqual([352, [0, 0, 0, 0]]);
    expect(Array.from(new Uint8Array(readImage(header, file)))).toEqual(Array.from(labels));
  });

  it('reads back with the same placement, plain and gzipped', () => {
    for (const gzip of [false, true]) {
      const file = niftiLabels(labels, grid, gzip);
      expect(file[0] === 0x1f).toBe(gzip);
      const back = readNifti(file, 'labels.nii');
      expect(back.grid).toEqual(grid);
      expect(Array.from(back.data)).toEqual(Array.from(labels));
    }
  });

  it('refuses a grid too long for 16-bit sizes', () => {
    expect(() => niftiLabels(new Uint8Array(0), { ...grid, sizeXyz: [40000, 1, 1] }, false)).toThrow('40000x1x1');
  });
});
