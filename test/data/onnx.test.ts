import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Graph } from '../../src/graph/ir.js';
import { decodeModel, decodeTensor, encodeModel, importModel } from '../../src/onnx/index.js';
import { dataPath } from './data.js';

const refused = ['ConvTranspose', 'GridSample', 'LpPool'];
const cases = readdirSync(dataPath('onnx-3d')).filter(name => name.startsWith('test_'));

interface ManifestEntry {
  readonly name: string;
  readonly ops: readonly string[];
  readonly inputs: readonly (readonly [name: string, type: number, dims: readonly number[]])[];
  readonly initializers: readonly (readonly [name: string, type: number, dims: readonly number[]])[];
}
const manifest = JSON.parse(readFileSync(dataPath('onnx-3d', 'MANIFEST.json'), 'utf8')) as readonly ManifestEntry[];

/** Everything but where the constants' bytes are. */
const withoutSources = (graph: Graph) => ({
  ...graph,
  constants: [...graph.constants].map(([name, { dtype, dims }]) => ({ name, dtype, dims })),
});

test('all 33 cases are there', () => {
  expect(cases.sort()).toEqual(manifest.map(({ name }) => name).sort());
  expect(cases).toHaveLength(33);
});

test.each(cases)('%s is imported, or refused by name', name => {
  const path = dataPath('onnx-3d', name, 'model.onnx');
  const { ops, inputs, initializers } = manifest.find(entry => entry.name === name)!;
  const unknown = ops.find(op => refused.includes(op));
  if (unknown) {
    expect(() => importModel(decodeModel(path))).toThrow(`${unknown}, opset`);
    return;
  }
  const graph = importModel(decodeModel(path));
  const own = new Set(initializers.map(([value]) => value));
  const fed = inputs.filter(([value]) => !own.has(value)).map(([value, , dims]) => ({ name: value, dims }));
  expect(graph.inputs.map(input => ({ name: input.name, dims: input.type.dims }))).toEqual(fed);
  expect(graph.nodes.length).toBeGreaterThanOrEqual(ops.length);
  expect(withoutSources(importModel(decodeModel(readFileSync(path))))).toEqual(withoutSources(graph));
});

test.each(cases)('the first input of %s is a tensor', name => {
  const file = dataPath('onnx-3d', name, 'test_data_set_0', 'input_0.pb');
  const tensor = decodeTensor(readFileSync(file), file);
  expect(tensor.dtype).toBe('float32');
  expect(tensor.dims).toEqual(manifest.find(entry => entry.name === name)!.inputs[0]![2]);
  expect(tensor.data).toHaveLength(tensor.dims.reduce((total, size) => total * size, 1));
});

const networks = [
  ...['c3d', 'p3d', 'resnet34', 'resnet50', 'vgg11'].map(name => ['golden', `${name}.onnx`]),
  ...['hippodeep_head', 'meshnet30', 'meshnet5'].map(name => ['models', name, 'model.onnx']),
];

test.each(networks)('%s/%s is imported, and is the same after it was written', (...names) => {
  const path = dataPath(...(names as string[]));
  const graph = importModel(decodeModel(path));
  expect(graph.inputs).toHaveLength(1);
  const again = importModel(decodeModel(encodeModel(graph)));
  expect(withoutSources(again)).toEqual(withoutSources(graph));
  const large = [...graph.constants.values()].filter(({ dims }) => dims.reduce((a, b) => a * b, 1) >= 256);
  expect(new Set(large.map(({ source }) => source.kind))).toEqual(new Set(['file']));
});
