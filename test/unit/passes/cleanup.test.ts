import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import { optimize } from '../../../src/passes/optimize.js';
import { constantOf, graphOf, int64 } from '../../support/ir.js';
import { type Nodes, norm, normInputs, one, optimized, relu, x } from './optimized.js';

describe('constants, identities and dead nodes', () => {
  it('computes what constants decide, and reshapes large ones without reading them', () => {
    const large = {
      dtype: 'float32',
      dims: [2000, 1000],
      source: { kind: 'file', path: '/none', offset: 0, length: 8000000 },
    } as const;
    const { graph } = optimize(
      inferShapes(
        graphOf({
          inputs: { x: [1, 1000] },
          constants: { w: large, to: int64(1000, 2000), k: constantOf([100, 100]) },
          nodes: [
            { op: 'Reshape', inputs: ['w', 'to'], outputs: ['v'] },
            { op: 'Gemm', inputs: ['x', 'v', ''] },
            { op: 'Mul', inputs: ['k', 'k'], outputs: ['square'] },
          ],
          outputs: ['y', 'square'],
        }),
      ),
    );
    expect(graph.nodes.map(node => node.op)).toEqual(['Gemm']);
    expect(graph.constants.get('v')).toEqual({ ...large, dims: [1000, 2000] });
    expect(graph.constants.get('square')?.dims).toEqual([100, 100]);
  });

  const identities: Nodes = [
    { op: 'Identity' },
    { op: 'Reshape', inputs: ['x', 'to'] },
    { op: 'Flatten', inputs: ['x'] },
    { op: 'Transpose', perm: [0, 1] },
    { op: 'Cast', to: 'float32' },
    { op: 'Concat', axis: 1 },
    { op: 'Pad', inputs: ['x', 'none'] },
    { op: 'Slice', inputs: ['x', 'first', 'last'] },
    { op: 'Slice', inputs: ['x', 'last', 'before', 'zero', 'back'] },
  ];
  const constants = {
    to: int64(1, -1),
    none: int64(0, 0, 0, 0),
    first: int64(0, 0),
    last: int64(99, 99),
    before: int64(-99, -99),
    zero: int64(0, 1),
    back: int64(-1, 1),
  };
  it.each(identities)('removes a $op that does nothing', spec => {
    const isBackwards = spec.inputs?.[4] === 'back';
    const values = isBackwards ? { ...constants, last: int64(0, 0), before: int64(-99, 99) } : constants;
    const { ops } = optimized({
      inputs: { x: [1, 6] },
      constants: values,
      nodes: [
        { op: 'Activation', outputs: ['r'], activation: relu },
        { ...spec, inputs: ['r', ...(spec.inputs ?? ['x']).slice(1)], outputs: ['i'] } as Nodes[number],
        { op: 'Add', inputs: ['i', 'x'] },
      ],
    });
    expect(ops).toEqual(['Activation', 'Add']);
  });

  it('keeps those that keep the shape but not the elements', () => {
    const { ops } = optimized({
      inputs: { x: [2, 2] },
      constants: { pads: int64(0, -1, 0, 1), s: int64(-1), e: int64(-99), a: int64(0), t: int64(-1) },
      nodes: [
        { op: 'Transpose', outputs: ['t1'] },
        { op: 'Slice', inputs: ['t1', 's', 'e', 'a', 't'] },
      ],
    });
    expect(ops).toEqual(['Transpose', 'Slice']);
    const padded = graphOf({
      inputs: { x: [2, 2] },
      constants: { p: int64(0, -1, 0, 1) },
      nodes: [{ op: 'Pad', inputs: ['x', 'p'] }],
    });
    expect(optimize(inferShapes(padded)).graph.nodes.map(node => node.op)).toEqual(['Pad']);
  });

  it('keeps the names of outputs', () => {
    const { graph } = optimized({
      inputs: x,
      constants: { w: one },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', ''], outputs: ['c'] },
        { op: 'Identity', inputs: ['c'], outputs: ['d'] },
        { op: 'Identity', inputs: ['d'], outputs: ['y'] },
        { op: 'Activation', inputs: ['c'], outputs: ['z'], activation: relu },
      ],
      outputs: ['y', 'z'],
    });
    expect(graph.nodes.map(node => [node.op, ...node.outputs])).toEqual([
      ['Conv', 'y'],
      ['Activation', 'z'],
    ]);
    expect(graph.nodes[1]!.inputs).toEqual(['y']);
  });

  it('keeps an identity between an input, or an output, and an output', () => {
    const { ops, reasons } = optimized({
      inputs: { x: [2] },
      nodes: [
        { op: 'Identity', outputs: ['a'] },
        { op: 'Activation', outputs: ['b'], activation: relu },
        { op: 'Identity', inputs: ['b'], outputs: ['c'] },
      ],
      outputs: ['a', 'b', 'c'],
    });
    expect(ops).toEqual(['Identity', 'Activation', 'Identity']);
    expect(reasons).toContain(`output 'a' equals 'x', which no node computes`);
    expect(reasons).toContain(`output 'c' equals another output, 'b'`);
  });

  it('removes what nobody reads before it could stand in the way', () => {
    const { graph } = optimized({
      inputs: x,
      constants: { w: one, ...norm(4), unused: constantOf([3]) },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', ''], outputs: ['c'] },
        { op: 'Activation', inputs: ['c'], outputs: ['dead'], activation: relu },
        { op: 'Activation', inputs: ['dead'], outputs: ['deader'], activation: relu },
        { op: 'BatchNormalization', inputs: ['c', ...normInputs] },
      ],
    });
    expect(graph.nodes).toHaveLength(1);
    expect(graph.constants.has('unused')).toBe(false);
    expect(graph.types.has('dead')).toBe(false);
  });
});
