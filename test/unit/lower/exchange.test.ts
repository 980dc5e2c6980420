import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { TypedGraph } from '../../../src/graph/ir.js';
import type { ExchangeShare, Program, Share } from '../../../src/lower/program.js';
import type { Cut } from '../../../src/plan/plan.js';
import { constantOf, graphOf } from '../../support/ir.js';
import { checkPlan, nodes, planBy } from './partitioned.js';

const window = {
  kernel: [3, 3, 3],
  strides: [1, 1, 1],
  dilations: [1, 1, 1],
  padsBegin: [1, 1, 1],
  padsEnd: [1, 1, 1],
};
const strided = { ...window, strides: [2, 2, 2] };

/** Two convolutions, one after the other. */
function pair([depth, height, width]: readonly [number, number, number], second = window): TypedGraph {
  return inferShapes(
    graphOf({
      inputs: { x: [1, 3, depth, height, width] },
      constants: { k: constantOf([24, 3, 3, 3, 3]), l: constantOf([16, 24, 3, 3, 3]) },
      nodes: [
        { op: 'Conv', inputs: ['x', 'k'], outputs: ['a'], window },
        { op: 'Conv', inputs: ['a', 'l'], outputs: ['y'], window: second },
      ],
    }),
  );
}

const parts = (...counts: number[]): Cut => ({ kind: 'parts', parts: counts });
const along = { channel: parts(1, 2, 1, 1, 1), depth: parts(1, 1, 2, 1, 1), height: parts(1, 1, 1, 2, 1) } as const;

/** A program of the pair in two memories, whose results are held to those of one memory. */
const programOf = (graph: TypedGraph, ...cuts: readonly Cut[]): Program => {
  let at = 0;
  return checkPlan(
    graph,
    planBy(graph, nodes([1, 1]), () => cuts[at++]!),
  );
};

const isExchange = (share: Share): share is ExchangeShare => share.kind === 'exchange';
const exchangesOf = ({ steps }: Program) => steps.flatMap(({ shares }) => shares.filter(isExchange));
const bytesOf = (program: Program) =>
  exchangesOf(program)
    .flatMap(({ pieces }) => pieces)
    .reduce((sum, { runs, bytes }) => sum + runs * bytes, 0);
const kernelsOf = ({ steps }: Program) =>
  steps.flatMap(({ shares }) => shares.flatMap(share => (share.kind === 'kernel' ? [share.kernel] : [])));
/** Steps that copy within a memory what it has, or what it has fetched. */
const copiesOf = ({ steps }: Program) => steps.filter(({ op }) => op === 'Move');

describe('a slab in depth', () => {
  it('fetches its halo into the room beside its own part, and copies nothing else', () => {
    const program = programOf(pair([8, 6, 7]), along.depth, along.depth);
    expect(bytesOf(program)).toBe(2 * 24 * 6 * 7 * 4);
    expect(copiesOf(program)).toEqual([]);
  });

  it('computes its inner part while the halo is on the way', () => {
    const program = programOf(pair([32, 6, 7]), along.depth, along.depth);
    const step = program.steps.find(({ shares }) => shares.some(isExchange))!;
    expect(step.shares.filter(isExchange)).toHaveLength(2);
    expect(step.shares.filter(share => share.kind === 'kernel')).toHaveLength(2);
  });

  it('is one box where its inner part is small', () => {
    const program = programOf(pair([2, 6, 7]), along.depth, along.depth);
    const at = program.steps.findIndex(({ shares }) => shares.some(isExchange));
    expect(program.steps[at]!.shares.every(isExchange)).toBe(true);
  });

  it('of a strided layer fetches only the side that its windows reach', () => {
    const program = programOf(pair([8, 6, 7], strided), along.depth, along.depth);
    expect(bytesOf(program)).toBe(24 * 6 * 7 * 4);
  });
});

describe('a value with several readers', () => {
  it('is fetched once, with the widest halo', () => {
    const far = { ...window, dilations: [2, 1, 1], padsBegin: [2, 1, 1], padsEnd: [2, 1, 1] };
    const graph = inferShapes(
      graphOf({
        inputs: { x: [1, 3, 16, 6, 7] },
        constants: { k: constantOf([8, 3, 3, 3, 3]), l: constantOf([8, 8, 3, 3, 3]) },
        nodes: [
          { op: 'Conv', inputs: ['x', 'k'], outputs: ['a'], window },
          { op: 'Conv', inputs: ['a', 'l'], outputs: ['b'], window },
          { op: 'Conv', inputs: ['a', 'l'], outputs: ['c'], window: far },
          { op: 'Add', inputs: ['b', 'c'], outputs: ['y'] },
        ],
      }),
    );
    const program = programOf(graph, along.depth, along.depth, along.depth, along.depth);
    expect(bytesOf(program)).toBe(2 * 2 * 8 * 6 * 7 * 4);
    expect(copiesOf(program)).toEqual([]);
  });
});

describe('a slab in height', () => {
  it('fetches one row of each depth, as one piece of many runs', () => {
    const program = programOf(pair([8, 8, 7]), along.height, along.height);
    const pieces = exchangesOf(program).map(share => share.pieces);
    expect(pieces).toEqual([[expect.objectContaining({ runs: 8 })], [expect.objectContaining({ runs: 8 })]]);
    expect(bytesOf(program)).toBe(2 * 8 * 24 * 7 * 4);
  });
});

describe('channels', () => {
  it('are fetched as a block, and put between the others by a kernel', () => {
    const program = programOf(pair([8, 6, 7]), along.channel, along.channel);
    expect(bytesOf(program)).toBe(24 * 8 * 6 * 7 * 4);
    const pieces = exchangesOf(program).flatMap(share => share.pieces);
    expect(pieces.every(({ runs, bytes }) => runs * bytes >= 8 * 6 * 7 * 8 * 4)).toBe(true);
    expect(copiesOf(program)).not.toEqual([]);
  });
});

describe('every memory', () => {
  it('has the weights of its own channels only', () => {
    const whole = programOf(pair([8, 6, 7]), { kind: 'one', memory: 0 }, { kind: 'one', memory: 0 });
    const cut = programOf(pair([8, 6, 7]), along.channel, along.channel);
    const bytes = (program: Program) => program.memories.map(({ weightBytes }) => weightBytes);
    expect(bytes(whole)[1]).toBe(0);
    expect(Math.max(...bytes(cut))).toBeLessThan(0.75 * bytes(whole)[0]!);
  });

  it('is fed what it reads of the inputs, and gives what it computes of the outputs', () => {
    const { inputs, outputs } = programOf(pair([8, 6, 7]), along.depth, along.depth);
    expect(inputs[0]!.pieces.map(({ begin, dims }) => [begin[2], dims[2]])).toEqual([
      [0, 5],
      [3, 5],
    ]);
    expect(outputs[0]!.pieces.map(({ begin, dims }) => [begin[2], dims[2]])).toEqual([
      [0, 4],
      [4, 4],
    ]);
  });

  it('meets the others before an exchange, and its own workers elsewhere', () => {
    const { steps } = programOf(pair([8, 6, 7]), along.depth, along.depth);
    steps.slice(0, -1).forEach(({ barrier }, at) => {
      expect(barrier).toBe(steps[at + 1]!.shares.some(isExchange) ? 'machine' : 'node');
    });
  });
});

describe('layers of few channels', () => {
  it('fetch a slab in depth into the room beside their own part too', () => {
    const graph = inferShapes(
      graphOf({
        inputs: { x: [1, 2, 32, 6, 20] },
        constants: { k: constantOf([5, 2, 3, 3, 3]), l: constantOf([5, 5, 3, 3, 3]) },
        nodes: [
          { op: 'Conv', inputs: ['x', 'k'], outputs: ['a'], window },
          {
            op: 'Conv',
            inputs: ['a', 'l'],
            outputs: ['y'],
            window: { ...window, dilations: [4, 4, 4], padsBegin: [4, 4, 4], padsEnd: [4, 4, 4] },
          },
        ],
      }),
    );
    const program = programOf(graph, along.depth, along.depth);
    expect(kernelsOf(program)).toContain('f32_conv_planar');
    expect(copiesOf(program)).toEqual([]);
    expect(exchangesOf(program).map(({ pieces }) => pieces.length)).toEqual([1, 1]);
  });
});
