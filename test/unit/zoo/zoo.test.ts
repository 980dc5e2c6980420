import { describe, expect, test } from 'vitest';
import { NumavoxError } from '../../../src/errors.js';
import type { Graph, WeightGenerator } from '../../../src/graph/ir.js';
import { type ZooName, type ZooOptions, zooGraph, zooNames, zooNetworks } from '../../../src/zoo/zoo.js';
import { countGraph } from './counts.js';

const facts: Record<ZooName, { millions: number; gflop: number; input: number[]; classes: number; convs: number }> = {
  c3d: { millions: 78.41, gflop: 77.1, input: [1, 3, 16, 112, 112], classes: 101, convs: 8 },
  resnet34: { millions: 63.72, gflop: 25.4, input: [1, 3, 16, 112, 112], classes: 400, convs: 36 },
  resnet50: { millions: 47.02, gflop: 20.1, input: [1, 3, 16, 112, 112], classes: 400, convs: 53 },
  vgg11: { millions: 63.73, gflop: 77.1, input: [1, 3, 16, 112, 112], classes: 101, convs: 8 },
  p3d: { millions: 25.13, gflop: 16.9, input: [1, 3, 16, 160, 160], classes: 101, convs: 66 },
};

const generatorOf = (graph: Graph, constant: string): WeightGenerator => {
  const source = graph.constants.get(constant)!.source;
  if (source.kind !== 'generated') throw new Error(`${constant} is not generated`);
  return source.generator;
};

const usageError = (action: () => unknown): NumavoxError => {
  try {
    action();
  } catch (error) {
    if (error instanceof NumavoxError && error.kind === 'usage') return error;
    throw error;
  }
  throw new Error('no error');
};

describe.each(zooNames)('%s', name => {
  const { millions, gflop, input, classes, convs } = facts[name];

  test('has the published size at full width', () => {
    const graph = zooGraph(name);
    const { parameters, flops, shapes } = countGraph(graph);
    expect((parameters / 1e6).toFixed(2)).toBe(millions.toFixed(2));
    expect((flops / 1e9).toFixed(1)).toBe(gflop.toFixed(1));
    expect(graph.inputs).toEqual([{ name: 'input', type: { dtype: 'float32', dims: input } }]);
    expect(graph.outputs).toEqual(['output']);
    expect(shapes.get('output')).toEqual([1, classes]);
    expect(graph.nodes.filter(node => node.op === 'Conv')).toHaveLength(convs);
  });

  test('names every node, value and constant once, and uses each', () => {
    const { nodes, constants, inputs } = zooGraph(name, { width: 0.125 });
    const nodeNames = nodes.map(node => node.name);
    expect(new Set(nodeNames).size).toBe(nodes.length);
    const values = [...inputs.map(({ name: value }) => value), ...nodes.flatMap(node => node.outputs)];
    const all = [...values, ...constants.keys()];
    expect(new Set(all).size).toBe(all.length);
    const read = new Set(nodes.flatMap(node => node.inputs));
    expect(all.filter(value => !read.has(value))).toEqual(['output']);
  });

  test.each([1 / 1024, 0.1, 0.33, 2])('fits together at width %d', width => {
    const { shapes } = countGraph(zooGraph(name, { width, classes: 7, batch: 3 }));
    expect(shapes.get('output')).toEqual([3, 7]);
    expect(Math.min(...[...shapes.values()].flat())).toBeGreaterThanOrEqual(1);
  });

  test('keeps the second moment through every layer with a ReLU, and shrinks the last', () => {
    const graph = zooGraph(name);
    for (const node of graph.nodes) {
      if (node.op !== 'Conv' && node.op !== 'Gemm') continue;
      const weight = node.inputs[1]!;
      const { mean, halfWidth } = generatorOf(graph, weight);
      const fanIn = graph.constants
        .get(weight)!
        .dims.slice(1)
        .reduce((a, b) => a * b);
      const gain = (fanIn * halfWidth ** 2) / 3;
      expect(mean).toBe(0);
      expect(gain).toBeCloseTo(node.outputs[0] === 'output' ? 0.25 : 2, 9);
    }
  });

  test('BatchNorm statistics are positive where they must be', () => {
    const graph = zooGraph(name);
    for (const node of graph.nodes) {
      if (node.op !== 'BatchNormalization') continue;
      const [scale, , , variance] = node.inputs.slice(1).map(input => generatorOf(graph, input));
      expect(scale!.mean - scale!.halfWidth).toBeGreaterThan(0);
      expect(variance!.mean - variance!.halfWidth).toBeGreaterThan(0.5);
    }
  });

  test('draws every tensor from a stream of its own, which width and classes do not change', () => {
    const full = zooGraph(name, { seed: 9 });
    const small = zooGraph(name, { seed: 9, width: 0.25, classes: 3 });
    const streams = [...full.constants.keys()].map(constant => generatorOf(full, constant));
    expect(new Set(streams.map(({ tensor }) => tensor)).size).toBe(streams.length);
    expect(new Set(streams.map(({ seed }) => seed))).toEqual(new Set([9]));
    expect([...small.constants.keys()]).toEqual([...full.constants.keys()]);
    expect([...small.constants.keys()].map(constant => generatorOf(small, constant).tensor)).toEqual(
      streams.map(({ tensor }) => tensor),
    );
  });

  test('is plain data, the same each time', () => {
    expect(structuredClone(zooGraph(name))).toEqual(zooGraph(name));
    expect(zooNetworks[name].clip).toEqual(input.slice(1));
  });
});

test('a convolution has a bias exactly where no BatchNorm follows it', () => {
  for (const name of zooNames) {
    const { nodes } = zooGraph(name, { width: 0.125 });
    const normalized = new Set(nodes.filter(node => node.op === 'BatchNormalization').map(node => node.inputs[0]));
    for (const node of nodes) {
      if (node.op === 'Conv') expect(node.inputs[2] === '', `${name} ${node.name}`).toBe(normalized.has(node.name));
    }
  }
});

test('P3D takes blocks A, B and C in turn through three stages and ends in two dimensions', () => {
  const graph = zooGraph('p3d', { width: 0.125 });
  const readers = new Map(graph.nodes.map(node => [node.name, node.inputs[0]!]));
  const blocks = graph.nodes
    .filter(node => node.name.endsWith('.conv1'))
    .map(node => node.name.slice(0, -'conv1'.length));
  const kinds = blocks.map(block => {
    const time = readers.get(`${block}convT`);
    if (time === undefined) return '-';
    if (time === `${block}relu1`) return 'B';
    return readers.has(`${block}addST`) ? 'C' : 'A';
  });
  expect(kinds.join('')).toBe('ABCABCABCABCA---');
  const pools = graph.nodes.flatMap(node => (node.op === 'MaxPool' ? [node.window.kernel.join('x')] : []));
  expect(pools).toEqual(['2x3x3', '2x1x1', '2x1x1', '2x1x1']);
});

test('C3D pads height and width of pool5', () => {
  const { shapes } = countGraph(zooGraph('c3d'));
  expect(shapes.get('pool1')).toEqual([1, 64, 16, 56, 56]);
  expect(shapes.get('pool5')).toEqual([1, 512, 1, 4, 4]);
});

test.each<[ZooOptions, string]>([
  [{ width: 0 }, 'width is 0'],
  [{ width: -1 }, 'width is -1'],
  [{ width: Number.NaN }, 'width is NaN'],
  [{ width: Number.POSITIVE_INFINITY }, 'width is Infinity'],
  [{ classes: 0 }, 'classes is 0'],
  [{ classes: 2.5 }, 'classes is 2.5'],
  [{ seed: -1 }, 'seed is -1'],
  [{ seed: 2 ** 32 }, 'seed is 4294967296'],
  [{ batch: 0 }, 'batch is 0'],
])('refuses %o', (options, message) => {
  expect(usageError(() => zooGraph('c3d', options)).message).toMatch(`zoo c3d: ${message}, must be`);
});

test('refuses a name that it does not have', () => {
  for (const name of ['alexnet', '__proto__', '']) {
    expect(usageError(() => zooGraph(name as ZooName)).message).toBe(
      `no zoo network is called '${name}': there are c3d, resnet34, resnet50, vgg11, p3d`,
    );
  }
});
