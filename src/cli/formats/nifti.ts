/**
 * Reads NIfTI-1 and NIfTI-2 volumes (.nii, .nii.gz) of either byte order. The header's fields come from
 * nifti-reader-js; the rows of the sform are read here, because the library drops them where it prefers the qform.
 * Voxels come out as float32, scaled by scl_slope and scl_inter, x fastest: row-major [z, y, x].
 */
import { gunzipSync } from 'node:zlib';
import { type NIFTI1, type NIFTI2, readHeader } from 'nifti-reader-js';
import { NumavoxError } from '../../index.js';

/** Where a volume's voxels lie in space, as its header says: what a label volume of the same grid must repeat. */
export interface NiftiGrid {
  /** Voxels along x, y, z. */
  readonly sizeXyz: readonly [number, number, number];
  /** All eight; [0] is qfac, [1..3] the size of a voxel. */
  readonly pixdim: readonly number[];
  readonly xyztUnits: number;
  readonly dimInfo: number;
  readonly qformCode: number;
  readonly sformCode: number;
  /** b, c, d. */
  readonly quaternion: readonly [number, number, number];
  readonly qoffset: readonly [number, number, number];
  /** srow_x, srow_y, srow_z: twelve numbers. */
  readonly srows: readonly number[];
}

export interface NiftiVolume {
  readonly grid: NiftiGrid;
  /** Row-major [z, y, x]. */
  readonly data: Float32Array;
}

type ReadVoxel = (view: DataView, offset: number, littleEndian: boolean) => number;

/** Voxel types by NIfTI datatype code. */
const voxelTypes: Readonly<Record<number, { readonly bytes: number; readonly read: ReadVoxel }>> = {
  2: { bytes: 1, read: (view, at) => view.getUint8(at) },
  4: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  8: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  16: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  64: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  256: { bytes: 1, read: (view, at) => view.getInt8(at) },
  512: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  768: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  1024: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  1280: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
};

const headerBytes = { 1: 348, 2: 540 } as const;

/**
 * @param bytes the file, gzipped or not
 * @param file named in errors, all of kind `input`
 */
export function readNifti(bytes: Uint8Array, file: string): NiftiVolume {
  const raw = inflate(bytes, file);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const version = niftiVersion(view, file);
  // Without what follows the header, so that the library does not parse extensions, which are of no use here.
  const header = readHeader(Uint8Array.from(raw.subarray(0, headerBytes[version])).buffer);
  const grid = readGrid(header, view, version, file);
  return { grid, data: readVoxels(header, grid, view, version, file) };
}

function inflate(bytes: Uint8Array, file: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NumavoxError('input', `${file}: cannot be decompressed: ${reason}`, { cause });
  }
}

function niftiVersion(view: DataView, file: string): 1 | 2 {
  const fail = (reason: string): NumavoxError => new NumavoxError('input', `${file}: ${reason}`);
  if (view.byteLength < 4) throw fail('not a NIfTI volume');
  for (const version of [1, 2] as const) {
    const size = headerBytes[version];
    if (view.getInt32(0, true) !== size && view.getInt32(0, false) !== size) continue;
    if (view.byteLength < size) throw fail(`truncated in its header (${view.byteLength} of ${size} bytes)`);
    const magicAt = version === 1 ? 344 : 4;
    const magic = String.fromCharCode(...[0, 1, 2].map(i => view.getUint8(magicAt + i)));
    if (magic === `n+${version}`) return version;
    if (magic === `ni${version}`) throw fail('half of a .hdr/.img pair: only single-file .nii volumes are read');
  }
  throw fail('not a NIfTI volume');
}

function readGrid(header: NIFTI1 | NIFTI2, view: DataView, version: 1 | 2, file: string): NiftiGrid {
  const rank = header.dims[0]!;
  if (!(rank >= 1 && rank <= 7)) throw new NumavoxError('input', `${file}: a volume of ${rank} dimensions`);
  // Sizes beyond the rank carry no meaning.
  const sizes = [1, 2, 3, 4, 5, 6, 7].map(axis => (axis <= rank ? header.dims[axis]! : 1));
  if (sizes.some(size => !(size >= 1))) {
    throw new NumavoxError('input', `${file}: its header gives a size of ${sizes.slice(0, rank).join('x')}`);
  }
  const volumes = sizes.slice(3).reduce((product, size) => product * size, 1);
  if (volumes > 1) {
    throw new NumavoxError(
      'input',
      `${file}: ${sizes.slice(0, rank).join('x')} holds ${volumes} volumes, one is wanted`,
    );
  }
  const number = (at: number): number =>
    version === 1 ? view.getFloat32(at, header.littleEndian) : view.getFloat64(at, header.littleEndian);
  const [srowsAt, stride] = version === 1 ? [280, 4] : [400, 8];
  return {
    sizeXyz: [sizes[0]!, sizes[1]!, sizes[2]!],
    pixdim: header.pixDims.slice(0, 8),
    xyztUnits: header.xyzt_units,
    dimInfo: header.dim_info,
    qformCode: header.qform_code,
    sformCode: header.sform_code,
    quaternion: [header.quatern_b, header.quatern_c, header.quatern_d],
    qoffset: [header.qoffset_x, header.qoffset_y, header.qoffset_z],
    srows: Array.from({ length: 12 }, (_, i) => number(srowsAt + i * stride)),
  };
}

function readVoxels(
  header: NIFTI1 | NIFTI2,
  grid: NiftiGrid,
  view: DataView,
  version: 1 | 2,
  file: string,
): Float32Array {
  const type = voxelTypes[header.datatypeCode];
  if (type === undefined) {
    const name = header.getDatatypeCodeString(header.datatypeCode);
    throw new NumavoxError('input', `${file}: voxels of type ${header.datatypeCode} (${name}) are not read`);
  }
  const [nx, ny, nz] = grid.sizeXyz;
  const count = nx * ny * nz;
  const start = Math.max(headerBytes[version] + 4, Math.round(Number(header.vox_offset)) || 0);
  if (view.byteLength - start < count * type.bytes) {
    const there = Math.max(0, view.byteLength - start);
    throw new NumavoxError(
      'input',
      `${file}: truncated: ${nx}x${ny}x${nz} voxels take ${count * type.bytes} bytes, ${there} are there`,
    );
  }
  // A slope of 0 means "not scaled"; one that is not a number cannot be meant.
  const scaled = header.scl_slope !== 0 && Number.isFinite(header.scl_slope) && Number.isFinite(header.scl_inter);
  const slope = scaled ? header.scl_slope : 1;
  const inter = scaled ? header.scl_inter : 0;
  const { bytes, read } = type;
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = read(view, start + i * bytes, header.littleEndian) * slope + inter;
  return data;
}
