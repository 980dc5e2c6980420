/**
 * Bytes to ModelProto. Invariant: the raw data of a model's tensors are never copied, and those of a file are never read: they
 * stay where they are as (file, offset, length).
 */
import { resolve } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { NumavoxError } from '../errors.js';
import { type ModelProto, ModelProtoSchema, type TensorProto } from './generated/onnx_pb.js';
import { bytesInMemory, withFile } from './source.js';
import { type Bytes, lengthOf, type Piece, walkModel } from './wire.js';

export interface FileRange {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** What it takes to find the data of a tensor. */
export interface TensorPlaces {
  /** Absolute path of the model's file; null for a model from bytes, which can have no external data. */
  readonly path: string | null;
  /** Where the raw data of a tensor are in a file, or null where they are in the tensor itself. */
  readonly rawRange: (tensor: TensorProto) => FileRange | null;
}

export interface DecodedModel extends TensorPlaces {
  /** What errors call it: the path as it was given, or 'a model of N bytes'. */
  readonly label: string;
  readonly proto: ModelProto;
}

/** Smaller raw data of a file are read at once: shapes, axes, biases. */
const leastBlobBytes = 1024;
/** What a model without its weights can never need, and one Uint8Array can hold. */
const mostSkeletonBytes = 2 ** 31 - 1;
/** The newest IR version is 14; far beyond it are bytes that happen to parse. */
const mostPlausibleIrVersion = 1000n;

interface Skeleton {
  /** The model with every blob empty. */
  readonly bytes: Uint8Array;
  /** The blobs by the place in `bytes` where their empty values are. */
  readonly blobs: ReadonlyMap<number, { readonly start: number; readonly end: number }>;
}

function assemble(model: Bytes, pieces: readonly Piece[]): Skeleton {
  const total = lengthOf(pieces);
  if (total > mostSkeletonBytes) {
    const detail = `${total} bytes beside raw data, at most ${mostSkeletonBytes} can be read`;
    throw new NumavoxError('unsupported', `${model.label} has ${detail}`);
  }
  const bytes = new Uint8Array(total);
  const blobs = new Map<number, { start: number; end: number }>();
  let at = 0;
  for (const piece of pieces) {
    if (piece.kind === 'blob') {
      blobs.set(at, piece);
      continue;
    }
    const part = piece.kind === 'bytes' ? piece.bytes : model.read(piece.start, piece.end);
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, blobs };
}

function parse(label: string, bytes: Uint8Array): ModelProto {
  let proto: ModelProto;
  try {
    proto = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new NumavoxError('model', `${label} is no ONNX model, or a damaged one: ${String(cause)}`, { cause });
  }
  const { irVersion, graph, opsetImport } = proto;
  const why = (detail: string) => new NumavoxError('model', `${label} is no ONNX model, or a damaged one: ${detail}`);
  if (irVersion < 1n || irVersion > mostPlausibleIrVersion) throw why(`its IR version is ${irVersion}`);
  if (!graph) throw why('it has no graph');
  if (graph.node.length === 0) throw why('its graph has no nodes');
  if (opsetImport.length === 0) throw why('it names no operator set');
  return proto;
}

function decodeFile(label: string): DecodedModel {
  const path = resolve(label);
  const { bytes, blobs } = withFile(label, file => assemble(file, walkModel(file, leastBlobBytes)));
  const proto = parse(label, bytes);
  const rawRange = ({ rawData }: TensorProto): FileRange | null => {
    // The decoder's byte arrays are views of the skeleton, empty ones too: where a view begins says which blob it was.
    const blob = rawData?.buffer === bytes.buffer ? blobs.get(rawData.byteOffset) : undefined;
    return blob ? { path, offset: blob.start, length: blob.end - blob.start } : null;
  };
  return { label, path, proto, rawRange };
}

/**
 * Reads a model. From a path, raw data of 1 KiB and more stay in the file; from bytes they are views of these bytes, which
 * must not change while the model is in use.
 *
 * @throws NumavoxError `input` where there is no readable file, `model` for bytes that are no ONNX model.
 */
export function decodeModel(source: string | Uint8Array | ArrayBuffer): DecodedModel {
  if (typeof source === 'string') return decodeFile(source);
  const bytes =
    source instanceof Uint8Array
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source);
  const label = `a model of ${bytes.length} bytes`;
  // The walk says what is damaged, and where, as it does for a file.
  walkModel(bytesInMemory(label, bytes), Number.POSITIVE_INFINITY);
  return { label, path: null, proto: parse(label, bytes), rawRange: () => null };
}
