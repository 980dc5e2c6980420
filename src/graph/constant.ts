/**
 * Reading constants, wherever their bytes are. Nothing is kept: a constant's bytes are read when they are asked for, and
 * only the run that is asked for. Imports nothing heavy: workers read their own share of the weights.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { NumavoxError } from '../errors.js';
import { fromFloat16 } from './float16.js';
import { fillGenerated } from './generate.js';
import type { ByteSource, Constant, DataType } from './ir.js';
import { sizeOf } from './shape.js';

/** Elements of a constant; float16 as Float32Array (exact), bool as Uint8Array (0 or 1). */
export type ConstantData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | Int8Array;

export const bytesPerElement: Readonly<Record<DataType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  int64: 8,
  int32: 4,
  uint8: 1,
  int8: 1,
  bool: 1,
};

const chunkElements = 0x10000;
const descriptors = new Map<string, number>();

/** Closes the files that reads have opened on this thread; otherwise that happens after the current turn of the event loop. */
export function closeConstantFiles(): void {
  for (const descriptor of descriptors.values()) closeSync(descriptor);
  descriptors.clear();
}

function open(path: string): number {
  const known = descriptors.get(path);
  if (known !== undefined) return known;
  try {
    const descriptor = openSync(path, 'r');
    // Kept for this turn of the event loop alone: by the next one another file may lie at the path.
    if (descriptors.size === 0) setImmediate(closeConstantFiles).unref();
    descriptors.set(path, descriptor);
    return descriptor;
  } catch (cause) {
    throw new NumavoxError('model', `${path}: the file with the model's weights cannot be opened`, { cause });
  }
}

/** Fills `into` with the source's bytes from byte `start` on. */
function readBytes(source: Exclude<ByteSource, { kind: 'generated' }>, start: number, into: Uint8Array): void {
  const end = start + into.length;
  const length = source.kind === 'bytes' ? source.bytes.length : source.length;
  if (end > length) {
    const where = source.kind === 'file' ? `${source.path}: a tensor` : 'a tensor';
    throw new NumavoxError('model', `${where} has ${length} bytes of data where its shape needs at least ${end}`);
  }
  if (source.kind === 'bytes') {
    into.set(source.bytes.subarray(start, end));
    return;
  }
  const descriptor = open(source.path);
  let at = 0;
  while (at < into.length) {
    const count = read(source.path, descriptor, into.subarray(at), source.offset + start + at);
    if (count === 0) {
      const size = source.offset + start + at;
      throw new NumavoxError(
        'model',
        `${source.path} ends at byte ${size}; a tensor goes on to ${source.offset + end}`,
      );
    }
    at += count;
  }
}

function read(path: string, descriptor: number, into: Uint8Array, position: number): number {
  // One call moves less than 2 GiB.
  const length = Math.min(into.length, 0x40000000);
  try {
    return readSync(descriptor, into, 0, length, position);
  } catch (cause) {
    throw new NumavoxError('model', `${path}: the file with the model's weights cannot be read`, { cause });
  }
}

/** `bytes` as elements of their type; they begin at an address that suits it. */
function elementsOf(dtype: DataType, bytes: Uint8Array): ConstantData {
  const { buffer, byteOffset } = bytes;
  const count = bytes.length / bytesPerElement[dtype];
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float64':
      return new Float64Array(buffer, byteOffset, count);
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), fromFloat16);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, count);
    case 'int32':
      return new Int32Array(buffer, byteOffset, count);
    case 'int8':
      return new Int8Array(buffer, byteOffset, count);
    case 'uint8':
    case 'bool':
      return bytes;
  }
}

function applyScale(constant: Constant, start: number, data: Float32Array): void {
  if (!constant.scale) return;
  const { axis, factors } = constant.scale;
  const size = constant.dims[axis]!;
  const inner = sizeOf(constant.dims.slice(axis + 1));
  let at = 0;
  while (at < data.length) {
    const index = start + at;
    const factor = factors[Math.floor(index / inner) % size]!;
    const end = Math.min(data.length, at + inner - (index % inner));
    for (; at < end; at++) data[at] = data[at]! * factor;
  }
}

/**
 * Elements [start, start + count) of the constant, row-major, as float32 with its scale applied; into the beginning of
 * `into` where that is given (which may lie in shared memory). Other types are converted, rounding to nearest.
 * @throws NumavoxError `model` where the bytes are missing or cannot be read
 */
export function readFloats(constant: Constant, start: number, count: number, into?: Float32Array): Float32Array {
  const total = sizeOf(constant.dims);
  if (start < 0 || count < 0 || start + count > total || (into && into.length < count)) {
    throw new RangeError(`elements ${start} to ${start + count} of ${total}, into ${into?.length ?? count}`);
  }
  const floats = into ? into.subarray(0, count) : new Float32Array(count);
  const { source, dtype } = constant;
  if (source.kind === 'generated') {
    fillGenerated(source.generator, (source.first ?? 0) + start, floats);
  } else if (dtype === 'float32') {
    readBytes(source, start * 4, new Uint8Array(floats.buffer, floats.byteOffset, count * 4));
  } else {
    const bytes = new Uint8Array(Math.min(count, chunkElements) * bytesPerElement[dtype]);
    for (let at = 0; at < count; at += chunkElements) {
      const part = bytes.subarray(0, Math.min(count - at, chunkElements) * bytesPerElement[dtype]);
      readBytes(source, (start + at) * bytesPerElement[dtype], part);
      const elements = elementsOf(dtype, part);
      for (let i = 0; i < elements.length; i++) floats[at + i] = Number(elements[i]);
    }
  }
  applyScale(constant, start, floats);
  return floats;
}

/**
 * The whole constant, in its own type (float32 where it is generated or scaled).
 * @throws NumavoxError `model` where the bytes are missing or cannot be read
 */
export function readConstant(constant: Constant): ConstantData {
  const count = sizeOf(constant.dims);
  const { source, dtype } = constant;
  if (source.kind === 'generated' || constant.scale) return readFloats(constant, 0, count);
  const bytes = new Uint8Array(count * bytesPerElement[dtype]);
  readBytes(source, 0, bytes);
  return elementsOf(dtype, bytes);
}

/** The whole constant as numbers, row-major. int64 beyond 2^53 is rounded (the largest to 2^63). */
export function readNumbers(constant: Constant): Float64Array {
  const data = readConstant(constant);
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : Float64Array.from(data);
}

/** A constant that holds `numbers`, rounded to its type (int64: 2^63 becomes the largest). float16 cannot be made. */
export function makeConstant(
  dtype: Exclude<DataType, 'float16'>,
  dims: readonly number[],
  numbers: ArrayLike<number>,
): Constant {
  const data = encode(dtype, numbers);
  return {
    dtype,
    dims,
    source: { kind: 'bytes', bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) },
  };
}

const largest = 2n ** 63n - 1n;

function toInt64(value: number): bigint {
  const whole = BigInt(value);
  return whole > largest ? largest : whole;
}

function encode(dtype: Exclude<DataType, 'float16'>, numbers: ArrayLike<number>): ConstantData {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(numbers);
    case 'float64':
      return Float64Array.from(numbers);
    case 'int64':
      return BigInt64Array.from(Array.from(numbers, toInt64));
    case 'int32':
      return Int32Array.from(numbers);
    case 'int8':
      return Int8Array.from(numbers);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(numbers);
  }
}
