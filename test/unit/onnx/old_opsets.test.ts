import { expect, test } from 'vitest';
import { readNumbers } from '../../../src/graph/constant.js';
import { decodeModel, importModel } from '../../../src/onnx/index.js';
import { type Case, floats, importOne, int64s, k3, weights } from '../../support/one_node.js';
import { buildModel, float } from '../../support/onnx.js';

test.each<[Case, Record<string, number[]>]>([
  [{ op: 'Squeeze', opset: 11, attrs: { axes: [-1] } }, { 'n:axes': [-1] }],
  [{ op: 'Squeeze', opset: 6 }, {}],
  [{ op: 'Unsqueeze', opset: 6, attrs: { axes: [0, 2] } }, { 'n:axes': [0, 2] }],
  [
    { op: 'Slice', opset: 9, attrs: { starts: [1, 0], ends: [2 ** 31 - 1, -1], axes: [1, 3] } },
    { 'n:starts': [1, 0], 'n:ends': [2 ** 31 - 1, -1], 'n:axes': [1, 3] },
  ],
  [
    { op: 'Slice', opset: 6, attrs: { starts: [1, 0], ends: [2, 3] } },
    { 'n:starts': [1, 0], 'n:ends': [2, 3], 'n:axes': [0, 1] },
  ],
  [
    { op: 'Pad', opset: 6, attrs: { pads: [0, 1, 0, 1], value: float(-1) } },
    { 'n:pads': [0, 1, 0, 1], 'n:value': [-1] },
  ],
  [{ op: 'Pad', opset: 10, attrs: { pads: [0, 1, 0, 1], mode: 'reflect' } }, { 'n:pads': [0, 1, 0, 1] }],
  [{ op: 'Upsample', opset: 7, attrs: { scales: { type: 'floats', value: [1, 2] } } }, { 'n:scales': [1, 2] }],
])('attributes of old opsets become constants: %j', (spec, expected) => {
  const { constants, nodes } = importOne(spec);
  expect(nodes).toHaveLength(1);
  expect(Object.fromEntries([...constants].map(([name, constant]) => [name, [...readNumbers(constant)]]))).toEqual(
    expected,
  );
  for (const name of Object.keys(expected)) expect(nodes[0]!.inputs).toContain(name);
});

test('the largest int64 as an end is "to the end"', () => {
  const graph = importOne({ op: 'Slice', opset: 9, attrs: { starts: [1], ends: [2 ** 63 - 1024] } });
  expect(readNumbers(graph.constants.get('n:ends')!)[0]).toBeGreaterThan(2 ** 62);
});

test('opset 6 broadcasting along an axis appends unit dimensions', () => {
  const constants = { c: floats(1, 2, 3, 4) };
  const graph = importOne({ op: 'Mul', opset: 6, inputs: ['x', 'c'], constants, attrs: { broadcast: 1, axis: 1 } });
  expect(graph.nodes).toMatchObject([
    { op: 'Unsqueeze', inputs: ['c', 'n:axes'], outputs: ['n:aligned'] },
    { op: 'Mul', inputs: ['x', 'n:aligned'], outputs: ['y'] },
  ]);
  expect([...readNumbers(graph.constants.get('n:axes')!)]).toEqual([1, 2, 3]);
  const last = importOne({ op: 'Mul', opset: 6, inputs: ['x', 'c'], constants, attrs: { broadcast: 1, axis: -1 } });
  expect(last.nodes).toMatchObject([{ op: 'Mul', inputs: ['x', 'c'] }]);
  const suffix = importOne({ op: 'Mul', opset: 6, inputs: ['x', 'c'], constants, attrs: { broadcast: 1 } });
  expect(suffix.nodes).toMatchObject([{ op: 'Mul', inputs: ['x', 'c'] }]);
});

test('opset 6 broadcasting knows ranks behind other nodes', () => {
  const model = buildModel({
    opset: 6,
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['a'] },
      { op: 'Relu', inputs: ['a'], outputs: ['r'] },
      { op: 'MaxPool', inputs: ['r'], outputs: ['p'], attrs: k3 },
      { op: 'Add', inputs: ['p', 'c'], outputs: ['y'], attrs: { broadcast: 1, axis: 1 } },
    ],
    inputs: [{ name: 'x', dims: ['n', 4, 'd', 'h', 'w'] }],
    outputs: ['y'],
    initializers: { ...weights, c: floats(...new Array(8).fill(1)) },
  });
  const { nodes, constants } = importModel(decodeModel(model));
  expect(nodes.map(({ op }) => op)).toEqual(['Conv', 'Activation', 'MaxPool', 'Unsqueeze', 'Add']);
  expect([...readNumbers(constants.get('Add_3:axes')!)]).toEqual([1, 2, 3]);
});

test('an opset 6 slope per channel gets unit dimensions', () => {
  const graph = importOne({ op: 'PRelu', opset: 6, inputs: ['x', 's'], constants: { s: floats(1, 2, 3, 4) } });
  expect(graph.nodes).toMatchObject([{ op: 'Unsqueeze' }, { op: 'PRelu', inputs: ['x', 'n:aligned'] }]);
  expect([...readNumbers(graph.constants.get('n:axes')!)]).toEqual([1, 2, 3]);
});

test('Resize for some axes: scales are filled up, sizes are joined with those of the input', () => {
  const attrs = { axes: [-3, -2, -1] };
  const scaled = importOne({
    op: 'Resize',
    opset: 18,
    inputs: ['x', '', 's'],
    constants: { s: floats(2, 3, 4) },
    attrs,
  });
  expect(scaled.nodes).toMatchObject([{ op: 'Resize', inputs: ['x', 'n:scales', ''] }]);
  expect([...readNumbers(scaled.constants.get('n:scales')!)]).toEqual([1, 1, 2, 3, 4]);
  const sizes = { n: int64s(9, 10) };
  const sized = importOne({
    op: 'Resize',
    opset: 18,
    inputs: ['x', '', '', 'n'],
    constants: sizes,
    attrs: { axes: [2, 3] },
  });
  expect(sized.nodes).toMatchObject([
    { op: 'Shape', inputs: ['x'], start: 0, end: 2 },
    { op: 'Shape', inputs: ['x'], start: 4, end: 5 },
    { op: 'Concat', inputs: ['n:sizes_before', 'n', 'n:sizes_behind'], axis: 0 },
    { op: 'Resize', inputs: ['x', '', 'n:sizes'] },
  ]);
});
