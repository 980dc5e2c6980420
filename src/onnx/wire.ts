/**
 * Walks the protobuf encoding of a model and finds the raw data of its tensors, without decoding anything else and without
 * touching the raw data. Invariant: what the walk accepts nests properly, each field ends within its message.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { NumavoxError } from '../errors.js';

/** Random access to the bytes of a model. `read` is only called for ranges that lie inside. */
export interface Bytes {
  /** What errors call it: a path, or 'a model of N bytes'. */
  readonly label: string;
  readonly size: number;
  byte(at: number): number;
  read(start: number, end: number): Uint8Array;
}

/** A part of a rewritten message: bytes [start, end) as they are, new bytes, or the place of a blob that stays out. */
export type Piece =
  | { readonly kind: 'copy'; readonly start: number; readonly end: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'blob'; readonly start: number; readonly end: number };

type Message = 'model' | 'graph' | 'node' | 'attribute' | 'tensor';

/** Field numbers (onnx.proto) of the messages on the way to a TensorProto. */
const children: Readonly<Record<Message, Readonly<Record<number, Message>>>> = {
  model: { 7: 'graph' },
  graph: { 1: 'node', 5: 'tensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor' },
  tensor: {},
};
const rawDataField = 9;

const wireVarint = 0;
const wireFixed64 = 1;
const wireLength = 2;
const wireFixed32 = 5;

interface Field {
  readonly number: number;
  readonly wire: number;
  /** Where its value (behind tag and length) begins and ends. */
  readonly start: number;
  readonly end: number;
}

function broken(bytes: Bytes, detail: string): NumavoxError {
  return new NumavoxError('model', `${bytes.label} is no ONNX model, or a damaged one: ${detail}`);
}

/** A varint of at most 2^53 - 1, which is all that tags and lengths can be. */
function varint(bytes: Bytes, at: number, end: number): { value: number; next: number } {
  let value = 0;
  let factor = 1;
  for (let next = at; next < end && next < at + 8; ) {
    const byte = bytes.byte(next++);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, next };
    factor *= 128;
  }
  throw broken(bytes, at + 8 < end ? `byte ${at} begins no tag or length` : `it is cut short at byte ${end}`);
}

function endOfVarint(bytes: Bytes, at: number, end: number): number {
  for (let next = at; next < end && next < at + 10; next++) if (bytes.byte(next) < 0x80) return next + 1;
  throw broken(bytes, `the number at byte ${at} does not end`);
}

function endOf(bytes: Bytes, wire: number, at: number, end: number): { start: number; end: number } {
  switch (wire) {
    case wireVarint:
      return { start: at, end: endOfVarint(bytes, at, end) };
    case wireFixed64:
      return { start: at, end: at + 8 };
    case wireFixed32:
      return { start: at, end: at + 4 };
    case wireLength: {
      const { value, next } = varint(bytes, at, end);
      return { start: next, end: next + value };
    }
    default:
      throw broken(bytes, `byte ${at - 1} begins no protobuf field`);
  }
}

function fieldAt(bytes: Bytes, at: number, end: number): Field {
  const { value: tag, next } = varint(bytes, at, end);
  const number = Math.floor(tag / 8);
  if (number === 0 || number > 0x1fffffff) throw broken(bytes, `byte ${at} begins no protobuf field`);
  const wire = tag % 8;
  const range = endOf(bytes, wire, next, end);
  if (range.end > bytes.size) {
    throw broken(bytes, `it has ${bytes.size} bytes, and a field at byte ${at} goes on to byte ${range.end}`);
  }
  if (range.end > end) throw broken(bytes, `the field at byte ${at} goes on beyond its message, which ends at ${end}`);
  return { number, wire, ...range };
}

function pieceLength(piece: Piece): number {
  if (piece.kind === 'blob') return 0;
  return piece.kind === 'bytes' ? piece.bytes.length : piece.end - piece.start;
}

export const lengthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((total, piece) => total + pieceLength(piece), 0);

const lengthHeader = (field: number, length: number): Piece => ({
  kind: 'bytes',
  bytes: new BinaryWriter().tag(field, wireLength).uint32(length).finish(),
});

/** Appends a copy, as one with the piece before it where they are neighbours. */
function copy(pieces: Piece[], start: number, end: number): void {
  const last = pieces.at(-1);
  if (last?.kind === 'copy' && last.end === start) pieces[pieces.length - 1] = { ...last, end };
  else pieces.push({ kind: 'copy', start, end });
}

function walkMessage(bytes: Bytes, message: Message, range: { start: number; end: number }, least: number): Piece[] {
  const pieces: Piece[] = [];
  for (let at = range.start; at < range.end; ) {
    const field = fieldAt(bytes, at, range.end);
    const child = field.wire === wireLength ? children[message][field.number] : undefined;
    const inner = child ? walkMessage(bytes, child, field, least) : [];
    const isRawData = message === 'tensor' && field.number === rawDataField && field.wire === wireLength;
    if (isRawData && field.end - field.start >= least) {
      pieces.push(lengthHeader(rawDataField, 0), { kind: 'blob', start: field.start, end: field.end });
    } else if (inner.some(piece => piece.kind === 'blob')) {
      pieces.push(lengthHeader(field.number, lengthOf(inner)));
      for (const piece of inner) pieces.push(piece);
    } else {
      copy(pieces, at, field.end);
    }
    at = field.end;
  }
  return pieces;
}

/**
 * The model as pieces that give, one behind the other, the same model with all raw data of at least `leastBlob` bytes empty.
 * A blob's piece stands where the (empty) value of its field is.
 *
 * @throws NumavoxError `model` where the bytes are no protobuf, or end early.
 */
export function walkModel(bytes: Bytes, leastBlob: number): Piece[] {
  if (bytes.size === 0) throw new NumavoxError('model', `${bytes.label} is empty`);
  return walkMessage(bytes, 'model', { start: 0, end: bytes.size }, leastBlob);
}
