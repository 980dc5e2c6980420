import { expect, test } from 'vitest';
import { readNumbers } from '../../../src/graph/constant.js';
import type { Graph } from '../../../src/graph/ir.js';
import { decodeModel, importModel } from '../../../src/onnx/index.js';
import { failureOf } from '../../support/errors.js';
import { type AttributeSpec, buildModel, float, type TensorSpec } from '../../support/onnx.js';

interface Case {
  readonly op: string;
  readonly opset?: number;
  readonly attrs?: Readonly<Record<string, AttributeSpec>>;
  /** Inputs that are constants; `x` is fed, [2, 4, 6, 6, 6] unless `dims` is given. */
  readonly inputs?: readonly string[];
  readonly constants?: Readonly<Record<string, TensorSpec>>;
  readonly outputs?: readonly string[];
  readonly graphOutputs?: readonly string[];
  readonly dims?: readonly number[];
}

function importOne(spec: Case): Graph {
  const { op, opset = 13, attrs = {}, inputs = ['x'], constants = {}, outputs = ['y'], dims = [2, 4, 6, 6, 6] } = spec;
  return importModel(
    decodeModel(
      buildModel({
        opset,
        nodes: [{ op, name: 'n', inputs, outputs, attrs }],
        inputs: [{ name: 'x', dims }],
        outputs: spec.graphOutputs ?? ['y'],
        initializers: constants,
      }),
    ),
  );
}

const int64s = (...data: number[]): TensorSpec => ({ dims: [data.length], data, dtype: 'int64' });
const floats = (...data: number[]): TensorSpec => ({ dims: [data.length], data });
const scalar = (value: number): TensorSpec => ({ dims: [], data: [value] });
const weights = { w: { dims: [8, 4, 3, 3, 3], data: new Float32Array(8 * 4 * 27) } };
const cube = (value: number) => [value, value, value];
const window3 = {
  kernel: cube(3),
  strides: cube(1),
  dilations: cube(1),
  padsBegin: cube(0),
  padsEnd: cube(0),
  autoPad: 'explicit',
};
const k3 = { kernel_shape: cube(3) };
const channels = Object.fromEntries(['s', 'b', 'm', 'v'].map(name => [name, floats(1, 2, 3, 4)]));
const bn = ['x', 's', 'b', 'm', 'v'];
const fround = Math.fround;
const largest = 3.4028234663852886e38;
const clip = (min: number, max: number) => ({
  op: 'Activation',
  inputs: ['x'],
  activation: { kind: 'clip', min, max },
});
const resizeTo = (mode: string, coordinates: string, nearest: string) => ({ op: 'Resize', mode, coordinates, nearest });
const scales5 = { s: floats(1, 1, 2, 2, 2) };

test.each<[string, Case, object]>([
  [
    'defaults',
    { op: 'Conv', inputs: ['x', 'w'], constants: weights },
    { op: 'Conv', window: window3, groups: 1, activation: null, inputs: ['x', 'w', '', ''] },
  ],
  [
    'everything',
    {
      op: 'Conv',
      inputs: ['x', 'w'],
      constants: weights,
      attrs: { ...k3, strides: [1, 2, 3], dilations: [2, 1, 1], pads: [1, 2, 3, 4, 5, 6], group: 2 },
    },
    {
      groups: 2,
      window: { ...window3, strides: [1, 2, 3], dilations: [2, 1, 1], padsBegin: [1, 2, 3], padsEnd: [4, 5, 6] },
    },
  ],
  [
    'auto_pad over pads',
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { auto_pad: 'SAME_LOWER', pads: [1, 1, 1, 1, 1, 1] } },
    { window: { ...window3, autoPad: 'same_lower' } },
  ],
  [
    '1D',
    { op: 'MaxPool', attrs: { kernel_shape: [2] }, dims: [1, 2, 8] },
    { window: { kernel: [2], strides: [1], padsEnd: [0] } },
  ],
  [
    'ceil_mode',
    { op: 'MaxPool', attrs: { ...k3, ceil_mode: 1, storage_order: 1 } },
    { ceilMode: true, countIncludePad: false },
  ],
  [
    'Indices that nothing reads',
    { op: 'MaxPool', attrs: k3, outputs: ['y', 'indices'] },
    { op: 'MaxPool', outputs: ['y'] },
  ],
  [
    'count_include_pad',
    { op: 'AveragePool', opset: 7, attrs: { ...k3, count_include_pad: 1 } },
    { countIncludePad: true, ceilMode: false },
  ],
  [
    'dilations',
    { op: 'AveragePool', opset: 19, attrs: { ...k3, dilations: cube(2) } },
    { window: { dilations: cube(2) } },
  ],
  ['', { op: 'GlobalAveragePool', opset: 6 }, { op: 'GlobalAveragePool' }],
  ['', { op: 'GlobalMaxPool', opset: 26 }, { op: 'GlobalMaxPool' }],
  [
    'is_test',
    {
      op: 'BatchNormalization',
      opset: 6,
      inputs: bn,
      constants: channels,
      attrs: { is_test: 1, spatial: 1, epsilon: float(0.5), momentum: float(1) },
    },
    { epsilon: 0.5, inputs: bn },
  ],
  [
    'unread statistics',
    { op: 'BatchNormalization', opset: 9, inputs: bn, constants: channels, outputs: ['y', 'a', 'b2', 'c', 'd'] },
    { epsilon: fround(1e-5), outputs: ['y'] },
  ],
  [
    'training_mode 0',
    { op: 'BatchNormalization', opset: 15, inputs: bn, constants: channels, attrs: { training_mode: 0 } },
    { op: 'BatchNormalization' },
  ],
  [
    '',
    {
      op: 'Gemm',
      opset: 6,
      dims: [2, 3],
      inputs: ['x', 'w', 'c'],
      constants: { w: { dims: [3, 2], data: new Float32Array(6) }, c: floats(1, 2) },
      attrs: { broadcast: 1, alpha: float(2), transB: 0 },
    },
    { op: 'Gemm', alpha: 2, beta: 1, transA: false, transB: false, inputs: ['x', 'w', 'c'] },
  ],
  [
    'without C',
    {
      op: 'Gemm',
      opset: 11,
      dims: [2, 3],
      inputs: ['x', 'w'],
      constants: { w: { dims: [3, 2], data: new Float32Array(6) } },
      attrs: { transA: 1, beta: 0.5 },
    },
    { transA: true, beta: 0.5, inputs: ['x', 'w', ''] },
  ],
  ['', { op: 'MatMul', inputs: ['x', 'x'] }, { op: 'MatMul', inputs: ['x', 'x'] }],
  ['', { op: 'Flatten' }, { axis: 1 }],
  ['negative axis', { op: 'Flatten', opset: 11, attrs: { axis: -2 } }, { axis: -2 }],
  [
    '',
    { op: 'Reshape', opset: 6, inputs: ['x', 's'], constants: { s: int64s(0, -1) } },
    { op: 'Reshape', allowZero: false, inputs: ['x', 's'] },
  ],
  [
    'allowzero',
    { op: 'Reshape', opset: 14, inputs: ['x', 's'], constants: { s: int64s(0, -1) }, attrs: { allowzero: 1 } },
    { allowZero: true },
  ],
  ['', { op: 'Transpose' }, { perm: [] }],
  ['perm', { op: 'Transpose', attrs: { perm: [0, 4, 1, 2, 3] } }, { perm: [0, 4, 1, 2, 3] }],
  ['', { op: 'Concat', inputs: ['x', 'x', 'x'], attrs: { axis: -1 } }, { axis: -1, inputs: ['x', 'x', 'x'] }],
  [
    '',
    { op: 'Slice', opset: 10, inputs: ['x', 's', 's', '', 's'], constants: { s: int64s(1) } },
    { inputs: ['x', 's', 's', '', 's'] },
  ],
  [
    '',
    {
      op: 'Pad',
      opset: 18,
      inputs: ['x', 'p', '', 'a'],
      constants: { p: int64s(1, 1), a: int64s(2) },
      attrs: { mode: 'edge' },
    },
    { mode: 'edge', inputs: ['x', 'p', '', 'a'] },
  ],
  ['no broadcast', { op: 'Add', opset: 6, inputs: ['x', 'x'] }, { op: 'Add', activation: null, inputs: ['x', 'x'] }],
  ['', { op: 'Div', opset: 14, inputs: ['x', 'c'], constants: { c: scalar(2) } }, { op: 'Div', inputs: ['x', 'c'] }],
  ['', { op: 'ReduceMean' }, { axes: [], keepDims: true }],
  ['axes', { op: 'ReduceMean', attrs: { axes: [-1, 2], keepdims: 0 } }, { axes: [-1, 2], keepDims: false }],
  [
    'axes as input',
    { op: 'ReduceMean', opset: 18, inputs: ['x', 'a'], constants: { a: int64s(2, 3) } },
    { axes: [2, 3], inputs: ['x'] },
  ],
  [
    'no axes at all',
    { op: 'ReduceMean', opset: 18, attrs: { noop_with_empty_axes: 0 } },
    { op: 'ReduceMean', axes: [] },
  ],
  ['noop', { op: 'ReduceMean', opset: 18, attrs: { noop_with_empty_axes: 1 } }, { op: 'Identity', inputs: ['x'] }],
  [
    'noop with empty axes',
    { op: 'ReduceMean', opset: 18, inputs: ['x', 'a'], constants: { a: int64s() }, attrs: { noop_with_empty_axes: 1 } },
    { op: 'Identity', inputs: ['x'] },
  ],
  ['', { op: 'Relu', opset: 6 }, { activation: { kind: 'relu' } }],
  ['', { op: 'LeakyRelu' }, { activation: { kind: 'leakyRelu', alpha: fround(0.01) } }],
  ['alpha', { op: 'Elu', attrs: { alpha: 0.25 } }, { activation: { kind: 'elu', alpha: 0.25 } }],
  ['', { op: 'Elu' }, { activation: { kind: 'elu', alpha: 1 } }],
  ['', { op: 'Sigmoid' }, { activation: { kind: 'sigmoid' } }],
  ['', { op: 'Tanh' }, { activation: { kind: 'tanh' } }],
  ['attributes', { op: 'Clip', opset: 6, attrs: { max: float(6), min: float(0) } }, clip(0, 6)],
  ['no attribute', { op: 'Clip', opset: 10 }, clip(-largest, largest)],
  [
    'inputs',
    { op: 'Clip', opset: 11, inputs: ['x', 'lo', 'hi'], constants: { lo: scalar(-1), hi: floats(6) } },
    clip(-1, 6),
  ],
  ['only a maximum', { op: 'Clip', inputs: ['x', '', 'hi'], constants: { hi: scalar(6) } }, clip(-largest, 6)],
  ['only a minimum', { op: 'Clip', inputs: ['x', 'lo', ''], constants: { lo: scalar(0) } }, clip(0, largest)],
  ['before 13', { op: 'Softmax', opset: 12 }, { axis: 1, flattened: true }],
  ['from 13 on', { op: 'LogSoftmax' }, { op: 'LogSoftmax', axis: -1, flattened: false }],
  ['', { op: 'Identity' }, { op: 'Identity' }],
  [
    'ratio',
    { op: 'Dropout', opset: 7, attrs: { ratio: 0.5 }, outputs: ['y', 'mask'] },
    { op: 'Identity', inputs: ['x'], outputs: ['y'] },
  ],
  ['is_test', { op: 'Dropout', opset: 6, attrs: { is_test: 1, ratio: 0.5 } }, { op: 'Identity' }],
  [
    'inputs',
    {
      op: 'Dropout',
      inputs: ['x', 'r', 't'],
      constants: { r: scalar(0.5), t: { dims: [], data: [0], dtype: 'bool' } },
      attrs: { seed: 1 },
    },
    { op: 'Identity', inputs: ['x'] },
  ],
  ['', { op: 'Shape' }, { op: 'Shape', start: 0, end: null }],
  ['a part', { op: 'Shape', opset: 15, attrs: { start: 1, end: -1 } }, { start: 1, end: -1 }],
  [
    '',
    { op: 'Gather', inputs: ['x', 'i'], constants: { i: int64s(0) }, attrs: { axis: 2 } },
    { axis: 2, inputs: ['x', 'i'] },
  ],
  ['', { op: 'Cast', attrs: { to: 11 } }, { to: 'float64' }],
  ['saturate', { op: 'Cast', opset: 19, attrs: { to: 7, saturate: 1 } }, { to: 'int64' }],
  [
    'from opset 7 on',
    { op: 'PRelu', opset: 7, inputs: ['x', 's'], constants: { s: { dims: [4, 1, 1, 1], data: [1, 2, 3, 4] } } },
    { op: 'PRelu', inputs: ['x', 's'] },
  ],
  [
    'one slope for all',
    { op: 'PRelu', opset: 6, inputs: ['x', 's'], constants: { s: floats(1) } },
    { op: 'PRelu', inputs: ['x', 's'] },
  ],
  [
    'opset 10',
    { op: 'Resize', opset: 10, inputs: ['x', 's'], constants: scales5 },
    { ...resizeTo('nearest', 'asymmetric', 'floor'), inputs: ['x', 's', ''] },
  ],
  [
    'opset 10, smaller',
    { op: 'Resize', opset: 10, inputs: ['x', 's'], constants: { s: floats(1, 1, 0.4, 0.4, 0.4) } },
    resizeTo('nearest', 'asymmetric', 'ceil'),
  ],
  [
    'opset 10, linear',
    { op: 'Resize', opset: 10, inputs: ['x', 's'], constants: scales5, attrs: { mode: 'linear' } },
    resizeTo('linear', 'asymmetric', 'floor'),
  ],
  [
    'opset 11, defaults',
    { op: 'Resize', opset: 11, inputs: ['x', '', 's'], constants: scales5 },
    { ...resizeTo('nearest', 'half_pixel', 'round_prefer_floor'), inputs: ['x', 's', ''] },
  ],
  [
    'opset 11, sizes beside empty scales',
    {
      op: 'Resize',
      opset: 11,
      inputs: ['x', 'e', 'e', 'n'],
      constants: { e: floats(), n: int64s(2, 4, 9, 9, 9) },
      attrs: {
        mode: 'linear',
        coordinate_transformation_mode: 'align_corners',
        cubic_coeff_a: float(-0.75),
        nearest_mode: 'floor',
      },
    },
    { ...resizeTo('linear', 'align_corners', 'floor'), inputs: ['x', '', 'n'] },
  ],
  [
    'opset 19',
    {
      op: 'Resize',
      opset: 19,
      inputs: ['x', '', 's'],
      constants: scales5,
      attrs: { antialias: 0, keep_aspect_ratio_policy: 'stretch', exclude_outside: 0 },
    },
    { op: 'Resize' },
  ],
  [
    'opset 9',
    { op: 'Upsample', opset: 9, inputs: ['x', 's'], constants: scales5, attrs: { mode: 'linear' } },
    resizeTo('linear', 'asymmetric', 'floor'),
  ],
])('%s: %j', (_, spec, expected) => {
  const graph = importOne(spec);
  expect(graph.nodes).toHaveLength(1);
  expect(graph.nodes[0]).toMatchObject({ name: 'n', outputs: ['y'], ...expected });
  const read = graph.nodes[0]!.inputs.filter(input => input !== '' && input !== 'x');
  expect([...graph.constants.keys()].sort()).toEqual([...new Set(read)].sort());
});

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

test.each<[Record<string, AttributeSpec>, string, number[], number[]]>([
  [{ value: { dims: [2], data: [1, 2] } }, 'float32', [2], [1, 2]],
  [{ value_float: 0.5 }, 'float32', [], [0.5]],
  [{ value_int: -3 }, 'int64', [], [-3]],
  [{ value_floats: { type: 'floats', value: [1, 2.5] } }, 'float32', [2], [1, 2.5]],
  [{ value_ints: [4, 5, 6] }, 'int64', [3], [4, 5, 6]],
])('Constant %j is a constant of the graph', (attrs, dtype, dims, data) => {
  const graph = importOne({ op: 'Constant', inputs: [], attrs });
  expect(graph.nodes).toEqual([]);
  expect(graph.constants.get('y')).toMatchObject({ dtype, dims });
  expect([...readNumbers(graph.constants.get('y')!)]).toEqual(data);
});

test('ConstantOfShape is a constant of the graph', () => {
  const constants = { s: int64s(2, 3) };
  const value = { dims: [1], data: [7], dtype: 'int64' as const };
  const graph = importOne({ op: 'ConstantOfShape', inputs: ['s'], constants, attrs: { value } });
  expect(graph.constants.get('y')).toMatchObject({ dtype: 'int64', dims: [2, 3] });
  expect([...readNumbers(graph.constants.get('y')!)]).toEqual(new Array(6).fill(7));
  const zeros = importOne({ op: 'ConstantOfShape', inputs: ['s'], constants }).constants.get('y')!;
  expect([zeros.dtype, ...readNumbers(zeros)]).toEqual(['float32', 0, 0, 0, 0, 0, 0]);
});

test('a bound behind an identity or a Constant is still a constant', () => {
  const model = buildModel({
    nodes: [
      { op: 'Constant', inputs: [], outputs: ['six'], attrs: { value_float: float(6) } },
      { op: 'Identity', inputs: ['six'], outputs: ['hi'] },
      { op: 'Clip', inputs: ['x', '', 'hi'], outputs: ['y'] },
    ],
    inputs: [{ name: 'x', dims: [4] }],
    outputs: ['y'],
  });
  expect(importModel(decodeModel(model)).nodes.at(-1)).toMatchObject({ activation: { kind: 'clip', max: 6 } });
});

test.each<[Case, string]>([
  [
    { op: 'GridSample', opset: 16, inputs: ['x', 'x'] },
    "unsupported: GridSample 'n': this op is not supported (GridSample, opset 16)",
  ],
  [{ op: 'constructor' }, "unsupported: constructor 'n': this op is not supported (constructor, opset 13)"],
  [
    { op: 'If', attrs: { then_branch: { type: 'graph', value: 0 } } },
    "unsupported: If 'n': ops with sub-graphs are not supported (If, opset 13)",
  ],
  [
    { op: 'Relu', attrs: { body: { type: 'graph', value: 0 } } },
    "unsupported: Relu 'n': attribute 'body' is a sub-graph",
  ],
  [{ op: 'Relu', attrs: { slope: 1 } }, "unsupported: Relu 'n': attribute 'slope' is not supported"],
  [{ op: 'Relu', inputs: [] }, "model: Relu 'n': input 0 is missing, opset 13 needs at least 1"],
  [{ op: 'Relu', inputs: ['x', 'x'] }, "model: Relu 'n': has 2 inputs, opset 13 knows at most 1"],
  [
    { op: 'Conv', inputs: ['x', ''], constants: weights },
    "model: Conv 'n': input 1 is missing, opset 13 needs at least 2",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { strides: [1, 1] } },
    "model: Conv 'n': strides has 2 numbers, 3 are needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { strides: [1, 0, 1] } },
    "model: Conv 'n': strides holds 0, at least 1 is needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { pads: [0, 0, -1, 0, 0, 0] } },
    "model: Conv 'n': pads holds -1, at least 0 is needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { group: 0 } },
    "model: Conv 'n': group is 0, at least 1 is needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { group: float(1) } },
    "model: Conv 'n': attribute 'group' is of kind float, int is needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { auto_pad: 'SAME' } },
    "unsupported: Conv 'n': auto_pad 'SAME' is not supported",
  ],
  [
    { op: 'Conv', inputs: ['x', 'x'] },
    "unsupported: Conv 'n': has no kernel_shape, and its weights 'x' are no constant",
  ],
  [
    { op: 'MaxPool', attrs: { kernel_shape: [1, 1, 1, 1] } },
    "unsupported: MaxPool 'n': has 4 spatial dimensions, 1, 2 or 3 are supported",
  ],
  [{ op: 'MaxPool' }, "model: MaxPool 'n': kernel_shape is missing"],
  [
    { op: 'MaxPool', attrs: { ...k3, ceil_mode: 2 } },
    "model: MaxPool 'n': attribute 'ceil_mode' is 2, 0 or 1 is needed",
  ],
  [
    { op: 'MaxPool', attrs: k3, outputs: ['y', 'i'], graphOutputs: ['y', 'i'] },
    "unsupported: MaxPool 'n': output 1 ('i') is in use, only the first is supported",
  ],
  [
    { op: 'Dropout', outputs: ['y', 'mask'], graphOutputs: ['mask'] },
    "unsupported: Dropout 'n': output 1 ('mask') is in use, only the first is supported",
  ],
  [{ op: 'Dropout', opset: 6 }, "unsupported: Dropout 'n': is_test 0 is training, which is not supported"],
  [
    { op: 'Dropout', inputs: ['x', '', 't'], constants: { t: { dims: [], data: [1], dtype: 'bool' } } },
    "unsupported: Dropout 'n': training_mode true is not supported",
  ],
  [
    { op: 'BatchNormalization', opset: 6, inputs: bn, constants: channels },
    "unsupported: BatchNormalization 'n': is_test 0 is training, which is not supported",
  ],
  [
    { op: 'BatchNormalization', opset: 8, inputs: bn, constants: channels, attrs: { spatial: 0 } },
    "unsupported: BatchNormalization 'n': spatial 0 is not supported",
  ],
  [
    { op: 'BatchNormalization', opset: 14, inputs: bn, constants: channels, attrs: { training_mode: 1 } },
    "unsupported: BatchNormalization 'n': training_mode 1 is not supported",
  ],
  [{ op: 'Concat' }, "model: Concat 'n': attribute 'axis' is missing"],
  [{ op: 'Cast' }, "model: Cast 'n': attribute 'to' is missing"],
  [{ op: 'Cast', attrs: { to: 8 } }, "unsupported: Cast 'n': to string is not supported"],
  [{ op: 'Clip', inputs: ['x', 'x'] }, "unsupported: Clip 'n': min 'x' is no constant"],
  [
    { op: 'Clip', inputs: ['x', 'l'], constants: { l: floats(1, 2) } },
    "model: Clip 'n': min 'l' has 2 elements, one is needed",
  ],
  [
    { op: 'Clip', opset: 6, inputs: ['x', 'l'], constants: { l: scalar(1) } },
    "model: Clip 'n': has 2 inputs, opset 6 knows at most 1",
  ],
  [
    { op: 'Slice', opset: 9, attrs: { starts: [1], ends: [2, 3] } },
    "model: Slice 'n': has 1 starts, 2 ends and 1 axes",
  ],
  [{ op: 'Slice', opset: 9, attrs: { starts: [1] } }, "model: Slice 'n': attribute 'ends' is missing"],
  [{ op: 'Unsqueeze', opset: 11 }, "model: Unsqueeze 'n': attribute 'axes' is missing"],
  [
    { op: 'Pad', opset: 19, inputs: ['x', 'p'], constants: { p: int64s(1) }, attrs: { mode: 'wrap' } },
    "unsupported: Pad 'n': mode 'wrap' is not supported",
  ],
  [{ op: 'ReduceMean', opset: 18, inputs: ['x', 'x'] }, "unsupported: ReduceMean 'n': axes 'x' is no constant"],
  [
    { op: 'Add', opset: 6, inputs: ['x', 'c'], constants: { c: floats(1) }, attrs: { broadcast: 1, axis: 5 } },
    "model: Add 'n': 'c' of rank 1 does not fit 'x' of rank 5 from axis 5 on",
  ],
  [
    { op: 'Add', opset: 7, inputs: ['x', 'x'], attrs: { broadcast: 1 } },
    "unsupported: Add 'n': attribute 'broadcast' is not supported",
  ],
  [
    { op: 'Resize', opset: 11, inputs: ['x', '', 's'], constants: scales5, attrs: { mode: 'cubic' } },
    "unsupported: Resize 'n': mode 'cubic' is not supported",
  ],
  [
    {
      op: 'Resize',
      opset: 11,
      inputs: ['x', '', 's'],
      constants: scales5,
      attrs: { coordinate_transformation_mode: 'tf_crop_and_resize' },
    },
    "unsupported: Resize 'n': coordinate_transformation_mode 'tf_crop_and_resize' is not supported",
  ],
  [
    { op: 'Resize', opset: 18, inputs: ['x', '', 's'], constants: scales5, attrs: { antialias: 1 } },
    "unsupported: Resize 'n': antialias is not supported",
  ],
  [
    { op: 'Resize', opset: 11, inputs: ['x', '', 's'], constants: scales5, attrs: { exclude_outside: 1 } },
    "unsupported: Resize 'n': exclude_outside is not supported",
  ],
  [
    {
      op: 'Resize',
      opset: 18,
      inputs: ['x', '', '', 'n'],
      constants: { n: int64s(1) },
      attrs: { keep_aspect_ratio_policy: 'not_larger' },
    },
    "unsupported: Resize 'n': keep_aspect_ratio_policy 'not_larger' is not supported",
  ],
  [{ op: 'Resize', opset: 11 }, "model: Resize 'n': has neither scales nor sizes"],
  [
    { op: 'Resize', opset: 11, inputs: ['x', '', 's', 'n'], constants: { ...scales5, n: int64s(1) } },
    "model: Resize 'n': has both scales and sizes",
  ],
  [
    { op: 'Resize', opset: 18, inputs: ['x', '', 's'], constants: { s: floats(2, 2) }, attrs: { axes: [3, 2] } },
    "unsupported: Resize 'n': axes 3, 2 are not ascending neighbours below rank 5",
  ],
  [
    { op: 'Resize', opset: 18, inputs: ['x', '', 's'], constants: scales5, attrs: { axes: [2, 3] } },
    "model: Resize 'n': has 5 scales for 2 axes",
  ],
  [{ op: 'Resize', opset: 9, inputs: ['x', 's'], constants: scales5 }, "model: Resize 'n': does not exist in opset 9"],
  [
    { op: 'Upsample', opset: 10, inputs: ['x', 's'], constants: scales5 },
    "model: Upsample 'n': does not exist in opset 10",
  ],
  [{ op: 'Constant', inputs: [] }, "model: Constant 'n': has no value"],
  [
    { op: 'Constant', inputs: [], attrs: { value_string: 'a' } },
    "unsupported: Constant 'n': attribute 'value_string' is not supported",
  ],
  [
    { op: 'Constant', inputs: [], attrs: { value: { dims: [1], dtype: 8, data: new Uint8Array(1) } } },
    "unsupported: Constant 'n': its tensor is of type string",
  ],
  [
    { op: 'ConstantOfShape', inputs: ['s'], constants: { s: int64s(2 ** 20, 2 ** 20) } },
    "unsupported: ConstantOfShape 'n': makes a constant of shape 1048576x1048576",
  ],
])('%j is refused', (spec, message) => {
  expect(failureOf(() => importOne(spec))).toBe(message);
});
