import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Constant } from '../../../src/graph/ir.js';
import { sizeOf } from '../../../src/graph/shape.js';
import type { Program } from '../../../src/lower/program.js';
import { constantOf, type GraphSpec, graphOf } from '../../support/ir.js';
import { kernelsOf, programOf, wave } from './compare.js';
import { checkPlan, nodes, planBy } from './partitioned.js';

const weights = (...dims: number[]): Constant => constantOf(dims, wave(sizeOf(dims), 3));
const window = {
  kernel: [3, 3, 3],
  strides: [1, 1, 1],
  padsBegin: [1, 1, 1],
  padsEnd: [1, 1, 1],
  dilations: [1, 1, 1],
};
const wide = [1, 16, 4, 4, 20];
const cube = [1, 4, 8, 6, 5];

const strided = { ...window, strides: [2, 2, 2] };
const farApart = { ...window, dilations: [4, 4, 4], padsBegin: [4, 4, 4], padsEnd: [4, 4, 4] };

/** Layers of which a part has the shape of another kind of layer, or whose operands are read in unusual ways. */
const layers: Readonly<Record<string, GraphSpec>> = {
  'groups, each of which could be a layer for Winograd': {
    inputs: { x: [1, 32, 8, 8, 8] },
    constants: { k: weights(32, 16, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['x', 'k'], window, groups: 2 }],
  },
  'a dilated layer for Winograd': {
    inputs: { x: [1, 32, 16, 9, 17] },
    constants: { k: weights(32, 32, 3, 3, 3) },
    nodes: [
      {
        op: 'Conv',
        inputs: ['x', 'k'],
        window: { ...window, dilations: [2, 1, 3], padsBegin: [2, 1, 3], padsEnd: [2, 1, 3] },
      },
    ],
  },
  'a first layer for Winograd, whose positions become channels': {
    inputs: { x: [2, 3, 6, 32, 30] },
    constants: { k: weights(32, 3, 5, 7, 7) },
    nodes: [
      {
        op: 'Conv',
        inputs: ['x', 'k'],
        window: { kernel: [5, 7, 7], strides: [1, 2, 2], padsBegin: [2, 3, 3], padsEnd: [2, 3, 3] },
      },
    ],
  },
  'a layer of one plane, whose outer planes of taps are dead': {
    inputs: { x: [1, 6, 1, 7, 5] },
    constants: { k: weights(24, 6, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['x', 'k'], window }],
  },
  'a layer for Winograd of one row': {
    inputs: { x: [1, 24, 7, 1, 9] },
    constants: { k: weights(24, 24, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['x', 'k'], window }],
  },
  'a layer for Winograd of one plane': {
    inputs: { x: [1, 64, 1, 16, 16] },
    constants: { k: weights(64, 64, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['x', 'k'], window }],
  },
  'a strided layer of one output plane': {
    inputs: { x: [1, 24, 2, 9, 8] },
    constants: { k: weights(24, 24, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['x', 'k'], window: strided }],
  },
  'a layer dilated beyond its depth': {
    inputs: { x: [1, 24, 3, 9, 8] },
    constants: { k: weights(24, 24, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['x', 'k'], window: farApart }],
  },
  'a layer dilated beyond its height and width': {
    inputs: { x: [1, 24, 10, 4, 3] },
    constants: { k: weights(24, 24, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['x', 'k'], window: farApart }],
  },
  'a layer with live taps of which parts read padding alone': {
    inputs: { x: [1, 24, 2, 3, 5] },
    constants: { k: weights(24, 24, 3, 2, 3) },
    nodes: [
      {
        op: 'Conv',
        inputs: ['x', 'k'],
        window: {
          kernel: [3, 2, 3],
          strides: [1, 3, 1],
          dilations: [5, 2, 1],
          padsBegin: [6, 4, 1],
          padsEnd: [9, 7, 1],
        },
      },
    ],
  },
  'groups, each of which could be a planar layer': {
    inputs: { x: wide },
    constants: { k: weights(16, 8, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['x', 'k'], window, groups: 2 }],
  },
  'groups of one channel': {
    inputs: { x: wide },
    constants: { k: weights(16, 1, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['x', 'k'], window, groups: 16 }],
  },
  'a convolution of a constant, which is its residual too': {
    constants: { d: weights(...cube), k: weights(4, 4, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['d', 'k', '', 'd'], window }],
  },
  'a convolution of a constant': {
    constants: { d: weights(...cube), k: weights(16, 4, 3, 3, 3) },
    nodes: [{ op: 'Conv', inputs: ['d', 'k'], window }],
  },
  'a pool of a constant': {
    constants: { d: weights(...cube) },
    nodes: [{ op: 'MaxPool', inputs: ['d'], window }],
  },
  'a matrix product that adds a constant matrix': {
    inputs: { x: [3, 40] },
    constants: { k: weights(40, 33), c: weights(3, 33) },
    nodes: [{ op: 'Gemm', inputs: ['x', 'k', 'c'] }],
  },
  'a matrix times itself': {
    inputs: { x: [20, 40] },
    nodes: [{ op: 'Gemm', inputs: ['x', 'x'], transB: true }],
  },
  'a matrix product that adds its first factor': {
    inputs: { x: [20, 20] },
    constants: { k: weights(20, 20) },
    nodes: [{ op: 'Gemm', inputs: ['x', 'k', 'x'] }],
  },
  'a matrix product that adds its second factor': {
    inputs: { x: [20, 20] },
    constants: { k: weights(20, 20) },
    nodes: [{ op: 'Gemm', inputs: ['x', 'k', 'k'], transB: true, beta: 0.5 }],
  },
};

const winogradKernels = new Set([
  'f32_conv_winograd',
  'f32_winograd_input',
  'f32_winograd_products',
  'f32_winograd_output',
]);

/** Without that which only moves data. Winograd's method has the same bits in one step and in three. */
const computing = ({ steps }: Program): Set<string> =>
  new Set(
    steps
      .flatMap(kernelsOf)
      .filter(kernel => kernel !== 'f32_copy')
      .map(kernel => (winogradKernels.has(kernel) ? 'Winograd' : kernel)),
  );

describe.each(Object.keys(layers))('%s', name => {
  const graph = inferShapes(graphOf(layers[name]!));

  it.each([[[1, 1]], [[1, 1, 1]], [[2, 1, 3, 1]]])(
    'has the kernels and the bits of one memory however it is cut: %s',
    workers => {
      let ways = 1;
      for (let way = 0; way < ways; way++) {
        const plan = planBy(graph, nodes(workers), (_, cuts) => {
          ways = cuts.length;
          return cuts[way]!;
        });
        expect(computing(checkPlan(graph, plan))).toEqual(computing(programOf(graph)));
      }
    },
  );
});
