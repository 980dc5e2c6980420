import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { graphFlops, parameterCount } from '../../src/graph/cost.js';
import { inferShapes } from '../../src/graph/infer.js';
import { decodeModel, decodeTensor, importModel } from '../../src/onnx/index.js';
import { optimize } from '../../src/passes/optimize.js';
import { type ZooName, zooGraph } from '../../src/zoo/zoo.js';
import { checkTypedGraph } from '../support/check.js';
import { dataPath } from './data.js';

interface ManifestEntry {
  readonly name: string;
  readonly ops: readonly string[];
}
const manifest = JSON.parse(readFileSync(dataPath('onnx-3d', 'MANIFEST.json'), 'utf8')) as readonly ManifestEntry[];
const unsupported = ['ConvTranspose', 'GridSample', 'LpPool'];
const cases = manifest.filter(({ ops }) => !ops.some(op => unsupported.includes(op)));

test.each(cases)('$name has the output shape of its reference', ({ name }) => {
  const graph = inferShapes(importModel(decodeModel(dataPath('onnx-3d', name, 'model.onnx'))));
  checkTypedGraph(graph);
  const { graph: optimized } = optimize(graph);
  checkTypedGraph(optimized);
  for (const [index, output] of graph.outputs.entries()) {
    const path = dataPath('onnx-3d', name, 'test_data_set_0', `output_${index}.pb`);
    expect(existsSync(path)).toBe(true);
    const { dims, dtype } = decodeTensor(readFileSync(path), path);
    expect(graph.types.get(output)).toEqual({ dims, dtype });
    expect(optimized.types.get(output)).toEqual({ dims, dtype });
  }
});

describe('networks', () => {
  // What is left after optimizing: nothing that could have been merged.
  const networks: readonly [string, readonly string[], Readonly<Record<string, readonly number[]>>][] = [
    ['golden/c3d.onnx', ['Conv', 'Flatten', 'Gemm', 'MaxPool'], {}],
    ['golden/resnet34.onnx', ['Conv', 'Gemm', 'MaxPool', 'ReduceMean'], {}],
    ['golden/resnet50.onnx', ['Conv', 'Gemm', 'MaxPool', 'ReduceMean'], {}],
    ['golden/vgg11.onnx', ['Conv', 'Flatten', 'Gemm'], {}],
    // P3D's block B adds two values that each have their activation before.
    ['golden/p3d.onnx', ['Add', 'Conv', 'Gemm', 'MaxPool', 'ReduceMean'], {}],
    ['models/meshnet5/model.onnx', ['Conv'], { input: [1, 1, 64, 65, 66] }],
    ['models/meshnet30/model.onnx', ['Conv'], { input: [1, 1, 32, 32, 33] }],
    ['models/hippodeep_head/model.onnx', ['Concat', 'Conv', 'MaxPool', 'Resize'], {}],
  ];
  test.each(networks)('%s optimizes to %j', (name, ops, shapes) => {
    const graph = inferShapes(importModel(decodeModel(dataPath(...name.split('/')))), shapes);
    checkTypedGraph(graph);
    const { graph: optimized } = optimize(graph);
    checkTypedGraph(optimized);
    expect([...new Set(optimized.nodes.map(node => node.op))].sort()).toEqual(ops);
    expect(graphFlops(optimized)).toBe(graphFlops(graph));
  });

  const zoo: readonly [ZooName, number, number][] = [
    ['c3d', 78.41, 77.1],
    ['resnet34', 63.72, 25.4],
    ['resnet50', 47.02, 20.1],
    ['vgg11', 63.73, 77.1],
    ['p3d', 25.13, 16.9],
  ];
  test.each(zoo)('%s has %d M parameters and %d GFLOP', (name, millions, gflop) => {
    const graph = inferShapes(zooGraph(name));
    expect(parameterCount(graph) / 1e6).toBeCloseTo(millions, 2);
    expect(graphFlops(graph) / 1e9).toBeCloseTo(gflop, 1);
    const { graph: optimized } = optimize(graph);
    checkTypedGraph(optimized);
    expect(optimized.nodes.some(node => node.op === 'BatchNormalization' || node.op === 'Activation')).toBe(false);
  });
});
