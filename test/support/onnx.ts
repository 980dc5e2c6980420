/**
 * ONNX models in code: bytes of a model of any opset, op and attribute, valid or not, from plain objects.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import type { DataType } from '../../src/graph/ir.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from '../../src/onnx/generated/onnx_pb.js';
import { attributeType, elementTypeOf, externalLocation } from '../../src/onnx/types.js';

export interface TensorSpec {
  readonly dims: readonly number[];
  /** Numbers, or little-endian bytes as they are. Without data the tensor has none (external ones). */
  readonly data?: ArrayLike<number> | Uint8Array;
  /** float32 unless given; a number is taken as TensorProto.DataType. */
  readonly dtype?: DataType | number;
  /** Stores numbers in float_data, int32_data, int64_data or double_data in place of raw_data. */
  readonly typed?: boolean;
  /** Key-value pairs of external_data: location, offset, length. */
  readonly external?: Readonly<Record<string, string | number>>;
}

/** An attribute of type FLOAT, FLOATS or STRINGS where the plain value would not say so. */
export interface TypedAttribute {
  readonly type: 'float' | 'floats' | 'ints' | 'strings' | 'graph';
  readonly value: number | readonly number[] | readonly string[];
}

/** Integers are INT or INTS, other numbers FLOAT or FLOATS, texts STRING, tensors TENSOR. */
export type AttributeSpec = number | readonly number[] | string | TensorSpec | TypedAttribute;

export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attrs?: Readonly<Record<string, AttributeSpec>>;
}

export interface ModelSpec {
  /** 13 unless given. */
  readonly opset?: number;
  readonly irVersion?: number;
  readonly opsets?: readonly { readonly domain: string; readonly version: number }[];
  readonly nodes: readonly NodeSpec[];
  /** A dimension is a size, a symbol, or null where it is not declared. */
  readonly inputs: readonly {
    readonly name: string;
    readonly dims?: readonly (number | string | null)[];
    readonly dtype?: DataType | number;
  }[];
  readonly outputs: readonly string[];
  readonly initializers?: Readonly<Record<string, TensorSpec>>;
}

/** An attribute of type FLOAT, whatever the number. */
export const float = (value: number): TypedAttribute => ({ type: 'float', value });

const elementType = (dtype: DataType | number | undefined): number =>
  typeof dtype === 'number' ? dtype : elementTypeOf[dtype ?? 'float32'];

function rawBytes(dtype: DataType | number | undefined, data: ArrayLike<number> | Uint8Array): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const numbers = Array.from(data);
  const arrays = {
    float32: () => Float32Array.from(numbers),
    float64: () => Float64Array.from(numbers),
    int64: () => BigInt64Array.from(numbers, value => BigInt(value)),
    int32: () => Int32Array.from(numbers),
    uint8: () => Uint8Array.from(numbers),
    int8: () => Int8Array.from(numbers),
    bool: () => Uint8Array.from(numbers),
    float16: () => Uint16Array.from(numbers),
  };
  if (typeof dtype === 'number') throw new TypeError('data of an element type given as a number must be bytes');
  return new Uint8Array(arrays[dtype ?? 'float32']().buffer);
}

function typedData(dtype: DataType | number | undefined, data: ArrayLike<number>) {
  const numbers = Array.from(data);
  switch (dtype ?? 'float32') {
    case 'float32':
      return { floatData: numbers };
    case 'float64':
      return { doubleData: numbers };
    case 'int64':
      return { int64Data: numbers.map(BigInt) };
    default:
      return { int32Data: numbers };
  }
}

/** A TensorProto; `data` of type float16 are its bits. */
export function tensorProto(name: string, spec: TensorSpec): TensorProto {
  const { dims, data, dtype, typed, external } = spec;
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: elementType(dtype),
    ...(data && (typed ? typedData(dtype, data) : { rawData: rawBytes(dtype, data) })),
    ...(external && {
      dataLocation: externalLocation,
      externalData: Object.entries(external).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value: String(value) }),
      ),
    }),
  });
}

const isTyped = (spec: object): spec is TypedAttribute => 'type' in spec;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function attributeProto(name: string, spec: AttributeSpec): AttributeProto {
  const make = (type: keyof typeof attributeType, fields: object) =>
    create(AttributeProtoSchema, { name, type: attributeType[type], ...fields });
  if (typeof spec === 'string') return make('string', { s: utf8(spec) });
  if (typeof spec === 'number') {
    return Number.isInteger(spec) ? make('int', { i: BigInt(spec) }) : make('float', { f: spec });
  }
  if (Array.isArray(spec)) {
    const whole = spec.every(Number.isInteger);
    return whole ? make('ints', { ints: spec.map(value => BigInt(value)) }) : make('floats', { floats: [...spec] });
  }
  const object = spec as TensorSpec | TypedAttribute;
  if (!isTyped(object)) return make('tensor', { t: tensorProto('', object) });
  const { type, value } = object;
  if (type === 'float') return make(type, { f: value });
  if (type === 'floats') return make(type, { floats: value });
  if (type === 'ints') return make(type, { ints: (value as readonly number[]).map(item => BigInt(item)) });
  if (type === 'strings') return make(type, { strings: (value as readonly string[]).map(utf8) });
  return make(type, {});
}

function dimension(dim: number | string | null) {
  if (dim === null) return create(TensorShapeProto_DimensionSchema);
  return create(TensorShapeProto_DimensionSchema, {
    value: typeof dim === 'string' ? { case: 'dimParam', value: dim } : { case: 'dimValue', value: BigInt(dim) },
  });
}

function valueInfo(name: string, dtype: DataType | number | undefined, dims?: readonly (number | string | null)[]) {
  const tensor = create(TypeProto_TensorSchema, {
    elemType: elementType(dtype),
    ...(dims && { shape: create(TensorShapeProtoSchema, { dim: dims.map(dimension) }) }),
  });
  return create(ValueInfoProtoSchema, { name, type: create(TypeProtoSchema, { tensorType: tensor }) });
}

/** Bytes of an ONNX model. Nothing is checked: tests also need models that are wrong. */
export function buildModel(spec: ModelSpec): Uint8Array<ArrayBuffer> {
  const opsets = spec.opsets ?? [{ domain: '', version: spec.opset ?? 13 }];
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(spec.irVersion ?? 8),
    producerName: 'numavox tests',
    opsetImport: opsets.map(({ domain, version }) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
    ),
    graph: create(GraphProtoSchema, {
      name: 'test',
      node: spec.nodes.map(node =>
        create(NodeProtoSchema, {
          opType: node.op,
          name: node.name ?? '',
          domain: node.domain ?? '',
          input: [...node.inputs],
          output: [...node.outputs],
          attribute: Object.entries(node.attrs ?? {}).map(([name, value]) => attributeProto(name, value)),
        }),
      ),
      input: spec.inputs.map(({ name, dims, dtype }) => valueInfo(name, dtype, dims)),
      output: spec.outputs.map(name => valueInfo(name, undefined)),
      initializer: Object.entries(spec.initializers ?? {}).map(([name, tensor]) => tensorProto(name, tensor)),
    }),
  });
  return toBinary(ModelProtoSchema, model);
}

/** Bytes of a tensor file (`.pb`). */
export const buildTensor = (name: string, spec: TensorSpec): Uint8Array<ArrayBuffer> =>
  toBinary(TensorProtoSchema, tensorProto(name, spec));
