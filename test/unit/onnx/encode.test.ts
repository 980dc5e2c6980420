import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeConstant, readFloats, readNumbers } from '../../../src/graph/constant.js';
import type { Activation, Constant, Graph, Node, TypedGraph, Window } from '../../../src/graph/ir.js';
import { decodeModel, encodeModel, importModel, writeModel } from '../../../src/onnx/index.js';
import { failureOf } from '../../support/errors.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-encode-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const graphOf = (nodes: readonly Node[], constants: Record<string, Constant> = {}): Graph => ({
  name: 'g',
  inputs: [{ name: 'x', type: { dtype: 'float32', dims: ['n', 4, 8, 8, 8] } }],
  outputs: [nodes.at(-1)!.outputs[0]!],
  nodes,
  constants: new Map(Object.entries(constants)),
});

const window: Window = {
  kernel: [3, 2, 1],
  strides: [1, 2, 1],
  dilations: [2, 1, 1],
  padsBegin: [1, 0, 0],
  padsEnd: [0, 1, 0],
  autoPad: 'explicit',
};
const undilated = { ...window, dilations: [1, 1, 1] };
const same: Window = { ...undilated, padsBegin: [0, 0, 0], padsEnd: [0, 0, 0], autoPad: 'same_upper' };
const base = (...inputs: string[]) => ({ name: 'n', inputs, outputs: ['y'] });
const float = makeConstant('float32', [2, 2], [1, 2, 3, 4]);
const ints = makeConstant('int64', [1], [2]);
const largest = 3.4028234663852886e38;
const activation = (kind: Activation): Node => ({ ...base('x'), op: 'Activation', activation: kind });

test.each<[Node]>([
  [{ ...base('x', 'f', 'f', ''), op: 'Conv', window, groups: 2, activation: null, pool: null }],
  [{ ...base('x', 'f', '', ''), op: 'Conv', window: same, groups: 1, activation: null, pool: null }],
  [{ ...base('x', 'f', ''), op: 'Gemm', alpha: 0.5, beta: 2, transA: true, transB: false, activation: null }],
  [{ ...base('x', 'f'), op: 'MatMul' }],
  [{ ...base('x'), op: 'MaxPool', window, ceilMode: true, countIncludePad: false }],
  [{ ...base('x'), op: 'AveragePool', window: undilated, ceilMode: false, countIncludePad: true }],
  [{ ...base('x'), op: 'GlobalAveragePool' }],
  [{ ...base('x'), op: 'GlobalMaxPool' }],
  [{ ...base('x', 'f', 'f', 'f', 'f'), op: 'BatchNormalization', epsilon: 0.5 }],
  [activation({ kind: 'relu' })],
  [activation({ kind: 'leakyRelu', alpha: 0.5 })],
  [activation({ kind: 'elu', alpha: 2 })],
  [activation({ kind: 'sigmoid' })],
  [activation({ kind: 'tanh' })],
  [activation({ kind: 'clip', min: 0, max: 6 })],
  [activation({ kind: 'clip', min: -largest, max: largest })],
  [{ ...base('x', 'f'), op: 'PRelu' }],
  [{ ...base('x', 'f'), op: 'Add', activation: null }],
  [{ ...base('x', 'f'), op: 'Sub', activation: null }],
  [{ ...base('x', 'f'), op: 'Mul', activation: null }],
  [{ ...base('x', 'f'), op: 'Div', activation: null }],
  [{ ...base('x'), op: 'Softmax', axis: -1, flattened: false }],
  [{ ...base('x'), op: 'LogSoftmax', axis: 1, flattened: false }],
  [{ ...base('x'), op: 'ReduceMean', axes: [2, 3], keepDims: false }],
  [{ ...base('x'), op: 'ReduceMean', axes: [], keepDims: true }],
  [{ ...base('x'), op: 'Flatten', axis: 2 }],
  [{ ...base('x', 'i'), op: 'Reshape', allowZero: false }],
  [{ ...base('x'), op: 'Transpose', perm: [0, 2, 3, 4, 1] }],
  [{ ...base('x'), op: 'Transpose', perm: [] }],
  [{ ...base('x', ''), op: 'Squeeze' }],
  [{ ...base('x', 'i'), op: 'Unsqueeze' }],
  [{ ...base('x', 'x', 'f'), op: 'Concat', axis: 1 }],
  [{ ...base('x', 'i', 'i', '', 'i'), op: 'Slice' }],
  [{ ...base('x', 'i', 'f', ''), op: 'Pad', mode: 'reflect' }],
  [{ ...base('x', 'f', ''), op: 'Resize', mode: 'linear', coordinates: 'align_corners', nearest: 'ceil' }],
  [{ ...base('x', '', 'i'), op: 'Resize', mode: 'nearest', coordinates: 'asymmetric', nearest: 'floor' }],
  [{ ...base('x'), op: 'Identity' }],
  [{ ...base('x'), op: 'Shape', start: 0, end: null }],
  [{ ...base('x', 'i'), op: 'Gather', axis: 3 }],
  [{ ...base('x'), op: 'Cast', to: 'int32' }],
])('%j is the same after it was written and read', node => {
  const needed = node.inputs.filter(input => input === 'f' || input === 'i');
  const constants = Object.fromEntries(needed.map(name => [name, name === 'f' ? float : ints]));
  const graph = graphOf([node], constants);
  const again = importModel(decodeModel(encodeModel(graph)));
  expect(again).toEqual(graph);
  expect(importModel(decodeModel(encodeModel(again)))).toEqual(graph);
});

const conv: Node = { ...base('x', 'f', '', ''), op: 'Conv', window, groups: 1, activation: null, pool: null };

test.each<[Node, string]>([
  [{ ...conv, activation: { kind: 'relu' } }, 'the activation relu is fused into it'],
  [{ ...conv, inputs: ['x', 'f', '', 'x'] }, "the addition of 'x' is fused into it"],
  [{ ...conv, pool: [1, 2, 2] }, 'a max pool of 1x2x2 is fused into it'],
  [{ ...base('x', 'x'), op: 'Add', activation: { kind: 'tanh' } }, 'the activation tanh is fused into it'],
  [{ ...base('x'), op: 'AveragePool', window, ceilMode: false, countIncludePad: false }, 'it has dilations'],
  [{ ...base('x'), op: 'Softmax', axis: 1, flattened: true }, 'everything from axis 1 on is one axis'],
  [{ ...base('x', 'i'), op: 'Reshape', allowZero: true }, 'a zero in its shape means a size of zero'],
  [{ ...base('x'), op: 'Shape', start: 1, end: null }, 'it gives the sizes from 1 to null'],
  [{ ...base('x', 'i', '', 'i'), op: 'Pad', mode: 'edge' }, "its axes 'i' are an input"],
])('%j is refused', (node, detail) => {
  const path = join(folder, 'refused.onnx');
  const graph = graphOf([node], { f: float, i: ints });
  const message = `unsupported: ${node.op} 'n' cannot be written as ONNX opset 13: ${detail}`;
  expect(failureOf(() => encodeModel(graph))).toBe(message);
  expect(failureOf(() => writeModel(graph, path))).toBe(message);
  expect(existsSync(path)).toBe(false);
});

test('inputs keep their symbols, outputs of a typed graph their types', () => {
  const graph = graphOf([{ ...base('x'), op: 'Shape', start: 0, end: null }]);
  const typed: TypedGraph = { ...graph, types: new Map([['y', { dtype: 'int64', dims: [5] }]]) };
  const { output } = decodeModel(encodeModel(typed)).proto.graph!;
  expect(output[0]!.type!.tensorType).toMatchObject({ elemType: 7, shape: { dim: [{ value: { value: 5n } }] } });
  expect(decodeModel(encodeModel(graph)).proto.graph!.output[0]!.type!.tensorType!.shape).toBeUndefined();
});

const generated = (elements: number, tensor: number): Constant => ({
  dtype: 'float32',
  dims: [elements],
  source: { kind: 'generated', generator: { seed: 1, tensor, mean: 0, halfWidth: 1 } },
});

test('weights are made piece by piece, and arrive', () => {
  const elements = 3_000_001;
  const graph = graphOf([{ ...base('x', 'w'), op: 'Add', activation: null }], { w: generated(elements, 3) });
  const path = join(folder, 'large.onnx');
  let most = 0;
  let next = 0;
  writeModel(graph, path, (constant, start, count, into) => {
    expect(start).toBe(next);
    next += count;
    most = Math.max(most, count);
    readFloats(constant, start, count, into);
  });
  expect(next).toBe(elements);
  expect(most).toBeLessThan(elements / 4);
  const written = importModel(decodeModel(path)).constants.get('w')!;
  expect(written.source).toMatchObject({ kind: 'file', length: elements * 4 });
  const [actual, expected] = [written, generated(elements, 3)].map(constant => readFloats(constant, 0, elements));
  expect(Buffer.compare(new Uint8Array(actual!.buffer), new Uint8Array(expected!.buffer))).toBe(0);
  expect(Buffer.compare(readFileSync(path), encodeModel(graph))).toBe(0);
});

test('constants of other types are written from memory and from a file', () => {
  const half: Constant = {
    dtype: 'float16',
    dims: [2],
    source: { kind: 'bytes', bytes: Uint8Array.of(0, 0x3c, 0, 0xc0) },
  };
  const file = join(folder, 'ints.bin');
  writeFileSync(file, new Uint8Array(BigInt64Array.of(7n, 8n, 9n).buffer));
  const stored: Constant = { dtype: 'int64', dims: [2], source: { kind: 'file', path: file, offset: 8, length: 16 } };
  const nodes: Node[] = [
    { ...base('x', 'stored'), op: 'Reshape', allowZero: false, outputs: ['r'] },
    { ...base('r', 'half'), op: 'Add', activation: null },
  ];
  const { constants } = importModel(decodeModel(encodeModel(graphOf(nodes, { half, stored }))));
  expect([...readNumbers(constants.get('half')!)]).toEqual([1, -2]);
  expect([...readNumbers(constants.get('stored')!)]).toEqual([8, 9]);
  const bad = { ...generated(2, 0), dtype: 'int64' as const };
  expect(failureOf(() => encodeModel(graphOf(nodes, { half, stored: bad })))).toMatch(/^unsupported: .* type int64/);
});

test('a model beyond 2 GiB is refused before anything is written', () => {
  const graph = graphOf([{ ...base('x', 'w'), op: 'Add', activation: null }], { w: generated(2 ** 29, 0) });
  const path = join(folder, 'beyond.onnx');
  expect(failureOf(() => writeModel(graph, path))).toMatch(/^unsupported: .* 2147483648 bytes of weights/);
  expect(readdirSync(folder).filter(name => name.startsWith('beyond'))).toEqual([]);
});

const small = graphOf([{ ...base('x'), op: 'Identity' }]);
const withWeights = graphOf([{ ...base('x', 'f'), op: 'Add', activation: null }], { f: float });

test('what fails in the middle leaves the old file, and nothing beside it', () => {
  const path = join(folder, 'kept.onnx');
  writeFileSync(path, 'old');
  const fail = () => {
    throw new Error('no more weights');
  };
  expect(failureOf(() => writeModel(withWeights, path, fail))).toBe(
    `resource: ${path} cannot be written: no more weights`,
  );
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder).filter(name => name.startsWith('kept'))).toEqual(['kept.onnx']);
});

test('a file is replaced, behind a link too', () => {
  const path = join(folder, 'replaced.onnx');
  const link = join(folder, 'link.onnx');
  writeFileSync(path, 'old');
  symlinkSync(path, link);
  writeModel(small, link);
  expect(importModel(decodeModel(path)).nodes).toHaveLength(1);
  expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([]);
});

test('targets that cannot be written', () => {
  mkdirSync(join(folder, 'sub'), { recursive: true });
  const sub = join(folder, 'sub');
  expect(failureOf(() => writeModel(small, sub))).toBe(`resource: ${sub} cannot be written: it is a directory`);
  expect(failureOf(() => writeModel(small, '/dev/null'))).toBe(
    'resource: /dev/null cannot be written: it is no regular file',
  );
  const nowhere = join(folder, 'none', 'a.onnx');
  expect(failureOf(() => writeModel(small, nowhere))).toMatch(
    /^resource: .*a\.onnx cannot be written: ENOENT: no such file or directory$/,
  );
  expect(existsSync('/dev/null')).toBe(true);
});
