/** NIfTI files for tests, field by field from the format's own tables, independent of the code under test. */

export interface NiftiFields {
  readonly version?: 1 | 2;
  readonly littleEndian?: boolean;
  readonly dims: readonly number[];
  readonly datatype: number;
  /** Writes voxel i at a byte offset. */
  readonly write: (view: DataView, offset: number, i: number, littleEndian: boolean) => void;
  readonly bytesPerVoxel: number;
  readonly pixdim?: readonly number[];
  readonly slope?: number;
  readonly inter?: number;
  readonly qform?: number;
  readonly sform?: number;
  readonly quaternion?: readonly number[];
  readonly qoffset?: readonly number[];
  readonly srows?: readonly number[];
  readonly units?: number;
  readonly calMax?: number;
  /** Bytes between the header and the voxels. */
  readonly extensionBytes?: number;
  readonly magic?: string;
}

const identityRows = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];

export function niftiFile(fields: NiftiFields): Uint8Array {
  const { version = 1, littleEndian = true, dims } = fields;
  const two = version === 2;
  const header = two ? 540 : 348;
  const dataAt = header + 4 + (fields.extensionBytes ?? 0);
  const count = dims.reduce((product, dim) => product * dim, 1);
  const buffer = new ArrayBuffer(dataAt + count * fields.bytesPerVoxel);
  const view = new DataView(buffer);
  const short = (at: number, value: number) => view.setInt16(at, value, littleEndian);
  const int = (at: number, value: number) => view.setInt32(at, value, littleEndian);
  const real = (at: number, values: readonly number[]) => {
    values.forEach((value, i) => {
      if (two) view.setFloat64(at + 8 * i, value, littleEndian);
      else view.setFloat32(at + 4 * i, value, littleEndian);
    });
  };
  int(0, header);
  const dim = [dims.length, ...dims, ...Array<number>(7 - dims.length).fill(1)];
  dim.forEach((size, i) => {
    if (two) view.setBigInt64(16 + 8 * i, BigInt(size), littleEndian);
    else short(40 + 2 * i, size);
  });
  short(two ? 12 : 70, fields.datatype);
  short(two ? 14 : 72, 8 * fields.bytesPerVoxel);
  real(two ? 104 : 76, fields.pixdim ?? [1, 1, 1, 1, 1, 1, 1, 1]);
  if (two) view.setBigInt64(168, BigInt(dataAt), littleEndian);
  else real(108, [dataAt]);
  real(two ? 176 : 112, [fields.slope ?? 1, fields.inter ?? 0]);
  real(two ? 192 : 124, [fields.calMax ?? 0]);
  if (two) int(500, fields.units ?? 0);
  else view.setUint8(123, fields.units ?? 0);
  if (two) {
    int(344, fields.qform ?? 0);
    int(348, fields.sform ?? 0);
  } else {
    short(252, fields.qform ?? 0);
    short(254, fields.sform ?? 0);
  }
  const placement = [
    ...(fields.quaternion ?? [0, 0, 0]),
    ...(fields.qoffset ?? [0, 0, 0]),
    ...(fields.srows ?? identityRows),
  ];
  real(two ? 352 : 256, placement);
  const magic = fields.magic ?? `n+${version}\0`;
  [...magic].forEach((letter, i) => {
    view.setUint8((two ? 4 : 344) + i, letter.charCodeAt(0));
  });
  if (fields.extensionBytes) view.setUint8(header, 1);
  for (let i = 0; i < count; i++) fields.write(view, dataAt + i * fields.bytesPerVoxel, i, littleEndian);
  return new Uint8Array(buffer);
}

/** A uint8 volume whose voxel i is `value(x, y, z)`. */
export function byteVolume(
  size: readonly [number, number, number],
  value: (x: number, y: number, z: number) => number,
  fields: Partial<NiftiFields> = {},
): Uint8Array {
  const [nx, ny] = size;
  return niftiFile({
    dims: size,
    datatype: 2,
    bytesPerVoxel: 1,
    write: (view, at, i) => view.setUint8(at, value(i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny)))),
    ...fields,
  });
}
