import { describe, expect, it } from 'vitest';
import { readNumbers } from '../../../src/graph/constant.js';
import { graphFlops, nodeFlops, parameterCount } from '../../../src/graph/cost.js';
import { inferShapes } from '../../../src/graph/infer.js';
import type { TypedGraph } from '../../../src/graph/ir.js';
import { checkGraph, checkTypedGraph } from '../../support/check.js';
import { constantOf, graphOf, int64 } from '../../support/ir.js';

const numbersOf = (graph: TypedGraph, name: string) => [...readNumbers(graph.constants.get(name)!)];

describe('values followed through shape computations', () => {
  it('resolve x.view(x.size(0), -1) as exporters write it', () => {
    const graph = inferShapes(
      graphOf({
        inputs: { x: ['N', 3, 4, 5] },
        constants: { zero: constantOf([], [0], 'int64'), axes: int64(0), rest: int64(-1) },
        nodes: [
          { op: 'Shape', outputs: ['shape'] },
          { op: 'Gather', inputs: ['shape', 'zero'], outputs: ['n'] },
          { op: 'Unsqueeze', inputs: ['n', 'axes'], outputs: ['n1'] },
          { op: 'Concat', inputs: ['n1', 'rest'], outputs: ['to'], axis: 0 },
          { op: 'Reshape', inputs: ['x', 'to'] },
        ],
      }),
      { x: [2, 3, 4, 5] },
    );
    checkTypedGraph(graph);
    expect(graph.nodes.map(node => node.op)).toEqual(['Reshape']);
    expect(numbersOf(graph, 'to')).toEqual([2, -1]);
    expect(graph.types.get('y')).toEqual({ dtype: 'float32', dims: [2, 60] });
  });

  it('resolve a doubled size by way of float32', () => {
    const graph = inferShapes(
      graphOf({
        inputs: { x: [1, 2, 3, 5, 7] },
        constants: { two: constantOf([], [2]), from: int64(2), to: int64(2 ** 63), axes: int64(0) },
        nodes: [
          { op: 'Shape', outputs: ['shape'] },
          { op: 'Slice', inputs: ['shape', 'from', 'to', 'axes'], outputs: ['spatial'] },
          { op: 'Slice', inputs: ['shape', 'axes', 'from'], outputs: ['lead'] },
          { op: 'Cast', inputs: ['spatial'], outputs: ['floats'], to: 'float32' },
          { op: 'Mul', inputs: ['floats', 'two'], outputs: ['doubled'] },
          { op: 'Cast', inputs: ['doubled'], outputs: ['whole'], to: 'int64' },
          { op: 'Concat', inputs: ['lead', 'whole'], outputs: ['sizes'], axis: 0 },
          { op: 'Resize', inputs: ['x', '', 'sizes'] },
        ],
      }),
    );
    expect(graph.nodes.map(node => node.op)).toEqual(['Resize']);
    expect(graph.types.get('y')?.dims).toEqual([1, 2, 6, 10, 14]);
  });

  it('round as the type does: division towards zero, float32, and not at all by zero', () => {
    const graph = inferShapes(
      graphOf({
        constants: { a: int64(-7, 7), b: int64(2, -2), z: int64(1, 0), f: constantOf([1], [0.1]), i: int64(-3) },
        nodes: [
          { op: 'Div', inputs: ['a', 'b'], outputs: ['quotient'] },
          { op: 'Add', inputs: ['f', 'f'], outputs: ['sum'] },
          { op: 'Cast', inputs: ['i'], outputs: ['byte'], to: 'uint8' },
          { op: 'Cast', inputs: ['f'], outputs: ['truth'], to: 'bool' },
          { op: 'Div', inputs: ['a', 'z'] },
        ],
      }),
    );
    expect(numbersOf(graph, 'quotient')).toEqual([-3, -3]);
    expect(numbersOf(graph, 'sum')).toEqual([Math.fround(0.2)]);
    expect(numbersOf(graph, 'byte')).toEqual([253]);
    expect(numbersOf(graph, 'truth')).toEqual([1]);
    expect(graph.nodes.map(node => node.op)).toEqual(['Div']);
  });

  it('are moved, gathered and joined element by element', () => {
    const graph = inferShapes(
      graphOf({
        constants: {
          m: constantOf([2, 3], [1, 2, 3, 4, 5, 6]),
          i: constantOf([2], [-1, 0], 'int64'),
          s: int64(-1),
          e: int64(-(2 ** 63)),
          a: int64(1),
          t: int64(-2),
        },
        nodes: [
          { op: 'Transpose', inputs: ['m'], outputs: ['t1'] },
          { op: 'Gather', inputs: ['m', 'i'], outputs: ['columns'], axis: 1 },
          { op: 'Slice', inputs: ['m', 's', 'e', 'a', 't'], outputs: ['odd'] },
          { op: 'Concat', inputs: ['odd', 'm'], outputs: ['wide'], axis: 1 },
          { op: 'Activation', inputs: ['m'], outputs: ['clipped'], activation: { kind: 'clip', min: 2, max: 4 } },
          { op: 'Identity', inputs: ['m'] },
        ],
      }),
    );
    expect(numbersOf(graph, 't1')).toEqual([1, 4, 2, 5, 3, 6]);
    expect(numbersOf(graph, 'columns')).toEqual([3, 1, 6, 4]);
    expect(numbersOf(graph, 'odd')).toEqual([3, 1, 6, 4]);
    expect(numbersOf(graph, 'wide')).toEqual([3, 1, 1, 2, 3, 6, 4, 4, 5, 6]);
    expect(numbersOf(graph, 'clipped')).toEqual([2, 2, 3, 4, 4, 4]);
    expect(graph.nodes).toEqual([]);
  });

  it('are not read from constants that are large', () => {
    const missing = { kind: 'file', path: '/nowhere', offset: 0, length: 4 << 20 } as const;
    const graph = inferShapes(
      graphOf({
        constants: { w: { dtype: 'float32', dims: [1 << 20], source: missing } },
        nodes: [{ op: 'Identity', inputs: ['w'] }],
      }),
    );
    expect(graph.nodes).toHaveLength(1);
  });
});

describe('checks', () => {
  const relu = { op: 'Activation', activation: { kind: 'relu' } } as const;
  it.each([
    [
      'a value that comes later',
      [
        { ...relu, inputs: ['z'] },
        { ...relu, outputs: ['z'] },
      ],
      'is not computed before it',
    ],
    ['a cycle', [{ ...relu, inputs: ['y'] }], 'is not computed before it'],
    [
      'two nodes of one name',
      [
        { ...relu, name: 'n' },
        { ...relu, name: 'n', outputs: ['z'] },
      ],
      `two nodes are called 'n'`,
    ],
    [
      'a value computed twice',
      [
        { ...relu, name: 'a' },
        { ...relu, name: 'b' },
      ],
      `value 'y' comes from Activation 'a'`,
    ],
    ['a node that computes an input', [{ ...relu, outputs: ['x'] }], `value 'x' comes from an input`],
    ['an output that nothing computes', [{ ...relu, outputs: ['z'] }], `output 'y' is not computed`],
  ])('refuse %s', (_, nodes, text) => {
    expect(() => checkGraph(graphOf({ inputs: { x: [1] }, nodes }))).toThrow(text);
  });

  it('refuse values without types and constants typed as something else', () => {
    const graph = inferShapes(graphOf({ inputs: { x: [1] }, nodes: [relu] }));
    checkTypedGraph(graph);
    expect(() => checkTypedGraph({ ...graph, types: new Map() })).toThrow(`value 'x' has no type`);
    const constants = new Map([['c', constantOf([2])]]);
    expect(() => checkTypedGraph({ ...graph, constants })).toThrow(`constant 'c' is float32 2 but typed as nothing`);
  });
});

describe('cost', () => {
  it('counts two operations per multiply-add, by groups', () => {
    const graph = inferShapes(
      graphOf({
        inputs: { x: [2, 4, 3, 3, 3] },
        constants: {
          w: constantOf([6, 2, 3, 1, 1]),
          g: constantOf([5, 54]),
          m: constantOf([5, 7]),
        },
        nodes: [
          { op: 'Conv', inputs: ['x', 'w', ''], outputs: ['c'], groups: 2 },
          { op: 'Flatten', inputs: ['c'], outputs: ['f'] },
          { op: 'Gemm', inputs: ['f', 'g'], outputs: ['d'], transB: true },
          { op: 'MatMul', inputs: ['d', 'm'] },
        ],
      }),
    );
    // 2 * 6 * 1 * 3 * 3 outputs of 2 * 3 products; 2 * 5 of 54; 2 * 7 of 5.
    expect(graph.nodes.map(node => nodeFlops(graph, node))).toEqual([2 * 108 * 6, 0, 2 * 10 * 54, 2 * 14 * 5]);
    expect(graphFlops(graph)).toBe(1296 + 1080 + 140);
  });

  it('counts each learned element once, whatever it passes through', () => {
    const graph = graphOf({
      inputs: { x: [1, 4, 3, 3, 3] },
      constants: {
        w: constantOf([4, 4, 1, 1, 1]),
        b: constantOf([4]),
        s: constantOf([4]),
        mean: constantOf([4]),
        v: constantOf([4]),
        shift: constantOf([4]),
        axes: int64(1, 2, 3),
        half: constantOf([], [0.5]),
        unused: constantOf([99]),
      },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c1'] },
        { op: 'Conv', inputs: ['c1', 'w', ''], outputs: ['c2'] },
        { op: 'BatchNormalization', inputs: ['c2', 's', 'b', 'mean', 'v'], outputs: ['n'] },
        { op: 'Unsqueeze', inputs: ['shift', 'axes'], outputs: ['s4'] },
        { op: 'Add', inputs: ['n', 's4'], outputs: ['a'] },
        { op: 'Mul', inputs: ['a', 'half'] },
      ],
    });
    expect(parameterCount(graph)).toBe(16 + 4 + 4 + 4);
    expect(parameterCount(inferShapes(graph))).toBe(16 + 4 + 4 + 4);
  });
});
