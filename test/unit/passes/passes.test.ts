import { describe, expect, it } from 'vitest';
import { checkTypedGraph } from '../../../src/graph/check.js';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Constant, TypedGraph } from '../../../src/graph/ir.js';
import { sizeOf } from '../../../src/graph/shape.js';
import { optimize, passes } from '../../../src/passes/optimize.js';
import { interpret } from '../../support/interpret.js';
import { constantOf, type GraphSpec, graphOf, int64 } from '../../support/ir.js';

type Nodes = GraphSpec['nodes'];

/** Optimizes, checks the graph after every pass, and compares the outputs with those of the graph as it was. */
function optimized(spec: GraphSpec) {
  const before = inferShapes(graphOf(spec));
  checkTypedGraph(before);
  let each: TypedGraph = before;
  for (const pass of passes) {
    const was = JSON.stringify([...each.constants.keys(), each.nodes]);
    const after = pass(each).graph;
    checkTypedGraph(after);
    expect(JSON.stringify([...each.constants.keys(), each.nodes])).toBe(was);
    each = after;
  }
  const { graph, report } = optimize(before);
  expect(graph).toEqual(each);
  const feeds = Object.fromEntries(
    before.inputs.map(({ name }) => [name, feed(sizeOf(before.types.get(name)!.dims), name.length, name === 'v')]),
  );
  const expected = interpret(before, feeds);
  for (const [name, values] of interpret(graph, feeds)) {
    const reference = Array.from(expected.get(name)!);
    const scale = Math.max(...reference.map(Math.abs), 1);
    expect(values.length).toBe(reference.length);
    for (const [i, value] of Array.from(values).entries()) {
      expect(Math.abs(value - reference[i]!) / scale).toBeLessThan(1e-6);
    }
  }
  const ops = graph.nodes.map(node => node.op);
  const reasons = report.filter(entry => !entry.fired).map(entry => entry.reason);
  return { graph, report, ops, reasons };
}

/** A variance has no negative elements. */
const feed = (count: number, seed: number, isVariance = false) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i) + (isVariance ? 2 : 0));

const norm = (channels: number): Record<string, Constant> => ({
  s: constantOf([channels], [0.5, -1.25, 3, 0, 1].slice(0, channels)),
  beta: constantOf([channels], [1, 2, -3, 0.25, 0].slice(0, channels)),
  mean: constantOf([channels], [0.1, -0.2, 0.3, 4, -5].slice(0, channels)),
  v: constantOf([channels], [1, 0.5, 2, 3, 0].slice(0, channels)),
});
const normInputs = ['s', 'beta', 'mean', 'v'];

const x = { x: [2, 4, 3, 3, 2] };
const w = constantOf([4, 4, 2, 1, 1]);
const one = constantOf([4, 4, 1, 1, 1]);
const relu = { kind: 'relu' } as const;

describe('folding into a convolution', () => {
  it('takes bias, BatchNorm, scale, residual and activation in turn', () => {
    const { graph, report } = optimized({
      inputs: x,
      constants: {
        w: one,
        add: constantOf([4, 1, 1, 1]),
        ...norm(4),
        mul: constantOf([1, 4, 1, 1, 1], [2, -1, 0.5, 3]),
      },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', ''], outputs: ['c'], name: 'conv' },
        { op: 'Add', inputs: ['add', 'c'], outputs: ['a'] },
        { op: 'BatchNormalization', inputs: ['a', ...normInputs], outputs: ['n'] },
        { op: 'Mul', inputs: ['n', 'mul'], outputs: ['m'] },
        { op: 'Add', inputs: ['x', 'm'], outputs: ['r'] },
        { op: 'Activation', inputs: ['r'], activation: relu },
      ],
    });
    expect(graph.nodes).toHaveLength(1);
    expect(graph.nodes[0]).toMatchObject({ name: 'conv', outputs: ['y'], activation: relu });
    expect(graph.nodes[0]!.inputs[3]).toBe('x');
    expect(report.every(entry => entry.fired)).toBe(true);
    expect([...graph.constants.keys()].sort()).toEqual([...graph.nodes[0]!.inputs.slice(1, 3)].sort());
  });

  it('works with groups, a bias and subtraction', () => {
    const { ops, graph } = optimized({
      inputs: x,
      constants: { w: constantOf([4, 2, 1, 2, 1]), b: constantOf([4]), ...norm(4), sub: constantOf([4, 1, 1, 1]) },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'], groups: 2 },
        { op: 'BatchNormalization', inputs: ['c', ...normInputs], outputs: ['n'], epsilon: 0.01 },
        { op: 'Sub', inputs: ['n', 'sub'] },
      ],
    });
    expect(ops).toEqual(['Conv']);
    const weights = graph.constants.get(graph.nodes[0]!.inputs[1]!)!;
    expect(weights.scale).toMatchObject({ axis: 0 });
    expect(weights.source).toEqual(constantOf([4, 2, 1, 2, 1]).source);
  });

  it('gives each user of shared weights its own factors', () => {
    const { ops } = optimized({
      inputs: x,
      constants: { w: one, ...norm(4), s2: constantOf([4], [9, 8, 7, 6]) },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', ''], outputs: ['c'] },
        { op: 'BatchNormalization', inputs: ['c', ...normInputs], outputs: ['n'] },
        { op: 'Conv', inputs: ['n', 'w', ''], outputs: ['d'] },
        { op: 'BatchNormalization', inputs: ['d', 's2', 'beta', 'mean', 'v'] },
      ],
    });
    expect(ops).toEqual(['Conv', 'Conv']);
  });

  it('takes a scalar, and division', () => {
    const { ops } = optimized({
      inputs: x,
      constants: { w, b: constantOf([4]), two: constantOf([], [2]), four: constantOf([1, 1, 1], [4]) },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'] },
        { op: 'Add', inputs: ['c', 'two'], outputs: ['a'] },
        { op: 'Div', inputs: ['a', 'four'] },
      ],
    });
    expect(ops).toEqual(['Conv']);
  });

  it('of the two convolutions of a shortcut takes the later one, whichever side it is on', () => {
    for (const inputs of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const { graph } = optimized({
        inputs: x,
        constants: { w: one, u: constantOf([4, 4, 1, 1, 1], feed(16, 5)) },
        nodes: [
          { op: 'Conv', inputs: ['x', 'w', ''], outputs: ['a'], name: 'first' },
          { op: 'Conv', inputs: ['x', 'u', ''], outputs: ['b'], name: 'second' },
          { op: 'Add', inputs },
        ],
      });
      expect(graph.nodes.map(node => node.name)).toEqual(['first', 'second']);
      expect(graph.nodes[1]!.inputs).toEqual(['x', 'u', '', 'a']);
    }
  });

  it('moves a convolution behind what it adds', () => {
    const { graph } = optimized({
      inputs: x,
      constants: { w: one },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', ''], outputs: ['a'] },
        { op: 'Activation', inputs: ['x'], outputs: ['b'], activation: { kind: 'tanh' } },
        { op: 'Add', inputs: ['a', 'b'] },
      ],
    });
    expect(graph.nodes.map(node => node.op)).toEqual(['Activation', 'Conv']);
  });

  const activated = { op: 'Activation', inputs: ['c'], outputs: ['r'], activation: relu } as const;
  const conv = { op: 'Conv', inputs: ['x', 'w', ''], outputs: ['c'], name: 'conv' } as const;
  const batchNorm = { op: 'BatchNormalization', inputs: ['c', ...normInputs] } as const;
  const refusals: readonly [string, Nodes, Partial<GraphSpec>, string][] = [
    ['its result is read twice', [conv, batchNorm, activated], { outputs: ['y', 'r'] }, `'c' has another reader`],
    ['its result is an output', [conv, batchNorm], { outputs: ['y', 'c'] }, `'c' is an output of the graph`],
    ['the same result is added twice', [conv, { op: 'Add', inputs: ['c', 'c'] }], {}, `'c' has another reader`],
    [
      'an activation is between',
      [conv, activated, { ...batchNorm, inputs: ['r', ...normInputs] }],
      {},
      `Conv 'conv' has its activation before it`,
    ],
    [
      'an activation is before a residual',
      [conv, activated, { op: 'Add', inputs: ['r', 'x'] }],
      {},
      `Conv 'conv' has its activation before it`,
    ],
    [
      'a residual is between',
      [conv, { op: 'Add', inputs: ['c', 'x'], outputs: ['d'] }, { ...batchNorm, inputs: ['d', ...normInputs] }],
      {},
      'has its residual before it',
    ],
    [
      'a second residual',
      [conv, { op: 'Add', inputs: ['c', 'x'], outputs: ['d'] }, { op: 'Add', inputs: ['d', 'x'] }],
      {},
      'has a residual already',
    ],
    [
      'a second activation',
      [conv, activated, { op: 'Activation', inputs: ['r'], activation: { kind: 'tanh' } }],
      {},
      'has an activation already',
    ],
    [
      'no convolution is before it',
      [{ ...batchNorm, inputs: ['x', ...normInputs] }],
      {},
      `'x' is not computed by a Conv or Gemm`,
    ],
    [
      'weights are computed',
      [conv, batchNorm],
      { inputs: { ...x, w: [4, 4, 1, 1, 1] }, constants: norm(4) },
      `the weights 'w' of Conv 'conv' are not constant`,
    ],
    [
      'the bias is computed',
      [{ ...conv, inputs: ['x', 'w', 'b'] }, batchNorm],
      { inputs: { ...x, b: [4] } },
      `the bias 'b' of Conv 'conv' is not constant`,
    ],
    [
      'statistics are computed',
      [conv, batchNorm],
      { inputs: { ...x, v: [4] }, constants: { w: one, s: one, ...without(norm(4), 'v') } },
      `'v' is not constant`,
    ],
    ['the variance is none', [conv, { ...batchNorm, epsilon: -1 }], {}, 'variance + epsilon of channel 0 is 0'],
    [
      'the constant varies along width',
      [conv, { op: 'Add', inputs: ['c', 'two'] }],
      { constants: { w: one, two: constantOf([2]) } },
      'is not one value per channel',
    ],
    [
      'the constant enlarges it',
      [conv, { op: 'Add', inputs: ['c', 'k'] }],
      { inputs: { x: [1, 4, 1, 1, 1] }, constants: { w: one, k: constantOf([4, 1, 1, 1, 2]) } },
      'is not one value per channel',
    ],
    [
      'it is taken from a constant',
      [conv, { op: 'Sub', inputs: ['k', 'c'] }],
      { constants: { w: one, k: constantOf([1]) } },
      'it takes the value from a constant',
    ],
    [
      'it divides a constant',
      [conv, { op: 'Div', inputs: ['k', 'c'] }],
      { constants: { w: one, k: constantOf([1], [1]) } },
      'it divides a constant',
    ],
    [
      'it is divided by zero',
      [conv, { op: 'Div', inputs: ['c', 'k'] }],
      { constants: { w: constantOf([4, 4, 1, 1, 1]), k: constantOf([1], [0]) } },
      'is not finite',
    ],
    [
      'the residual has another shape',
      [conv, { op: 'Add', inputs: ['c', 'z'] }],
      { inputs: { ...x, z: [4, 1, 1, 1] } },
      `'c' and 'z' differ in shape`,
    ],
    [
      'a pool takes no activation',
      [
        { op: 'GlobalMaxPool', outputs: ['c'] },
        { ...activated, outputs: ['y'] },
      ],
      {},
      'is not computed by a Conv, Gemm or elementwise node',
    ],
  ];
  it.each(refusals)('stays away where %s, and says so', (_, nodes, change, reason) => {
    const spec = { inputs: x, constants: { w: one, ...norm(4) }, nodes, ...change };
    const { report } = optimize(inferShapes(graphOf(spec)));
    expect(
      report
        .filter(entry => !entry.fired)
        .map(entry => entry.reason)
        .join('\n'),
    ).toContain(reason);
    if (
      reason.includes('finite') ||
      nodes.some(node => node.op === 'GlobalMaxPool' || ('epsilon' in node && node.epsilon! < 0))
    )
      return;
    optimized(spec);
  });
});

function without<T>(record: Record<string, T>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

describe('folding into matrix products', () => {
  const a = { x: [2, 3] };

  it('makes MatMul + bias + activation one Gemm', () => {
    const { graph } = optimized({
      inputs: a,
      constants: { w: constantOf([3, 5]), b: constantOf([5]) },
      nodes: [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
        { op: 'Add', inputs: ['b', 'm'], outputs: ['s'] },
        { op: 'Activation', inputs: ['s'], activation: { kind: 'sigmoid' } },
      ],
    });
    expect(graph.nodes).toHaveLength(1);
    expect(graph.nodes[0]).toMatchObject({ op: 'Gemm', activation: { kind: 'sigmoid' }, outputs: ['y'] });
  });

  it.each([false, true])('scales the right axis of a BatchNorm (transB %s), with alpha and beta', transB => {
    const { ops } = optimized({
      inputs: a,
      constants: { w: constantOf(transB ? [5, 3] : [3, 5]), c: constantOf([1, 5]), ...norm(5) },
      nodes: [
        { op: 'Gemm', inputs: ['x', 'w', 'c'], outputs: ['g'], alpha: 0.5, beta: -2, transB },
        { op: 'BatchNormalization', inputs: ['g', ...normInputs] },
      ],
    });
    expect(ops).toEqual(['Gemm']);
  });

  it('leaves a Gemm whose addend varies along rows', () => {
    for (const dims of [
      [2, 1],
      [2, 5],
    ]) {
      const { ops, reasons } = optimized({
        inputs: a,
        constants: { w: constantOf([3, 5]), c: constantOf(dims), b: constantOf([5]) },
        nodes: [
          { op: 'Gemm', inputs: ['x', 'w', 'c'], outputs: ['g'] },
          { op: 'Add', inputs: ['g', 'b'] },
        ],
      });
      expect(ops).toEqual(['Gemm', 'Add']);
      expect(reasons).toContain(`the bias 'c' of Gemm 'node_g' is not one value per channel`);
    }
  });

  it('turns a transposed constant into a flag without reading it', () => {
    const large = {
      dtype: 'float32',
      dims: [1200, 1000],
      source: { kind: 'file', path: '/none', offset: 0, length: 4800000 },
    } as const;
    const { graph } = optimize(
      inferShapes(
        graphOf({
          inputs: { x: [2, 1000] },
          constants: { w: large },
          nodes: [
            { op: 'Transpose', inputs: ['w'], outputs: ['t'] },
            { op: 'MatMul', inputs: ['x', 't'] },
          ],
        }),
      ),
    );
    expect(graph.nodes).toHaveLength(1);
    expect(graph.nodes[0]).toMatchObject({ op: 'Gemm', inputs: ['x', 'w', ''], transB: true });
    expect(graph.types.get('y')?.dims).toEqual([2, 1200]);
  });

  it('leaves a product of two computed values', () => {
    const { ops } = optimized({ inputs: { x: [2, 3], z: [3, 4] }, nodes: [{ op: 'MatMul', inputs: ['x', 'z'] }] });
    expect(ops).toEqual(['MatMul']);
  });
});

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
