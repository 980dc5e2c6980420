import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Activation, ConvNode, Window } from '../../../src/graph/ir.js';
import { lower } from '../../../src/lower/lower.js';
import { chooseWinograd } from '../../../src/lower/winograd.js';
import { planWhole } from '../../../src/plan/plan.js';
import { constantOf, graphOf } from '../../support/ir.js';
import { checkGraph, kernelsOf, oneWorker, wave } from './compare.js';

interface Case {
  readonly x: readonly number[];
  readonly outC: number;
  /** 3 in every dimension unless given. */
  readonly kernel?: readonly number[];
  readonly window?: Partial<Window>;
  readonly residual?: boolean;
  readonly activation?: Activation;
}

const same: Partial<Window> = { padsBegin: [1, 1, 1], padsEnd: [1, 1, 1] };

function graphWith({ x, outC, kernel = [3, 3, 3], window = same, residual = false, activation }: Case) {
  const wDims = [outC, x[1]!, ...kernel];
  const w = constantOf(
    wDims,
    wave(
      wDims.reduce((a, b) => a * b, 1),
      2,
    ).map(value => value / 8),
  );
  const inputs = residual ? { x, r: [x[0]!, outC, ...x.slice(2)] } : { x };
  return {
    inputs,
    constants: { w, b: constantOf([outC], wave(outC, 3)) },
    nodes: [
      { op: 'Conv' as const, inputs: ['x', 'w', 'b', residual ? 'r' : ''], window, activation: activation ?? null },
    ],
  };
}

/** A transform along each of `axes` axes, the products, and the transforms back. */
const winograd = (axes: number) => [
  ...new Array<string>(axes).fill('f32_winograd_input'),
  'f32_conv_gemm',
  ...new Array<string>(axes).fill('f32_winograd_output'),
];

/** Tiles along depth, height and width; null for direct convolution. */
function tilesOf(shape: Case) {
  const graph = inferShapes(graphOf(graphWith(shape)));
  const node = graph.nodes[0] as ConvNode;
  const dims = (name: string) => graph.types.get(name)!.dims;
  return chooseWinograd(node, dims(node.inputs[0]!), dims(node.outputs[0]!));
}

describe('convolutions with an axis of three taps at stride 1', () => {
  const cases: Readonly<Record<string, Case>> = {
    'depth 2': { x: [1, 16, 2, 7, 8], outC: 16 },
    'depth 4, batch 2, ragged channels': { x: [2, 17, 4, 6, 6], outC: 19 },
    'depth 6': { x: [1, 16, 6, 6, 6], outC: 16, activation: { kind: 'relu' } },
    'depth 7, residual': { x: [1, 16, 7, 6, 6], outC: 24, residual: true, activation: { kind: 'elu', alpha: 1 } },
    'depth 8, more channels than are staged at once': { x: [1, 80, 8, 6, 6], outC: 16 },
    'strides and asymmetric pads': {
      x: [1, 64, 12, 13, 14],
      outC: 64,
      window: { strides: [1, 2, 2], padsBegin: [2, 0, 1], padsEnd: [0, 2, 1] },
    },
    'height, batch 2, residual': {
      x: [2, 16, 3, 8, 7],
      outC: 19,
      kernel: [1, 3, 3],
      window: { padsBegin: [0, 1, 1], padsEnd: [0, 1, 1] },
      residual: true,
    },
    'height, with strides and taps in the other axes': {
      x: [1, 33, 8, 19, 30],
      outC: 32,
      kernel: [2, 3, 5],
      window: { strides: [2, 1, 3], dilations: [2, 1, 1], padsBegin: [1, 0, 2], padsEnd: [0, 2, 1] },
      activation: { kind: 'relu' },
    },
    '2D': {
      x: [1, 32, 26, 29],
      outC: 32,
      kernel: [3, 3],
      window: { padsBegin: [1, 1], padsEnd: [1, 1] },
      activation: { kind: 'tanh' },
    },
    'no pads, dilated plane': { x: [1, 16, 6, 11, 12], outC: 16, window: { dilations: [1, 2, 2] } },
  };

  it.each(Object.entries(cases))('%s', (_, shape) => {
    const kernels = checkGraph(graphWith(shape)).filter(name => name !== 'f32_copy');
    const tiles = tilesOf(shape)!.filter(tile => tile > 0);
    expect(tiles.length).toBeGreaterThan(0);
    expect(kernels).toEqual(winograd(tiles.length));
  });

  it.each([
    ['few channels', { x: [1, 8, 8, 6, 6], outC: 16 }],
    ['one position', { x: [1, 16, 1, 1, 1], outC: 16 }],
    ['strides', { x: [1, 16, 8, 12, 12], outC: 16, window: { ...same, strides: [2, 2, 2] } }],
    ['dilation', { x: [1, 16, 8, 8, 8], outC: 16, window: { ...same, dilations: [2, 2, 2] } }],
    ['no taps but the three', { x: [1, 16, 8, 8, 8], outC: 16, kernel: [3, 1, 1], window: {} }],
  ] as [string, Case][])('are direct for %s', (_, shape) => {
    expect(checkGraph(graphWith(shape)).filter(name => name !== 'f32_copy')).toEqual(['f32_conv_gemm']);
  });

  it.each([
    [
      'the only axis there is',
      { x: [1, 64, 16, 12, 12], outC: 64, kernel: [3, 1, 1], window: { padsBegin: [1, 0, 0] } },
      1,
    ],
    [
      'two axes of an image',
      { x: [1, 64, 40, 40], outC: 64, kernel: [3, 3], window: { padsBegin: [1, 1], padsEnd: [1, 1] } },
      2,
    ],
    ['three axes where there is work for them', { x: [1, 64, 10, 10, 10], outC: 64 }, 3],
  ] as [string, Case, number][])('take %s', (_, shape, axes) => {
    expect(checkGraph(graphWith(shape)).filter(name => name !== 'f32_copy')).toEqual(winograd(axes));
  });

  it('never have packed weights of more than four times the size', () => {
    for (const channels of [16, 64, 512]) {
      for (const size of [4, 7, 14, 28, 56]) {
        const tiles = tilesOf({ x: [1, channels, size, size, size], outC: channels });
        const growth = (tiles ?? []).reduce<number>((all, tile) => all * (tile ? (tile + 2) / 3 : 1), 1);
        expect(growth).toBeLessThanOrEqual(4);
      }
    }
  });

  it('are direct when results are to be exact', () => {
    const graph = inferShapes(graphOf(graphWith({ x: [1, 16, 4, 6, 6], outC: 16 })));
    const { steps } = lower(graph, planWhole(graph, oneWorker), { exact: true });
    expect(steps.flatMap(kernelsOf).filter(name => name !== 'f32_copy')).toEqual(['f32_conv_gemm']);
  });
});
