import { describe, it } from 'vitest';
import type { GraphSpec } from '../../support/ir.js';
import { checkGraph } from './compare.js';

/** x fed and, where it has spatial dimensions, also pooled into channels-last order. */
function check(x: readonly number[], node: (input: string, output: string) => GraphSpec['nodes'][number]): void {
  const spatial = x.length >= 3 && x.length <= 5;
  const pooled: GraphSpec['nodes'] = [
    { op: 'MaxPool', inputs: ['x'], outputs: ['last'], window: { kernel: x.slice(2).map(() => 1) } },
    node('last', 'y1'),
  ];
  checkGraph({
    inputs: { x },
    nodes: [node('x', 'y0'), ...(spatial ? pooled : [])],
    outputs: spatial ? ['y0', 'y1'] : ['y0'],
  });
}

const shapes = [[5], [3, 4], [2, 5, 7], [2, 3, 4, 5], [2, 3, 4, 2, 5], [1, 7, 1, 3, 1], [2, 1, 3, 2, 2, 3]];

describe.each(['Softmax', 'LogSoftmax'] as const)('%s', op => {
  it.each(shapes.map(x => [x]))('of %o over each axis', x => {
    for (const axis of [...x.keys(), -1]) {
      for (const flattened of [false, true]) {
        check(x, (input, output) => ({ op, inputs: [input], outputs: [output], axis, flattened }));
      }
    }
  });

  it('of values that overflow, and of NaN and infinities', () => {
    const rows = [
      [1000, -1000, 999, 0],
      [Number.NaN, 1, 2, 3],
      [Number.NEGATIVE_INFINITY, 1, 2, 3],
      [Number.POSITIVE_INFINITY, 1, 2, 3],
    ];
    checkGraph({ inputs: { x: [4, 4] }, nodes: [{ op, axis: 1 }] }, { x: Float32Array.from(rows.flat()) });
  });
});

describe('ReduceMean', () => {
  const subsets = (rank: number) =>
    Array.from({ length: 2 ** rank }, (_, bits) => [...Array(rank).keys()].filter(axis => (bits >> axis) & 1));

  it.each(shapes.map(x => [x]))('of %o over every set of axes', x => {
    for (const axes of subsets(x.length)) {
      for (const keepDims of [false, true]) {
        check(x, (input, output) => ({ op: 'ReduceMean', inputs: [input], outputs: [output], axes, keepDims }));
      }
    }
  });

  it('over axes counted from the end, in any order', () => {
    check([2, 3, 4, 5, 2], (input, output) => ({
      op: 'ReduceMean',
      inputs: [input],
      outputs: [output],
      axes: [-1, 1, -3],
    }));
  });

  it('of a scalar', () => {
    checkGraph({ inputs: { x: [] }, nodes: [{ op: 'ReduceMean' }] });
  });
});
