import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NumavoxError } from '../../../src/errors.js';
import { readFloats } from '../../../src/graph/constant.js';
import { decodeModel, importModel } from '../../../src/onnx/index.js';
import { failureOf } from '../../support/errors.js';
import { buildModel } from '../../support/onnx.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-decode-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function saved(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Weights large enough to stay in a file, and a bias that is not. */
const weights = Float32Array.from({ length: 8 * 4 * 27 }, (_, i) => Math.fround(Math.sin(i)));
const convModel = buildModel({
  nodes: [
    { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['y'] },
    { op: 'Constant', inputs: [], outputs: ['c'], attrs: { value: { dims: [weights.length], data: weights } } },
    { op: 'Mul', inputs: ['y', 'c'], outputs: ['z'] },
  ],
  inputs: [{ name: 'x', dims: [1, 4, 8, 8, 8] }],
  outputs: ['z'],
  initializers: {
    w: { dims: [8, 4, 3, 3, 3], data: weights },
    b: { dims: [8], data: [0, 1, 2, 3, 4, 5, 6, 7] },
  },
});

test('large raw data of a file stay in the file, at the right place, in initializers and in Constant nodes', () => {
  const path = saved('conv.onnx', convModel);
  const { constants } = importModel(decodeModel(path));
  for (const name of ['w', 'c']) {
    const constant = constants.get(name)!;
    expect(constant.source).toMatchObject({ kind: 'file', path, length: weights.byteLength });
    expect(readFloats(constant, 0, weights.length)).toEqual(weights);
  }
  const bias = constants.get('b')!;
  expect(bias.source.kind).toBe('bytes');
  expect(readFloats(bias, 0, 8)).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7));
});

test('raw data of bytes are views of these bytes, also inside a larger buffer', () => {
  const around = new Uint8Array(convModel.length + 14);
  around.set(convModel, 7);
  const { constants } = importModel(decodeModel(around.subarray(7, 7 + convModel.length)));
  const { source } = constants.get('w')!;
  if (source.kind !== 'bytes') throw new Error(source.kind);
  expect(source.bytes.buffer).toBe(around.buffer);
  expect(readFloats(constants.get('w')!, 0, weights.length)).toEqual(weights);
  const { buffer } = Uint8Array.from(convModel);
  expect(importModel(decodeModel(buffer)).nodes).toHaveLength(2);
});

test('a file beyond 4 GiB is read in its place', () => {
  const holeBytes = 2 ** 32 + 4096;
  const marker = Float32Array.from({ length: 512 }, (_, i) => i + 0.5);
  const initializer = (name: string, count: number) => ({ name, count, bytes: count * 4 });
  const [huge, late] = [initializer('huge', holeBytes / 4), initializer('late', marker.length)];
  const tensorHead = ({ name, count, bytes }: typeof huge) =>
    new BinaryWriter()
      .tag(1, 0)
      .uint64(count)
      .tag(2, 0)
      .int32(1)
      .tag(8, 2)
      .string(name)
      .tag(9, 2)
      .uint64(bytes)
      .finish();
  const length = (spec: typeof huge) => tensorHead(spec).length + spec.bytes;
  const fieldHead = (spec: typeof huge) =>
    new BinaryWriter().tag(5, 2).uint64(length(spec)).raw(tensorHead(spec)).finish();

  const small = buildModel({
    nodes: [{ op: 'Add', inputs: ['huge', 'late'], outputs: ['y'] }],
    inputs: [],
    outputs: ['y'],
  });
  const graphBytes = decodeGraphBytes(small);
  const graphLength = graphBytes.length + fieldHead(huge).length + huge.bytes + fieldHead(late).length + late.bytes;
  const head = new BinaryWriter()
    .raw(modelHead(small))
    .tag(7, 2)
    .uint64(graphLength)
    .raw(graphBytes)
    .raw(fieldHead(huge));

  const path = join(folder, 'huge.onnx');
  const descriptor = openSync(path, 'w');
  let at = writeSync(descriptor, head.finish());
  ftruncateSync(descriptor, at + holeBytes);
  at += holeBytes;
  at += writeSync(descriptor, fieldHead(late), 0, fieldHead(late).length, at);
  writeSync(descriptor, new Uint8Array(marker.buffer), 0, marker.byteLength, at);
  closeSync(descriptor);

  const { constants } = importModel(decodeModel(path));
  expect(constants.get('huge')).toMatchObject({ dims: [holeBytes / 4], source: { length: holeBytes } });
  expect(constants.get('late')!.source).toMatchObject({ offset: at });
  expect(at).toBeGreaterThan(2 ** 32);
  expect(readFloats(constants.get('late')!, 0, 512)).toEqual(marker);
  rmSync(path);
});

/** The bytes of the graph field of a model, without its tag and length. */
function decodeGraphBytes(model: Uint8Array): Uint8Array {
  const { start, end } = graphRange(model);
  return model.subarray(start, end);
}

/** A model's fields beside the graph. */
function modelHead(model: Uint8Array): Uint8Array {
  const { tagStart, end } = graphRange(model);
  return Uint8Array.from([...model.subarray(0, tagStart), ...model.subarray(end)]);
}

/** Only for models whose graph is shorter than 128 bytes: one byte of tag, one of length. */
function graphRange(model: Uint8Array) {
  const tagStart = model.indexOf((7 << 3) | 2, 2 + 2 + 'numavox tests'.length);
  const start = tagStart + 2;
  return { tagStart, start, end: start + model[tagStart + 1]! };
}

test.each(['path', 'bytes'])('every truncated model is refused (%s)', kind => {
  const small = buildModel({
    nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'], name: 'r' }],
    inputs: [{ name: 'x', dims: [1, 2] }],
    outputs: ['y'],
    initializers: { w: { dims: [300], data: new Float32Array(300) } },
  });
  for (let length = 0; length < small.length; length++) {
    const bytes = small.slice(0, length);
    const source = kind === 'bytes' ? bytes : saved('cut.onnx', bytes);
    expect(failureOf(() => importModel(decodeModel(source)))).toMatch(/^model: (.*cut\.onnx|a model of \d+ bytes) /);
  }
});

test('a truncated file is named with its size and what is missing', () => {
  const path = saved('half.onnx', convModel.subarray(0, 2000));
  expect(failureOf(() => decodeModel(path))).toMatch(
    /^model: .*half\.onnx is no ONNX model, or a damaged one: it has 2000 bytes, and a field at byte \d+ goes on to byte \d+$/,
  );
});

test.each([
  ['text', 'hello, this is no model\n'],
  ['zeros', new Uint8Array(100)],
  ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ['a protobuf without a graph', buildModel({ nodes: [], inputs: [], outputs: [] }).subarray(0, 2)],
  ['a graph without nodes', buildModel({ nodes: [], inputs: [{ name: 'x', dims: [1] }], outputs: ['x'] })],
  [
    'no IR version',
    buildModel({ irVersion: 0, nodes: [{ op: 'Relu', inputs: [], outputs: [] }], inputs: [], outputs: [] }),
  ],
  ['no opset', buildModel({ opsets: [], nodes: [{ op: 'Relu', inputs: [], outputs: [] }], inputs: [], outputs: [] })],
])('%s is no model', (_, bytes) => {
  expect(failureOf(() => decodeModel(saved('junk.onnx', bytes)))).toMatch(/^model: .*junk\.onnx is no ONNX model/);
});

test('an empty file, a missing one, a directory and a device', () => {
  expect(failureOf(() => decodeModel(saved('empty.onnx', '')))).toMatch(/^model: .*empty\.onnx is empty$/);
  expect(failureOf(() => decodeModel(new Uint8Array(0)))).toBe('model: a model of 0 bytes is empty');
  const missing = join(folder, 'missing.onnx');
  expect(failureOf(() => decodeModel(missing))).toBe(`input: ${missing} cannot be read: there is no such file`);
  expect(failureOf(() => decodeModel(folder))).toBe(`input: ${folder} cannot be read: it is a directory`);
  expect(failureOf(() => decodeModel('/dev/zero'))).toBe('input: /dev/zero cannot be read: it is no regular file');
});

test('damaged models are refused or imported, never anything else', () => {
  const source = convModel;
  const outside = [...source.keys()].filter(at => at < 120 || at > source.length - 200);
  const damage = fc.array(fc.tuple(fc.constantFrom(...outside), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(damage, changes => {
      const bytes = source.slice();
      for (const [at, value] of changes) bytes[at] = value;
      for (const model of [bytes, saved('damaged.onnx', bytes)]) {
        try {
          importModel(decodeModel(model));
        } catch (error) {
          expect(error).toBeInstanceOf(NumavoxError);
          expect((error as NumavoxError).message).not.toMatch(/\p{Cc}/u);
        }
      }
    }),
    { numRuns: 500 },
  );
});
