import { expect, test } from 'vitest';
import { readNumbers } from '../../../src/graph/constant.js';
import { decodeModel, importModel } from '../../../src/onnx/index.js';
import {
  bn,
  type Case,
  channels,
  cube,
  floats,
  importOne,
  int64s,
  k3,
  scalar,
  scales5,
  weights,
} from '../../support/one_node.js';
import { type AttributeSpec, buildModel, float } from '../../support/onnx.js';

const window3 = {
  kernel: cube(3),
  strides: cube(1),
  dilations: cube(1),
  padsBegin: cube(0),
  padsEnd: cube(0),
  autoPad: 'explicit',
};
const fround = Math.fround;
const largest = 3.4028234663852886e38;
const clip = (min: number, max: number) => ({
  op: 'Activation',
  inputs: ['x'],
  activation: { kind: 'clip', min, max },
});
const resizeTo = (mode: string, coordinates: string, nearest: string) => ({ op: 'Resize', mode, coordinates, nearest });

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
