import { describe, expect, it } from 'vitest';
import type { ConvNode } from '../../../src/graph/ir.js';
import { liveRuns, liveTaps, liveWindow } from '../../../src/lower/live_taps.js';
import { constantOf, nodeOf } from '../../support/ir.js';
import { checkGraph, wave } from './compare.js';

interface Case {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly kernel: readonly number[];
  readonly pads: readonly number[];
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
}

function convOf({ kernel, pads, strides = [1, 1, 1], dilations = [1, 1, 1] }: Case): ConvNode {
  const window = { kernel, strides, dilations, padsBegin: pads, padsEnd: pads, autoPad: 'explicit' as const };
  return nodeOf({ op: 'Conv', inputs: ['x', 'w'], window }) as ConvNode;
}

const cases: readonly (Case & { readonly title: string; readonly first: number[]; readonly counts: number[] })[] = [
  {
    title: 'all taps of an ordinary layer',
    x: [1, 8, 4, 5, 6],
    y: [1, 8, 4, 5, 6],
    kernel: [3, 3, 3],
    pads: [1, 1, 1],
    first: [0, 0, 0],
    counts: [3, 3, 3],
  },
  {
    title: 'the middle one of a single plane',
    x: [1, 8, 1, 5, 6],
    y: [1, 8, 1, 5, 6],
    kernel: [3, 3, 3],
    pads: [1, 1, 1],
    first: [1, 0, 0],
    counts: [1, 3, 3],
  },
  {
    title: 'two of a strided layer with one output',
    x: [1, 8, 2, 2, 6],
    y: [1, 8, 1, 1, 3],
    kernel: [3, 3, 3],
    pads: [1, 1, 1],
    strides: [2, 2, 2],
    first: [1, 1, 0],
    counts: [2, 2, 3],
  },
  {
    title: 'those of a dilation wider than the input',
    x: [1, 8, 3, 9, 9],
    y: [1, 8, 3, 9, 9],
    kernel: [3, 3, 3],
    pads: [4, 4, 4],
    dilations: [4, 4, 4],
    first: [1, 0, 0],
    counts: [1, 3, 3],
  },
  {
    title: 'all where none is live',
    x: [1, 8, 1, 1, 1],
    y: [1, 8, 1, 1, 1],
    kernel: [2, 1, 1],
    pads: [4, 0, 0],
    strides: [9, 1, 1],
    first: [0, 0, 0],
    counts: [2, 1, 1],
  },
];

describe('liveTaps', () => {
  it.each(cases)('finds $title', ({ first, counts, ...shape }) => {
    expect(liveTaps(convOf(shape), shape.x, shape.y)).toEqual({ first, counts });
  });

  it('moves the window to the first live tap', () => {
    const shape = { ...cases[3]! };
    const node = convOf(shape);
    const { kD, kH, kW, padD, padH, padW } = liveWindow(node, liveTaps(node, shape.x, shape.y));
    expect([kD, kH, kW, padD, padH, padW]).toEqual([1, 3, 3, 0, 4, 4]);
  });

  it('lists runs of taps, neighbours in one', () => {
    const node = convOf({ ...cases[0]!, kernel: [3, 3, 3] });
    const runs = (first: [number, number, number], counts: [number, number, number]) =>
      liveRuns(node, { first, counts });
    expect(runs([0, 0, 0], [3, 3, 3])).toEqual([[0, 27]]);
    expect(runs([1, 0, 0], [1, 3, 3])).toEqual([[9, 9]]);
    expect(runs([0, 1, 0], [2, 1, 3])).toEqual([
      [3, 3],
      [12, 3],
    ]);
    expect(runs([2, 1, 1], [1, 2, 2])).toEqual([
      [22, 2],
      [25, 2],
    ]);
  });
});

describe('convolutions whose padding meets whole taps', () => {
  const layer = (x: readonly number[], outC: number, window: object) => {
    const wDims = [outC, x[1]!, 3, 3, 3];
    const w = constantOf(
      wDims,
      wave(
        wDims.reduce((a, b) => a * b),
        2,
      ),
    );
    return {
      inputs: { x },
      constants: { w, b: constantOf([outC], wave(outC, 3)) },
      nodes: [{ op: 'Conv' as const, inputs: ['x', 'w', 'b'], window }],
    };
  };
  const pads = { padsBegin: [1, 1, 1], padsEnd: [1, 1, 1] };

  it.each([
    ['directly, one plane', [1, 24, 1, 3, 2], 9, pads, ['f32_conv_gemm']],
    ['directly, strided', [1, 24, 2, 6, 5], 9, { ...pads, strides: [2, 2, 2] }, ['f32_conv_gemm']],
    [
      'by Winograd, one plane',
      [1, 64, 1, 16, 16],
      64,
      pads,
      ['f32_winograd_input', 'f32_winograd_products', 'f32_winograd_output'],
    ],
  ] as [string, number[], number, object, string[]][])('equal the interpreter %s', (_, x, outC, window, kernels) => {
    expect(checkGraph(layer(x, outC, window), undefined, 1e-4).filter(name => name !== 'f32_copy')).toEqual(kernels);
  });
});
