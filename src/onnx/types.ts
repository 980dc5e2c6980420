/** Numbers that the ONNX format gives to element types and kinds of attributes (TensorProto.DataType, AttributeProto.AttributeType). */
import type { DataType } from '../graph/ir.js';

/** Names by number, as ONNX spells them; what numavox computes with is in `dataTypes`. */
const elementTypeNames = [
  'undefined',
  'float',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'double',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
] as const;

/** TensorProto.DataType of each type that a tensor can have here. */
export const elementTypeOf: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

const dataTypes = new Map(Object.entries(elementTypeOf).map(([name, number]) => [number, name as DataType]));

/** The type with that number, or undefined where numavox has none. */
export const dataTypeOf = (elementType: number): DataType | undefined => dataTypes.get(elementType);

/** For messages. */
export const elementTypeName = (elementType: number): string =>
  dataTypeOf(elementType) ?? elementTypeNames[elementType] ?? `number ${elementType}`;

/** AttributeProto.AttributeType. */
export const attributeType = {
  undefined: 0,
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparseTensor: 11,
  sparseTensors: 12,
  typeProto: 13,
  typeProtos: 14,
} as const;

/** TensorProto.DataLocation of a tensor whose bytes are in a file of their own. */
export const externalLocation = 1;
