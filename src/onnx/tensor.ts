/** TensorProto to constants and to tensors in memory. Invariant: the data's length fits the dimensions. */
import { fromBinary } from '@bufbuild/protobuf';
import { NumavoxError } from '../errors.js';
import { bytesPerElement, type ConstantData, readConstant } from '../graph/constant.js';
import type { ByteSource, Constant, DataType } from '../graph/ir.js';
import { showDims, sizeOf } from '../graph/shape.js';
import type { TensorPlaces } from './decode.js';
import { externalRange } from './external.js';
import { type TensorProto, TensorProtoSchema } from './generated/onnx_pb.js';
import { dataTypeOf, elementTypeName, externalLocation } from './types.js';

/** The elements of the field of typed data that the type uses (onnx.proto, TensorProto), as little-endian bytes. */
function typedBytes(tensor: TensorProto, dtype: DataType): Uint8Array {
  const arrays: Readonly<Record<DataType, () => ArrayBufferView>> = {
    float32: () => Float32Array.from(tensor.floatData),
    float64: () => Float64Array.from(tensor.doubleData),
    int64: () => BigInt64Array.from(tensor.int64Data),
    int32: () => Int32Array.from(tensor.int32Data),
    float16: () => Uint16Array.from(tensor.int32Data),
    uint8: () => Uint8Array.from(tensor.int32Data),
    int8: () => Int8Array.from(tensor.int32Data),
    bool: () => Uint8Array.from(tensor.int32Data, value => (value === 0 ? 0 : 1)),
  };
  const { buffer, byteOffset, byteLength } = arrays[dtype]();
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function dimsOf(tensor: TensorProto, what: string): number[] {
  const dims = tensor.dims.map(Number);
  if (dims.some(size => size < 0) || !Number.isSafeInteger(sizeOf(dims) * 8)) {
    throw new NumavoxError('model', `${what} has the shape ${showDims(dims)}`);
  }
  return dims;
}

function sourceOf(
  model: TensorPlaces,
  tensor: TensorProto,
  dtype: DataType,
  byteLength: number,
  what: string,
): ByteSource {
  if (tensor.dataLocation === externalLocation) {
    return { kind: 'file', ...externalRange(model, tensor, byteLength, what) };
  }
  const range = model.rawRange(tensor);
  if (range) return { kind: 'file', ...range };
  return { kind: 'bytes', bytes: tensor.rawData ?? typedBytes(tensor, dtype) };
}

/**
 * The tensor as a constant; its bytes stay where they are.
 *
 * @param what names the tensor in errors
 * @throws NumavoxError `unsupported` for an element type that numavox does not have, `model` for data that do not fit.
 */
export function constantOf(model: TensorPlaces, tensor: TensorProto, what: string): Constant {
  const dtype = dataTypeOf(tensor.dataType);
  if (!dtype) throw new NumavoxError('unsupported', `${what} is of type ${elementTypeName(tensor.dataType)}`);
  if (tensor.segment) throw new NumavoxError('unsupported', `${what} is stored in segments`);
  const dims = dimsOf(tensor, what);
  const byteLength = sizeOf(dims) * bytesPerElement[dtype];
  const source = sourceOf(model, tensor, dtype, byteLength, what);
  const actual = source.kind === 'file' ? source.length : source.kind === 'bytes' ? source.bytes.length : byteLength;
  if (actual !== byteLength) {
    const detail = `${actual} bytes of data, its shape ${showDims(dims)} of ${dtype} needs ${byteLength}`;
    throw new NumavoxError('model', `${what} has ${detail}`);
  }
  return { dtype, dims, source };
}

export interface DecodedTensor {
  /** Name of the value, where the file has one. */
  readonly name: string;
  readonly dtype: DataType;
  readonly dims: readonly number[];
  /** Row-major; float16 as Float32Array (exact), bool as Uint8Array (0 or 1). */
  readonly data: ConstantData;
}

/**
 * A tensor file (`.pb`: one TensorProto, as in the test sets of ONNX models).
 *
 * @param label names the file in errors
 * @throws NumavoxError `input` for bytes that are no such tensor.
 */
export function decodeTensor(bytes: Uint8Array, label = 'tensor bytes'): DecodedTensor {
  try {
    const tensor = fromBinary(TensorProtoSchema, bytes, { readUnknownFields: false });
    const model = { path: null, rawRange: () => null };
    const constant = constantOf(model, tensor, label);
    return { name: tensor.name, dtype: constant.dtype, dims: constant.dims, data: readConstant(constant) };
  } catch (cause) {
    const detail = cause instanceof NumavoxError ? cause.message : `${label} is no ONNX tensor: ${String(cause)}`;
    throw new NumavoxError('input', detail, { cause });
  }
}
