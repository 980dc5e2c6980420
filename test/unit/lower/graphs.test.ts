import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import { constantOf, type GraphSpec, graphOf, int64 } from '../../support/ir.js';
import { checkGraph, programOf, wave } from './compare.js';

const weights = constantOf([3, 2, 1, 1, 1], wave(6));
const conv = (inputs: string[], outputs: string[]) => ({ op: 'Conv', inputs: [...inputs, 'w', ''], outputs }) as const;
const relu = (inputs: string[], outputs: string[]) =>
  ({ op: 'Activation', inputs, outputs, activation: { kind: 'relu' } }) as const;
const same = (inputs: string[], outputs: string[]) => ({ op: 'Identity', inputs, outputs }) as const;

const x = [2, 2, 3, 4, 5];

it.each<[string, GraphSpec]>([
  ['an output that others read', { nodes: [conv(['x'], ['y']), relu(['y'], ['z'])], outputs: ['z', 'y'] }],
  ['an output that is an input', { nodes: [relu(['x'], ['y'])], outputs: ['x', 'y'] }],
  ['nothing but an input', { nodes: [], outputs: ['x'] }],
  ['an input under another name', { nodes: [same(['x'], ['y'])], outputs: ['y', 'x'] }],
  ['one value under two names', { nodes: [relu(['x'], ['a']), same(['a'], ['y'])], outputs: ['a', 'y'] }],
  ['an output that is a constant', { nodes: [conv(['x'], ['y'])], outputs: ['w', 'y'] }],
  ['a constant under another name', { nodes: [same(['w'], ['y'])] }],
  ['an input that nothing reads', { inputs: { unused: [3], x, other: [2, 2] }, nodes: [conv(['x'], ['y'])] }],
  ['a node that nothing reads', { nodes: [conv(['x'], ['a']), relu(['x'], ['y'])] }],
  [
    'a residual that is the input',
    {
      constants: { w: constantOf([2, 2, 1, 1, 1], wave(4)) },
      nodes: [conv(['x'], ['a']), { op: 'Add', inputs: ['a', 'x'], outputs: ['y'], activation: { kind: 'relu' } }],
    },
  ],
  [
    'a chain of residuals',
    {
      constants: { w: constantOf([2, 2, 1, 1, 1], wave(4)) },
      nodes: [
        conv(['x'], ['a']),
        { op: 'Add', inputs: ['a', 'x'], outputs: ['b'] },
        conv(['b'], ['c']),
        { op: 'Add', inputs: ['b', 'c'], outputs: ['d'] },
        conv(['d'], ['e']),
        { op: 'Add', inputs: ['e', 'e'], outputs: ['y'] },
      ],
      outputs: ['y', 'c'],
    },
  ],
  [
    'a reshape of a reshape',
    {
      constants: { w: weights, to: int64(4, 5, -1), back: int64(2, 3, 3, 4, 5) },
      nodes: [
        conv(['x'], ['a']),
        { op: 'Reshape', inputs: ['a', 'to'], outputs: ['b'] },
        { op: 'Reshape', inputs: ['b', 'back'], outputs: ['c'] },
        { op: 'Add', inputs: ['c', 'a'], outputs: ['y'] },
      ],
      outputs: ['b', 'y'],
    },
  ],
  ['a scalar', { inputs: { x: [] }, nodes: [relu(['x'], ['y'])] }],
  [
    'six dimensions',
    {
      inputs: { x: [2, 3, 2, 2, 2, 3] },
      constants: { one: constantOf([3], [1, 2, 3]) },
      nodes: [
        { op: 'Mul', inputs: ['x', 'one'], outputs: ['a'] },
        { op: 'Concat', inputs: ['a', 'x'], outputs: ['b'], axis: 3 },
        { op: 'Softmax', inputs: ['b'], outputs: ['c'], axis: 2 },
        { op: 'ReduceMean', inputs: ['c'], outputs: ['y'], axes: [1, 4], keepDims: false },
      ],
    },
  ],
])('%s', (_, spec) => {
  checkGraph({ inputs: { x }, constants: { w: weights }, ...spec });
});

describe('a program', () => {
  const lowered = (spec: GraphSpec) => programOf(inferShapes(graphOf({ inputs: { x }, ...spec })));

  it('computes nothing for a value under another name or shape', () => {
    const nodes: GraphSpec['nodes'] = [
      same(['x'], ['a']),
      { op: 'Flatten', inputs: ['a'], outputs: ['b'] },
      { op: 'Reshape', inputs: ['b', 'to'], outputs: ['y'] },
    ];
    expect(lowered({ constants: { to: int64(-1, 5) }, nodes }).steps).toEqual([]);
  });

  it('packs a constant once for each kernel that reads it', () => {
    const constants = { w: constantOf([2, 2, 1, 1, 1], wave(4)) };
    const nodes: GraphSpec['nodes'] = [conv(['x'], ['a']), conv(['a'], ['b']), conv(['b'], ['y'])];
    expect(lowered({ constants, nodes }).weights).toHaveLength(1);
  });

  it.each<[string, GraphSpec]>([
    ["Cast 'node_y'", { nodes: [{ op: 'Cast', inputs: ['x'], to: 'float16' }] }],
    ["input 'x'", { dtypes: { x: 'float64' }, nodes: [{ op: 'Cast', inputs: ['x'], to: 'float32' }] }],
    ["input 'x'", { dtypes: { x: 'float16' }, nodes: [relu(['x'], ['y'])] }],
    ["input 'x'", { dtypes: { x: 'int64' }, nodes: [same(['w'], ['y'])], constants: { w: weights } }],
    ["weights 'w'", { inputs: { x, w: [3, 2, 1, 1, 1] }, nodes: [conv(['x'], ['y'])] }],
    ["input 'i'", { inputs: { x, i: [2] }, dtypes: { i: 'int64' }, nodes: [{ op: 'Gather', inputs: ['x', 'i'] }] }],
    ["constant 'k'", { constants: { k: int64(1, 2) }, nodes: [relu(['x'], ['y'])], outputs: ['y', 'k'] }],
  ])('that names what it cannot do: %s', (named, spec) => {
    expect(() => lowered(spec)).toThrow(
      expect.objectContaining({ kind: 'unsupported', message: expect.stringContaining(named) }),
    );
  });
});
