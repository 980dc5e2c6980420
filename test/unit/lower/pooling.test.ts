import { describe, expect, it } from 'vitest';
import type { Window } from '../../../src/graph/ir.js';
import type { GraphSpec } from '../../support/ir.js';
import { checkGraph } from './compare.js';

interface PoolCase {
  readonly x: readonly number[];
  readonly window: Partial<Window>;
  readonly ceilMode?: boolean;
}

const cases: Readonly<Record<string, PoolCase>> = {
  '3D with asymmetric pads': {
    x: [2, 3, 5, 6, 7],
    window: { kernel: [3, 2, 4], padsBegin: [2, 0, 1], padsEnd: [0, 1, 3] },
  },
  '3D with strides and dilations': {
    x: [1, 5, 7, 8, 9],
    window: { kernel: [2, 3, 2], strides: [2, 1, 3], dilations: [3, 2, 4], padsBegin: [1, 2, 0], padsEnd: [2, 1, 3] },
  },
  '3D with a partial last window': {
    x: [2, 4, 6, 7, 8],
    window: { kernel: [3, 3, 3], strides: [2, 2, 3] },
    ceilMode: true,
  },
  '3D with a partial last window and pads': {
    x: [1, 2, 6, 5, 7],
    window: { kernel: [3, 2, 3], strides: [2, 3, 4], padsBegin: [1, 1, 0], padsEnd: [1, 0, 2] },
    ceilMode: true,
  },
  '3D, dilated, with a partial last window': {
    x: [1, 3, 8, 7, 9],
    window: { kernel: [2, 3, 2], strides: [3, 2, 2], dilations: [2, 2, 3], padsEnd: [1, 2, 1] },
    ceilMode: true,
  },
  '3D over everything': { x: [2, 9, 3, 4, 5], window: { kernel: [3, 4, 5] } },
  '2D': { x: [2, 8, 7, 6], window: { kernel: [3, 2], strides: [2, 2], padsBegin: [0, 1], padsEnd: [2, 0] } },
  '1D': { x: [1, 1, 17], window: { kernel: [4], strides: [3], padsBegin: [1], padsEnd: [2] }, ceilMode: true },
  same_lower: { x: [1, 2, 5, 6, 7], window: { kernel: [2, 3, 4], strides: [2, 2, 1], autoPad: 'same_lower' } },
  same_upper: { x: [1, 2, 5, 6, 7], window: { kernel: [2, 3, 4], strides: [2, 2, 1], autoPad: 'same_upper' } },
};

const poolOf = (op: 'MaxPool' | 'AveragePool', given: PoolCase, countIncludePad: boolean): GraphSpec => ({
  inputs: { x: given.x },
  nodes: [{ op, window: given.window, ceilMode: given.ceilMode ?? false, countIncludePad }],
});

describe.each(Object.entries(cases))('a pool, %s', (_, given) => {
  it('of the largest', () => {
    expect(checkGraph(poolOf('MaxPool', given, false))).toContain('f32_pool_max');
  });

  it.each([false, true])('of the mean, padding counted: %s', countIncludePad => {
    expect(checkGraph(poolOf('AveragePool', given, countIncludePad))).toContain('f32_pool_average');
  });
});

describe('a global pool', () => {
  it.each([[[2, 3, 4]], [[1, 5, 3, 7]], [[2, 9, 3, 4, 5]], [[1, 2, 1, 1, 1]], [[1, 1, 9, 10, 11]]])('of %o', x => {
    for (const op of ['GlobalAveragePool', 'GlobalMaxPool'] as const) checkGraph({ inputs: { x }, nodes: [{ op }] });
  });
});

it('keeps NaN and infinities where they are seen', () => {
  const data = Float32Array.from({ length: 2 * 5 * 6 }, (_, i) => Math.cos(i));
  data.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 7);
  const window = { kernel: [2, 2], padsBegin: [1, 0], padsEnd: [0, 1] };
  for (const op of ['MaxPool', 'AveragePool'] as const) {
    checkGraph({ inputs: { x: [1, 2, 5, 6] }, nodes: [{ op, window }] }, { x: data });
  }
});
