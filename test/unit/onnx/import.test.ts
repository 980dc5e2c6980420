import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ModelProtoSchema, SparseTensorProtoSchema } from '../../../src/onnx/generated/onnx_pb.js';
import { decodeModel, importModel } from '../../../src/onnx/index.js';
import { failureOf } from '../../support/errors.js';
import { buildModel, type ModelSpec, type NodeSpec } from '../../support/onnx.js';

const relu = (input: string, output: string, name?: string): NodeSpec => ({
  op: 'Relu',
  inputs: [input],
  outputs: [output],
  ...(name !== undefined && { name }),
});
const x = { name: 'x', dims: [2, 3] };
const importSpec = (spec: Partial<ModelSpec>) =>
  importModel(decodeModel(buildModel({ nodes: [relu('x', 'y')], inputs: [x], outputs: ['y'], ...spec })));

test('nodes out of order are put in order', () => {
  const nodes = [{ op: 'Add', inputs: ['b', 'c'], outputs: ['y'] }, relu('x', 'a'), relu('b', 'c'), relu('a', 'b')];
  const graph = importSpec({ nodes });
  expect(graph.nodes.map(({ outputs }) => outputs[0])).toEqual(['a', 'b', 'c', 'y']);
});

test('nodes in order stay in their order', () => {
  const nodes = [relu('x', 'b'), relu('x', 'a'), relu('b', 'd'), relu('a', 'c')];
  expect(importSpec({ nodes, outputs: ['c', 'd'] }).nodes.map(({ outputs }) => outputs[0])).toEqual([
    'b',
    'a',
    'd',
    'c',
  ]);
});

test('constants that come later are known to the node that needs them', () => {
  const nodes = [
    { op: 'Clip', inputs: ['x', 'lo'], outputs: ['y'] },
    { op: 'Constant', inputs: [], outputs: ['lo'], attrs: { value_float: 0.5 } },
  ];
  expect(importSpec({ nodes }).nodes).toMatchObject([{ activation: { kind: 'clip', min: 0.5 } }]);
});

test('each node has a name of its own, and keeps the one it has', () => {
  const nodes = [
    relu('x', 'a', 'same'),
    relu('a', 'b'),
    relu('b', 'c', 'same'),
    relu('c', 'd', 'Relu_1'),
    relu('d', 'e', 'same_2'),
    relu('e', 'y'),
  ];
  const names = importSpec({ nodes }).nodes.map(({ name }) => name);
  expect(names).toEqual(['same', 'Relu_1_2', 'same_2', 'Relu_1', 'same_2_2', 'Relu_5']);
});

test('names of added values never meet those of the model', () => {
  const nodes: NodeSpec[] = [
    { op: 'Squeeze', name: 'n', inputs: ['x'], outputs: ['n:axes'], attrs: { axes: [0] } },
    relu('n:axes', 'y'),
  ];
  const graph = importSpec({ opset: 11, nodes, inputs: [{ name: 'x', dims: [1, 2] }] });
  expect(graph.nodes[0]).toMatchObject({ inputs: ['x', 'n:axes_2'], outputs: ['n:axes'] });
  expect([...graph.constants.keys()]).toEqual(['n:axes_2']);
});

test('inputs: symbols keep their names, sizes that are not declared are symbols of their own', () => {
  const inputs = [
    { name: 'x', dims: ['batch', 3, null, -1, ''] },
    { name: 'z', dims: [] },
  ];
  const nodes: NodeSpec[] = [{ op: 'Add', inputs: ['x', 'z'], outputs: ['y'] }];
  expect(importSpec({ nodes, inputs }).inputs).toEqual([
    { name: 'x', type: { dtype: 'float32', dims: ['batch', 3, 'x:2', 'x:3', 'x:4'] } },
    { name: 'z', type: { dtype: 'float32', dims: [] } },
  ]);
});

test('an input with an initializer is no feed, whatever its type', () => {
  const nodes: NodeSpec[] = [{ op: 'Reshape', inputs: ['x', 's'], outputs: ['y'] }];
  const graph = importSpec({
    irVersion: 3,
    nodes,
    inputs: [x, { name: 's', dims: [1], dtype: 'int64' }],
    initializers: { s: { dims: [1], data: [-1], dtype: 'int64' } },
  });
  expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
  expect([...graph.constants.keys()]).toEqual(['s']);
});

test('absent inputs at the end are cut off before they are counted', () => {
  const nodes: NodeSpec[] = [{ op: 'Clip', inputs: ['x', '', ''], outputs: ['y', ''] }];
  expect(importSpec({ nodes }).nodes).toMatchObject([{ op: 'Activation', inputs: ['x'], outputs: ['y'] }]);
});

test('an output may be an input, or a constant', () => {
  const initializers = { c: { dims: [1], data: [1] } };
  const graph = importSpec({ outputs: ['x', 'y', 'c'], initializers });
  expect(graph.outputs).toEqual(['x', 'y', 'c']);
  expect([...graph.constants.keys()]).toEqual(['c']);
});

test.each([6, 26])('opset %i is imported, under both names of its domain', opset => {
  for (const domain of ['', 'ai.onnx']) {
    const opsets = [
      { domain: 'com.microsoft', version: 1 },
      { domain, version: opset },
    ];
    const nodes = [{ ...relu('x', 'y'), domain }];
    expect(importSpec({ opsets, nodes }).nodes).toHaveLength(1);
  }
});

const unit = { dims: [1], data: [1] };

test.each<[Partial<ModelSpec>, RegExp | string]>([
  [{ opset: 5 }, /^unsupported: a model of \d+ bytes: opset 5 is not supported, 6 to 26 are$/],
  [{ opset: 27 }, /^unsupported: .*opset 27 is not supported/],
  [{ opsets: [{ domain: 'x', version: 13 }] }, /^unsupported: .* imports no operator set of ai\.onnx$/],
  [
    { nodes: [{ ...relu('x', 'y', 'r'), domain: 'com.acme' }] },
    "unsupported: Relu 'r': ops of domain com.acme are not supported (Relu)",
  ],
  [{ nodes: [relu('y', 'y', 'r')] }, "model: the graph is cyclic: Relu 'r' needs its own output (cycle length 1)"],
  [
    { nodes: [relu('x', 'y'), relu('c', 'a', 'p'), relu('a', 'b', 'q'), relu('b', 'c', 'r'), relu('c', 'd', 's')] },
    /^model: the graph is cyclic: Relu '[pqr]' needs its own output \(cycle length 3\)$/,
  ],
  [{ nodes: [relu('z', 'y', 'r')] }, "model: Relu 'r': nothing defines its input 'z'"],
  [
    { nodes: [relu('x', 'y', 'r'), relu('x', 'y', 's')] },
    "model: value 'y' is defined twice: by Relu 'r' and by Relu 's'",
  ],
  [{ nodes: [relu('x', 'x', 'r')] }, "model: value 'x' is defined twice: by an input or initializer and by Relu 'r'"],
  [{ initializers: { y: unit } }, "model: value 'y' is defined twice: by an input or initializer and by Relu 'Relu_0'"],
  [{ nodes: [{ op: 'Relu', inputs: ['x'], outputs: [] }] }, "model: nothing defines the output 'y'"],
  [{ nodes: [relu('x', 'y'), { op: 'Relu', inputs: ['x'], outputs: [''] }] }, "model: Relu 'Relu_1' has no output"],
  [{ outputs: ['y', 'z'] }, "model: nothing defines the output 'z'"],
  [{ outputs: ['y', 'y'] }, "model: output 'y' is declared twice"],
  [{ outputs: [] }, /^model: .*: its graph has no outputs$/],
  [{ inputs: [x, x] }, "model: input 'x' is declared twice"],
  [{ inputs: [x, { name: '', dims: [1] }] }, 'model: input 1 has no name'],
  [
    { inputs: [{ name: 'x', dims: [1], dtype: 'int64' }] },
    "unsupported: input 'x' is of type int64, only float32 inputs are supported",
  ],
  [{ inputs: [{ name: 'x', dims: [1], dtype: 12 }] }, /input 'x' is of type uint32/],
  [{ inputs: [{ name: 'x' }] }, "unsupported: input 'x' declares no shape"],
  [
    { nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }], initializers: { w: { dims: [2, 3], data: [1] } } },
    "model: initializer 'w' has 4 bytes of data, its shape 2x3 of float32 needs 24",
  ],
])('%j is refused', (spec, message) => {
  const failure = failureOf(() => importSpec(spec));
  if (typeof message === 'string') expect(failure).toBe(message);
  else expect(failure).toMatch(message);
});

test('sparse initializers are refused', () => {
  const model = fromBinary(ModelProtoSchema, buildModel({ nodes: [relu('x', 'y')], inputs: [x], outputs: ['y'] }));
  model.graph!.sparseInitializer.push(create(SparseTensorProtoSchema));
  const bytes = toBinary(ModelProtoSchema, model);
  expect(failureOf(() => importModel(decodeModel(bytes)))).toMatch(/^unsupported: .* has sparse initializers$/);
});

test('a long cycle and a long chain in reverse are no matter of stack or patience', () => {
  const count = 20_000;
  const chain = Array.from({ length: count }, (_, i) => relu(i === 0 ? 'x' : `v${i - 1}`, `v${i}`)).reverse();
  expect(importSpec({ nodes: chain, outputs: [`v${count - 1}`] }).nodes).toHaveLength(count);
  const ring = Array.from({ length: count }, (_, i) => relu(`v${(i + 1) % count}`, `v${i}`));
  expect(failureOf(() => importSpec({ nodes: ring, outputs: ['v0'] }))).toContain(`(cycle length ${count})`);
});
