/**
 * Graph to ONNX bytes (opset 13). Invariant: all sizes are known before the first byte is made, so that weights are made and written
 * piece by piece and a model is never in memory as a whole.
 *
 *     ModelProto:  ir_version, producer, opset_import | graph
 *                                                       +-> nodes, name, inputs, outputs | initializer | initializer ...
 *                                                                                          +-> dims, type, name | raw data
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { NumavoxError } from '../errors.js';
import { bytesPerElement, readFloats } from '../graph/constant.js';
import type { Constant, Dim, Graph, TensorType, TypedGraph } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { encodedOpset, encodeNode } from './encode_node.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './generated/onnx_pb.js';
import { withFile } from './source.js';
import { elementTypeOf } from './types.js';

/** Elements [start, start + count) of a float32 constant, row-major, into the beginning of `into`. */
export type FloatReader = (constant: Constant, start: number, count: number, into: Float32Array) => unknown;

/** A model as bytes to come. */
export interface EncodedModel {
  readonly byteLength: number;
  /** The bytes in order; a chunk is only valid until the next one is asked for. */
  chunks(): Generator<Uint8Array>;
}

const irVersion = 7n;
/** Protobuf's own limit of a message. */
const mostBytes = 2 ** 31 - 1;
const chunkElements = 0x40000;

const graphField = 7;
const initializerField = 5;
const rawDataField = 9;
const lengthHeader = (field: number, length: number): Uint8Array =>
  new BinaryWriter().tag(field, 2).uint32(length).finish();

function valueInfo(
  name: string,
  { dtype, dims }: { readonly dtype: TensorType['dtype']; readonly dims: readonly Dim[] | null },
): ValueInfoProto {
  const dim = (dims ?? []).map(size =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof size === 'number' ? { case: 'dimValue', value: BigInt(size) } : { case: 'dimParam', value: size },
    }),
  );
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: elementTypeOf[dtype],
    ...(dims && { shape: create(TensorShapeProtoSchema, { dim }) }),
  });
  return create(ValueInfoProtoSchema, { name, type: create(TypeProtoSchema, { tensorType }) });
}

const isTyped = (graph: Graph): graph is TypedGraph => 'types' in graph;

/** Before shape inference an output is declared as a float32 tensor of any shape. */
function outputInfo(graph: Graph, name: string): ValueInfoProto {
  const type = isTyped(graph) ? graph.types.get(name) : undefined;
  return valueInfo(name, type ?? { dtype: 'float32', dims: null });
}

function* constantChunks(constant: Constant, read: FloatReader): Generator<Uint8Array> {
  const { source, dtype, dims } = constant;
  if (dtype === 'float32') {
    const count = sizeOf(dims);
    const floats = new Float32Array(Math.min(count, chunkElements));
    for (let start = 0; start < count; start += chunkElements) {
      const length = Math.min(count - start, chunkElements);
      read(constant, start, length, floats.subarray(0, length));
      yield new Uint8Array(floats.buffer, 0, length * 4);
    }
  } else if (source.kind === 'bytes') {
    yield source.bytes;
  } else if (source.kind === 'file') {
    yield withFile(source.path, file => file.read(source.offset, source.offset + source.length));
  } else {
    throw new NumavoxError('unsupported', `a generated constant is of type ${dtype}, only float32 can be made`);
  }
}

interface EncodedConstant {
  readonly constant: Constant;
  /** Everything before the raw data. */
  readonly head: Uint8Array;
  readonly rawBytes: number;
}

function encodeConstant(name: string, constant: Constant): EncodedConstant {
  const { dtype, dims } = constant;
  const rawBytes = sizeOf(dims) * bytesPerElement[dtype];
  const tensor = create(TensorProtoSchema, { name, dataType: elementTypeOf[dtype], dims: dims.map(BigInt) });
  const writer = new BinaryWriter().raw(toBinary(TensorProtoSchema, tensor)).tag(rawDataField, 2).uint32(rawBytes);
  const fields = writer.finish();
  const head = new BinaryWriter()
    .raw(lengthHeader(initializerField, fields.length + rawBytes))
    .raw(fields)
    .finish();
  return { constant, head, rawBytes };
}

/**
 * The model of a graph, to be made chunk by chunk.
 *
 * @param read brings the elements of float32 constants, wherever they are
 * @throws NumavoxError `unsupported` for a fused node, for what opset 13 does not have, and for more than 2 GiB.
 */
export function prepareModel(graph: Graph, read: FloatReader): EncodedModel {
  const nodes = graph.nodes.map(encodeNode);
  const added = nodes.flatMap(node => [...node.constants]);
  const needed = new Set([...graph.outputs, ...nodes.flatMap(({ proto }) => proto.input)]);
  const constants = [...new Map([...graph.constants, ...added])].filter(([name]) => needed.has(name));
  const total = constants.reduce((sum, [, { dims, dtype }]) => sum + sizeOf(dims) * bytesPerElement[dtype], 0);
  if (total > mostBytes) {
    throw new NumavoxError(
      'unsupported',
      `a model with ${total} bytes of weights does not fit an ONNX file of ${mostBytes}`,
    );
  }
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: 'numavox',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(encodedOpset) })],
  });
  const graphHead = create(GraphProtoSchema, {
    name: graph.name,
    node: nodes.map(({ proto }) => proto),
    input: graph.inputs.map(({ name, type }) => valueInfo(name, type)),
    output: graph.outputs.map(name => outputInfo(graph, name)),
  });
  const encoded = constants.map(([name, constant]) => encodeConstant(name, constant));
  const graphBytes = toBinary(GraphProtoSchema, graphHead);
  const graphLength = encoded.reduce((sum, { head, rawBytes }) => sum + head.length + rawBytes, graphBytes.length);
  const head = new BinaryWriter()
    .raw(toBinary(ModelProtoSchema, model))
    .raw(lengthHeader(graphField, graphLength))
    .raw(graphBytes)
    .finish();
  const byteLength = head.length + graphLength - graphBytes.length;
  if (byteLength > mostBytes) {
    throw new NumavoxError('unsupported', `a model of ${byteLength} bytes does not fit an ONNX file of ${mostBytes}`);
  }
  function* chunks(): Generator<Uint8Array> {
    yield head;
    for (const { constant, head: tensorHead } of encoded) {
      yield tensorHead;
      yield* constantChunks(constant, read);
    }
  }
  return { byteLength, chunks };
}

/** The bytes of a graph's model. For models with large weights there is `writeModel`. @throws as `prepareModel`. */
export function encodeModel(graph: Graph, read: FloatReader = readFloats): Uint8Array<ArrayBuffer> {
  const { byteLength, chunks } = prepareModel(graph, read);
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const chunk of chunks()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
