import { describe, expect, it } from 'vitest';
import type { Activation, Window } from '../../../src/graph/ir.js';
import { constantOf, type GraphSpec } from '../../support/ir.js';
import { checkGraph, wave } from './compare.js';

interface ConvCase {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly groups?: number;
  readonly window?: Partial<Window>;
  readonly bias?: boolean;
  readonly activation?: Activation;
  readonly residual?: boolean;
}

const weightsOf = (dims: readonly number[], phase = 2) =>
  constantOf(
    dims,
    wave(
      dims.reduce((a, b) => a * b, 1),
      phase,
    ),
  );

/** x -> conv -> y; with a residual, x -> relu is added, so it must have y's shape. */
function graphWith({ x, w, groups = 1, window = {}, bias = true, activation, residual }: ConvCase): GraphSpec {
  const constants = { w: weightsOf(w), b: weightsOf([w[0]!], 3) };
  const inputs = ['x', 'w', bias ? 'b' : '', residual ? 'r' : ''];
  return {
    inputs: residual ? { x, r: [x[0]!, w[0]!, ...x.slice(2)] } : { x },
    constants: bias ? constants : { w: constants.w },
    nodes: [{ op: 'Conv', inputs, groups, window, activation: activation ?? null }],
  };
}

const same3 = { padsBegin: [1, 1, 1], padsEnd: [1, 1, 1] };

const gemmCases: Readonly<Record<string, ConvCase>> = {
  '3D with asymmetric pads': {
    x: [2, 3, 5, 6, 7],
    w: [9, 3, 3, 2, 3],
    window: { padsBegin: [2, 0, 1], padsEnd: [0, 1, 2] },
  },
  '3D with pads beyond the kernel': {
    x: [1, 2, 2, 3, 2],
    w: [9, 2, 2, 2, 2],
    window: { padsBegin: [3, 2, 4], padsEnd: [2, 3, 1] },
  },
  '3D with strides': {
    x: [2, 3, 5, 7, 6],
    w: [17, 3, 3, 3, 3],
    window: { strides: [2, 3, 2], ...same3 },
    activation: { kind: 'relu' },
  },
  '3D with dilations': {
    x: [1, 2, 7, 9, 8],
    w: [9, 2, 3, 3, 2],
    window: { dilations: [2, 3, 4], padsBegin: [0, 3, 2], padsEnd: [2, 1, 0] },
  },
  '3D in groups': { x: [2, 6, 4, 3, 5], w: [9, 2, 3, 1, 2], groups: 3, window: { padsEnd: [2, 0, 1] } },
  '3D in groups of one output': { x: [1, 6, 2, 3, 4], w: [2, 3, 1, 2, 2], groups: 2 },
  '3D with two outputs per channel': { x: [1, 3, 3, 3, 3], w: [6, 1, 2, 2, 2], groups: 3 },
  '3D with a residual': {
    x: [2, 4, 3, 4, 5],
    w: [9, 4, 3, 3, 3],
    window: same3,
    residual: true,
    activation: { kind: 'relu' },
  },
  '2D': { x: [2, 3, 6, 7], w: [10, 3, 3, 2], window: { strides: [2, 1], padsBegin: [0, 1], padsEnd: [2, 0] } },
  '1D': { x: [2, 3, 11], w: [10, 3, 4], window: { dilations: [2], padsBegin: [3], padsEnd: [0] } },
  '1D of one channel, strided along few positions': { x: [1, 1, 9], w: [1, 1, 3], window: { strides: [2] } },
  'same_lower, 3D': { x: [1, 2, 4, 5, 6], w: [9, 2, 2, 4, 3], window: { autoPad: 'same_lower', strides: [2, 1, 3] } },
  '1x1x1, three positions': { x: [1, 8, 3], w: [9, 8, 1] },
  '1x1x1, padded': { x: [1, 8, 2, 3, 4], w: [9, 8, 1, 1, 1], window: { padsBegin: [0, 0, 1] } },
  '1x1x1, strided and padded to the same size': {
    x: [1, 8, 2, 3, 4],
    w: [9, 8, 1, 1, 1],
    window: { strides: [1, 1, 2], padsEnd: [0, 0, 3] },
  },
  'same_upper, 3D': { x: [1, 2, 4, 5, 6], w: [9, 2, 2, 4, 3], window: { autoPad: 'same_upper', strides: [2, 1, 3] } },
};

const pointwiseCases: Readonly<Record<string, ConvCase>> = {
  '3D': { x: [1, 5, 3, 4, 7], w: [19, 5, 1, 1, 1], activation: { kind: 'relu' } },
  '3D of two images, with a residual': {
    x: [2, 10, 2, 3, 2],
    w: [9, 10, 1, 1, 1],
    residual: true,
    activation: { kind: 'sigmoid' },
  },
  '3D in groups': { x: [1, 12, 2, 3, 4], w: [27, 4, 1, 1, 1], groups: 3, bias: false },
  'a tap that is not padding alone, 3D': {
    x: [1, 6, 1, 4, 5],
    w: [9, 6, 3, 1, 1],
    window: { padsBegin: [1, 0, 0], padsEnd: [1, 0, 0] },
  },
  'a stride where there is one position, 3D': {
    x: [1, 6, 1, 3, 4],
    w: [9, 6, 1, 1, 1],
    window: { strides: [2, 1, 1] },
  },
  '2D': { x: [2, 3, 6, 7], w: [10, 3, 1, 1] },
  '1D': { x: [1, 3, 11], w: [17, 3, 1] },
};

const depthwiseCases: Readonly<Record<string, ConvCase>> = {
  '3D': {
    x: [2, 5, 4, 5, 6],
    w: [5, 1, 3, 2, 3],
    groups: 5,
    window: { strides: [1, 2, 1], padsBegin: [2, 0, 1], padsEnd: [0, 1, 1] },
  },
  '3D, dilated, with a residual': {
    x: [2, 7, 5, 4, 6],
    w: [7, 1, 3, 3, 3],
    groups: 7,
    window: { dilations: [2, 1, 2], padsBegin: [2, 1, 2], padsEnd: [2, 1, 2] },
    residual: true,
    activation: { kind: 'elu', alpha: 0.5 },
  },
  '1D with long rows': { x: [1, 4, 40], w: [4, 1, 5], groups: 4, window: { padsBegin: [4] } },
};

const planarCases: Readonly<Record<string, ConvCase>> = {
  '3D with asymmetric pads': {
    x: [2, 3, 3, 4, 17],
    w: [5, 3, 2, 3, 3],
    window: { padsBegin: [1, 0, 2], padsEnd: [0, 2, 0] },
  },
  '3D, dilated, strided in depth and height': {
    x: [2, 2, 7, 6, 24],
    w: [3, 2, 3, 2, 3],
    window: { dilations: [2, 3, 4], strides: [2, 2, 1], padsBegin: [2, 0, 8], padsEnd: [0, 3, 3] },
    activation: { kind: 'leakyRelu', alpha: 0.1 },
  },
  '3D with a residual': {
    x: [2, 5, 3, 4, 19],
    w: [5, 5, 3, 3, 3],
    window: same3,
    residual: true,
    activation: { kind: 'relu' },
  },
  '3D with one channel in and out': { x: [1, 1, 2, 3, 16], w: [1, 1, 3, 3, 3], window: same3 },
  '3D of width 1 x 1 x 1': { x: [2, 5, 2, 3, 23], w: [3, 5, 1, 1, 1] },
  '3D without a bias': { x: [1, 4, 3, 3, 20], w: [8, 4, 2, 2, 2], bias: false },
  '3D to more positions than it has': {
    x: [1, 2, 2, 2, 5],
    w: [2, 2, 1, 1, 2],
    window: { padsBegin: [0, 0, 7], padsEnd: [0, 0, 9] },
  },
  '2D': { x: [2, 3, 6, 21], w: [7, 3, 3, 4], window: { padsBegin: [0, 3], padsEnd: [2, 0] } },
  '1D': { x: [2, 3, 33], w: [4, 3, 3], window: { padsBegin: [2], padsEnd: [0] } },
  '1D of one channel, padded behind only': { x: [1, 1, 20], w: [1, 1, 3], window: { padsEnd: [2] } },
  '1D of one channel, residual': {
    x: [1, 1, 20],
    w: [1, 1, 3],
    window: { padsBegin: [1], padsEnd: [1] },
    residual: true,
  },
  '1D of one channel without pads': { x: [1, 1, 24], w: [2, 1, 5] },
};

describe.each([
  ['f32_conv_gemm', gemmCases],
  ['f32_conv_pointwise', pointwiseCases],
  ['f32_conv_depthwise', depthwiseCases],
  ['f32_conv_planar', planarCases],
])('%s', (kernel, cases) => {
  it.each(Object.entries(cases))('%s', (_, given) => {
    expect(checkGraph(graphWith(given))).toContain(kernel);
  });
});

describe('a planar value', () => {
  const constants = {
    w3: weightsOf([5, 2, 3, 3, 3]),
    wide: weightsOf([4, 5, 1, 1, 7], 4),
    narrow: weightsOf([5, 5, 1, 1, 1], 5),
    strided: weightsOf([3, 5, 2, 2, 2], 6),
    deep: weightsOf([9, 5, 1, 1, 1], 7),
    row: weightsOf([20]),
    perChannel: weightsOf([5, 1, 1, 1]),
    s: weightsOf([5]),
    v: constantOf([5], [1, 2, 0.5, 3, 0.25]),
    scales: constantOf([5], [1, 1, 2, 0.5, 1.5]),
    square: weightsOf([20, 6]),
  };
  /** y0 is planar and read by what `nodes` say. */
  const following = (nodes: GraphSpec['nodes'], outputs: readonly string[]): GraphSpec => ({
    inputs: { x: [2, 2, 3, 4, 20] },
    constants,
    nodes: [{ op: 'Conv', inputs: ['x', 'w3', ''], outputs: ['y0'], window: same3 }, ...nodes],
    outputs,
  });

  it('is read with halos of several widths', () => {
    const nodes: GraphSpec['nodes'] = [
      { op: 'Conv', inputs: ['y0', 'narrow', ''], outputs: ['a'] },
      {
        op: 'Conv',
        inputs: ['y0', 'wide', ''],
        outputs: ['b'],
        window: { padsBegin: [0, 0, 6], padsEnd: [0, 0, 12], dilations: [1, 1, 3] },
      },
      { op: 'Conv', inputs: ['y0', 'narrow', '', 'a'], outputs: ['c'], activation: { kind: 'relu' } },
    ];
    checkGraph(following(nodes, ['a', 'b', 'c']));
  });

  it.each<[string, GraphSpec['nodes'][number]]>([
    ['a strided convolution', { op: 'Conv', inputs: ['y0', 'strided', ''], window: { strides: [1, 2, 2] } }],
    ['a convolution of many channels', { op: 'Conv', inputs: ['y0', 'deep', ''] }],
    ['itself as residual', { op: 'Conv', inputs: ['y0', 'narrow', '', 'y0'] }],
    ['MaxPool', { op: 'MaxPool', inputs: ['y0'], window: { kernel: [2, 2, 2], strides: [1, 2, 2] } }],
    ['AveragePool', { op: 'AveragePool', inputs: ['y0'], window: { kernel: [3, 1, 2] } }],
    ['GlobalAveragePool', { op: 'GlobalAveragePool', inputs: ['y0'] }],
    ['Concat with itself', { op: 'Concat', inputs: ['y0', 'y0'], axis: 4 }],
    ['Concat with a row-major value', { op: 'Concat', inputs: ['x', 'y0'], axis: 1 }],
    ['Add of itself', { op: 'Add', inputs: ['y0', 'y0'] }],
    ['Mul of one row', { op: 'Mul', inputs: ['y0', 'row'] }],
    ['PRelu', { op: 'PRelu', inputs: ['y0', 'perChannel'] }],
    ['Activation', { op: 'Activation', inputs: ['y0'], activation: { kind: 'tanh' } }],
    ['Softmax over channels', { op: 'Softmax', inputs: ['y0'], axis: 1 }],
    ['Softmax over rows', { op: 'Softmax', inputs: ['y0'], axis: 4 }],
    ['ReduceMean over rows', { op: 'ReduceMean', inputs: ['y0'], axes: [4] }],
    ['ReduceMean over channels', { op: 'ReduceMean', inputs: ['y0'], axes: [1], keepDims: false }],
    ['Transpose', { op: 'Transpose', inputs: ['y0'], perm: [4, 0, 3, 1, 2] }],
    ['Flatten', { op: 'Flatten', inputs: ['y0'], axis: 2 }],
    ['BatchNormalization', { op: 'BatchNormalization', inputs: ['y0', 's', 's', 's', 'v'] }],
    ['Identity', { op: 'Identity', inputs: ['y0'] }],
    ['Resize', { op: 'Resize', inputs: ['y0', 'scales', ''], mode: 'linear' }],
    ['MatMul', { op: 'MatMul', inputs: ['y0', 'square'] }],
  ])('is read by %s', (_, node) => {
    for (const outputs of [['y', 'y0'], ['y']]) checkGraph(following([node], outputs));
  });
});
