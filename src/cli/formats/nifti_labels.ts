/**
 * Writes label volumes: NIfTI-1, single file, uint8, on the grid of the volume they belong to. Everything that says
 * where the voxels lie is repeated; everything that says how intensities look (scaling, display range) is neutral.
 */
import { gzipSync } from 'node:zlib';
import { NumavoxError } from '../../index.js';
import type { NiftiGrid } from './nifti.js';

const intentLabel = 1002;
const datatypeUint8 = 2;
/** Sizes are 16-bit in NIfTI-1. */
const maxSize = 32767;

/**
 * @param labels row-major [z, y, x], as many as the grid has voxels
 * @param gzip whether the file's name asks for .nii.gz
 */
export function niftiLabels(labels: Uint8Array, grid: NiftiGrid, gzip: boolean): Uint8Array {
  const [nx, ny, nz] = grid.sizeXyz;
  if (Math.max(nx, ny, nz) > maxSize) {
    throw new NumavoxError('input', `a volume of ${nx}x${ny}x${nz} is too long for NIfTI-1 (at most ${maxSize})`);
  }
  const file = Buffer.alloc(352 + labels.length);
  writeHeader(file, grid);
  file.set(labels, 352);
  return gzip ? gzipSync(file) : file;
}

/** The 348 bytes of nifti1.h, then four zeros: no extensions. Fields not written are zero. */
function writeHeader(file: Buffer, grid: NiftiGrid): void {
  file.writeInt32LE(348, 0);
  file.write('r', 38, 'latin1');
  file.writeUInt8(grid.dimInfo & 0xff, 39);
  [3, ...grid.sizeXyz, 1, 1, 1, 1].forEach((size, i) => {
    file.writeInt16LE(size, 40 + 2 * i);
  });
  file.writeInt16LE(intentLabel, 68);
  file.writeInt16LE(datatypeUint8, 70);
  file.writeInt16LE(8, 72);
  floats(file, 76, grid.pixdim);
  floats(file, 108, [352, 1, 0]); // vox_offset, scl_slope, scl_inter
  file.writeUInt8(grid.xyztUnits & 0xff, 123);
  file.write('numavox labels', 148, 'latin1');
  file.writeInt16LE(toInt16(grid.qformCode), 252);
  file.writeInt16LE(toInt16(grid.sformCode), 254);
  floats(file, 256, [...grid.quaternion, ...grid.qoffset, ...grid.srows]);
  file.write('n+1\0', 344, 'latin1');
}

/** Codes are 32-bit in NIfTI-2. */
const toInt16 = (code: number): number => Math.max(-32768, Math.min(32767, code));

function floats(file: Buffer, at: number, values: readonly number[]): void {
  values.forEach((value, i) => {
    file.writeFloatLE(value, at + 4 * i);
  });
}
