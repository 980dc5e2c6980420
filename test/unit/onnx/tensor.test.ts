import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readNumbers } from '../../../src/graph/constant.js';
import type { DataType } from '../../../src/graph/ir.js';
import { decodeModel, decodeTensor, importModel } from '../../../src/onnx/index.js';
import { failureOf } from '../../support/errors.js';
import { buildModel, buildTensor, type TensorSpec } from '../../support/onnx.js';

let root: string;
let folder: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'numavox-tensor-'));
  folder = join(root, 'model');
  mkdirSync(join(folder, 'weights'), { recursive: true });
  const data = new Uint8Array(Float32Array.of(9, 9, 1, 2, 3, 4).buffer);
  writeFileSync(join(folder, 'w.bin'), data);
  writeFileSync(join(folder, 'weights', 'w.bin'), data);
  writeFileSync(join(root, 'outside.bin'), data);
  mkdirSync(join(root, 'model2'));
  writeFileSync(join(root, 'model2', 'w.bin'), data);
  symlinkSync(join(root, 'outside.bin'), join(folder, 'link.bin'));
  symlinkSync(join(root, 'model2'), join(folder, 'linked'));
  symlinkSync('w.bin', join(folder, 'inside.bin'));
});
afterAll(() => rmSync(root, { recursive: true }));

const addModel = (tensor: TensorSpec): Uint8Array =>
  buildModel({
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
    inputs: [{ name: 'x', dims: [4] }],
    outputs: ['y'],
    initializers: { w: tensor },
  });

function importExternal(external: Record<string, string | number>, dims = [4]) {
  const path = join(folder, 'model.onnx');
  writeFileSync(path, addModel({ dims, external }));
  return importModel(decodeModel(path)).constants.get('w')!;
}

test.each([
  { location: 'w.bin', offset: 8 },
  { location: 'w.bin', offset: 8, length: 16 },
  { location: './w.bin', offset: '8', checksum: 'abc' },
  { location: 'weights/w.bin', offset: 8 },
  { location: 'inside.bin', offset: 8 },
])('external data %j are read in their place', external => {
  const constant = importExternal(external);
  expect(constant.source.kind).toBe('file');
  expect([...readNumbers(constant)]).toEqual([1, 2, 3, 4]);
});

test.each([
  [
    { location: '../outside.bin' },
    "model: initializer 'w': external data at '../outside.bin' leave the model's folder",
  ],
  [{ location: 'weights/../../outside.bin' }, /leave the model's folder$/],
  [{ location: 'weights/../w.bin' }, /leave the model's folder$/],
  [{ location: '..' }, /leave the model's folder$/],
  [{ location: '/etc/passwd' }, "model: initializer 'w': external data at '/etc/passwd' leave the model's folder"],
  [{ location: 'C:\\weights.bin' }, /leave the model's folder$/],
  [{ location: '..\\outside.bin' }, /leave the model's folder$/],
  [{ location: 'link.bin' }, "model: initializer 'w': external data at 'link.bin' leave the model's folder"],
  [{ location: 'linked/w.bin' }, /^model: .*leave the model's folder$/],
  [{ location: '.' }, /leave the model's folder$/],
  [{ location: 'weights' }, /^input: .*weights cannot be read: it is a directory$/],
  [{ location: 'none.bin' }, /^input: initializer 'w': .*none\.bin cannot be read: there is no such file$/],
  [{ offset: 0 }, "model: initializer 'w': its external data have no location"],
  [{ location: '' }, "model: initializer 'w': its external data have no location"],
  [{ location: 'w.bin', offset: 12 }, /external data go on to byte 28 of .*w\.bin, which has 24 bytes$/],
  [{ location: 'w.bin', offset: '9007199254740991' }, /^model: .*go on to byte/],
  [{ location: 'w.bin', offset: '-8' }, "model: initializer 'w': '-8' is no offset of external data"],
  [{ location: 'w.bin', offset: '1e1' }, "model: initializer 'w': '1e1' is no offset of external data"],
  [{ location: 'w.bin', length: 12 }, "model: initializer 'w': its external data have 12 bytes, its shape needs 16"],
])('external data %j are refused', (external, message) => {
  const failure = failureOf(() => importExternal(external as Record<string, string | number>));
  if (typeof message === 'string') expect(failure).toBe(message);
  else expect(failure).toMatch(message);
});

test('a model given as bytes has no external data', () => {
  const bytes = addModel({ dims: [4], external: { location: 'w.bin' } });
  expect(failureOf(() => importModel(decodeModel(bytes)))).toBe(
    "model: initializer 'w': external data at 'w.bin' need the model's path, this model was given as bytes",
  );
});

test.each<[DataType, number[], number[]]>([
  ['float32', [1.5, -2, 3e38], [1.5, -2, Math.fround(3e38)]],
  ['float64', [1.1, -2, 3], [1.1, -2, 3]],
  ['int64', [2 ** 40, -1, 0], [2 ** 40, -1, 0]],
  ['int32', [-(2 ** 31), 2, 3], [-(2 ** 31), 2, 3]],
  ['uint8', [255, 0, 1], [255, 0, 1]],
  ['int8', [-128, 127, 1], [-128, 127, 1]],
  ['bool', [1, 0, 1], [1, 0, 1]],
  ['float16', [0x3c00, 0xc000, 0x7c00], [1, -2, Number.POSITIVE_INFINITY]],
])('%s tensors are read from typed and from raw data', (dtype, data, values) => {
  for (const typed of [true, false]) {
    const tensor = decodeTensor(buildTensor('t', { dims: [3, 1], data, dtype, typed }));
    expect(tensor).toMatchObject({ name: 't', dtype, dims: [3, 1] });
    expect(Array.from(tensor.data, Number)).toEqual(values);
  }
});

test('a scalar and an empty tensor', () => {
  expect(decodeTensor(buildTensor('t', { dims: [], data: [7] }))).toMatchObject({ dims: [], data: Float32Array.of(7) });
  expect(decodeTensor(buildTensor('t', { dims: [0, 3] })).data).toHaveLength(0);
});

test.each<[TensorSpec, string]>([
  [{ dims: [2, 3], data: [1, 2, 3, 4, 5] }, 'a.pb has 20 bytes of data, its shape 2x3 of float32 needs 24'],
  [{ dims: [2], data: [1, 2, 3], typed: true }, 'a.pb has 12 bytes of data, its shape 2 of float32 needs 8'],
  [{ dims: [2] }, 'a.pb has 0 bytes of data, its shape 2 of float32 needs 8'],
  [{ dims: [-1], data: [1] }, 'a.pb has the shape -1'],
  [{ dims: [2 ** 31, 2 ** 31], data: [1] }, 'a.pb has the shape 2147483648x2147483648'],
  [{ dims: [1], dtype: 8, data: new Uint8Array(1) }, 'a.pb is of type string'],
  [{ dims: [1], dtype: 16, data: new Uint8Array(2) }, 'a.pb is of type bfloat16'],
  [{ dims: [1], dtype: 99, data: new Uint8Array(2) }, 'a.pb is of type number 99'],
])('tensor %j is refused', (spec, message) => {
  expect(failureOf(() => decodeTensor(buildTensor('t', spec), 'a.pb'))).toBe(`input: ${message}`);
});

test('bytes that are no tensor', () => {
  for (const bytes of [new Uint8Array(0), Uint8Array.of(0xff, 1, 2), new TextEncoder().encode('no tensor')]) {
    expect(failureOf(() => decodeTensor(bytes, 'a.pb'))).toMatch(/^input: a\.pb is /);
  }
});

test('an initializer that nothing reads may be of any type', () => {
  const model = buildModel({
    nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
    inputs: [{ name: 'x', dims: [4] }],
    outputs: ['y'],
    initializers: { text: { dims: [1], dtype: 8, data: new Uint8Array(1) } },
  });
  expect(importModel(decodeModel(model)).constants.size).toBe(0);
});
