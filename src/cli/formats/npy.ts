/**
 * NumPy's .npy files: arrays of real numbers in, float32 arrays out. A tensor's data is always row-major, whatever the
 * order in the file.
 */
import { NumavoxError } from '../../index.js';

/** Row-major: the last dimension runs fastest. */
export interface FloatTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

type Reader = (view: DataView, offset: number, littleEndian: boolean) => number;

interface ElementType {
  readonly bytes: number;
  readonly read: Reader;
}

/** By the type string of the header, without its byte-order character. */
const elementTypes = new Map<string, ElementType>(
  Object.entries({
    f4: { bytes: 4, read: (view, offset, little) => view.getFloat32(offset, little) },
    f8: { bytes: 8, read: (view, offset, little) => view.getFloat64(offset, little) },
    u1: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
    i1: { bytes: 1, read: (view, offset) => view.getInt8(offset) },
    b1: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
    u2: { bytes: 2, read: (view, offset, little) => view.getUint16(offset, little) },
    i2: { bytes: 2, read: (view, offset, little) => view.getInt16(offset, little) },
    u4: { bytes: 4, read: (view, offset, little) => view.getUint32(offset, little) },
    i4: { bytes: 4, read: (view, offset, little) => view.getInt32(offset, little) },
  } satisfies Record<string, ElementType>),
);

const magic = '\x93NUMPY';

/**
 * Reads versions 1 to 3, C or Fortran order, either byte order. Numbers of other types become float32.
 * @param file named in errors, all of kind `input`
 */
export function readNpy(bytes: Uint8Array, file: string): FloatTensor {
  const fail = (reason: string): NumavoxError => new NumavoxError('input', `${file}: ${reason}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || latin1(bytes, 0, 6) !== magic) throw fail('not a .npy file');
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw fail(`.npy version ${version} is not known (1 to 3 are)`);
  const headerAt = version === 1 ? 10 : 12;
  if (bytes.length < headerAt) throw fail('truncated in its header');
  const dataAt = headerAt + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < dataAt) throw fail('truncated in its header');
  const { descr, fortran, dims } = parseHeader(latin1(bytes, headerAt, dataAt), fail);

  const type = elementTypes.get(descr.slice(1));
  if (type === undefined || !'<>|='.includes(descr[0]!)) {
    throw fail(`elements of type ${descr} are not read (real numbers are: ${[...elementTypes.keys()].join(', ')})`);
  }
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (bytes.length - dataAt < count * type.bytes) {
    throw fail(
      `truncated: [${dims.join(',')}] of ${descr} takes ${count * type.bytes} bytes, ${bytes.length - dataAt} are there`,
    );
  }
  const data = readElements(view, dataAt, count, descr, type);
  return { dims, data: fortran ? fromFortran(data, dims) : data };
}

/** The file as the pieces to write in turn: version 1, float32, C order; the data is not copied. */
export function npyPieces(tensor: FloatTensor): Uint8Array[] {
  const shape = tensor.dims.length === 1 ? `${tensor.dims[0]},` : tensor.dims.join(', ');
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`;
  const headerBytes = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const header = Buffer.alloc(headerBytes, ' ');
  header.write(magic, 0, 'latin1');
  header.set([1, 0], 6);
  header.writeUInt16LE(headerBytes - 10, 8);
  header.write(dict, 10, 'latin1');
  header.write('\n', headerBytes - 1, 'latin1');
  return [header, new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength)];
}

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');

/** The header is a Python dictionary with these three keys in any order. */
function parseHeader(
  text: string,
  fail: (reason: string) => NumavoxError,
): { descr: string; fortran: boolean; dims: number[] } {
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]+)['"]/.exec(text)?.[1];
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /['"]shape['"]\s*:\s*\(([\d\sL,]*)\)/.exec(text)?.[1];
  if (descr === undefined && /['"]descr['"]\s*:\s*\[/.test(text)) throw fail('records are not read, only plain arrays');
  if (descr === undefined || order === undefined || shape === undefined) throw fail('its header cannot be read');
  const dims = shape
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(part => Number.parseInt(part, 10));
  return { descr, fortran: order === 'True', dims };
}

function readElements(view: DataView, dataAt: number, count: number, descr: string, type: ElementType): Float32Array {
  const data = new Float32Array(count);
  const little = descr[0] !== '>';
  if (descr.slice(1) === 'f4' && little) {
    const target = new Uint8Array(data.buffer);
    target.set(new Uint8Array(view.buffer, view.byteOffset + dataAt, count * 4));
    return data;
  }
  for (let i = 0; i < count; i++) data[i] = type.read(view, dataAt + i * type.bytes, little);
  return data;
}

/** First dimension fastest -> last dimension fastest. */
function fromFortran(source: Float32Array, dims: readonly number[]): Float32Array {
  const rank = dims.length;
  if (rank < 2 || source.length === 0) return source;
  const strides = dims.map((_, axis) => dims.slice(0, axis).reduce((product, dim) => product * dim, 1));
  const result = new Float32Array(source.length);
  const index = new Array<number>(rank).fill(0);
  let at = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = source[at]!;
    for (let axis = rank - 1; axis >= 0; axis--) {
      index[axis]!++;
      at += strides[axis]!;
      if (index[axis]! < dims[axis]!) break;
      at -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
