import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import { optimize } from '../../../src/passes/optimize.js';
import { constantOf, type GraphSpec, graphOf } from '../../support/ir.js';
import { feed, type Nodes, norm, normInputs, one, optimized, relu, w, x } from './optimized.js';

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
  const pool = { op: 'MaxPool', inputs: ['c'], window: { kernel: [2, 2, 1], strides: [2, 2, 1] } } as const;
  /** The pool, and behind it a node that reads 'c'. */
  const behindPool = (node: Nodes[number]): Nodes => [
    { ...pool, outputs: ['p'] },
    { ...node, inputs: ['p', ...node.inputs!.slice(1)] },
  ];

  it('takes the pool behind it, and a ReLU before or behind that', () => {
    for (const nodes of [
      [conv, pool],
      [conv, activated, { ...pool, inputs: ['r'] }],
      [conv, ...behindPool({ ...activated, outputs: ['y'] })],
      [conv, { ...pool, ceilMode: true, window: { kernel: [3, 1, 2], strides: [3, 1, 2] } }],
    ] as Nodes[]) {
      const { graph } = optimized({ inputs: x, constants: { w: one }, nodes });
      expect(graph.nodes).toHaveLength(1);
      expect(graph.nodes[0]).toMatchObject({
        op: 'Conv',
        name: 'conv',
        outputs: ['y'],
        pool: nodes.find(node => node.op === 'MaxPool')!.window!.kernel,
      });
    }
  });

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
      'the windows of a pool overlap',
      [conv, { op: 'MaxPool', inputs: ['c'], window: { kernel: [2, 2, 1], strides: [1, 2, 1] } }],
      {},
      'its windows overlap or leave gaps',
    ],
    [
      'the windows of a pool are dilated',
      [conv, { op: 'MaxPool', inputs: ['c'], window: { kernel: [2, 2, 1], strides: [2, 2, 1], dilations: [2, 1, 1] } }],
      {},
      'its windows are dilated',
    ],
    [
      'the windows of a pool reach into padding',
      [conv, { ...pool, window: { ...pool.window, padsEnd: [0, 1, 0] } }],
      {},
      'its windows reach into padding',
    ],
    ['the last windows of a pool are partial', [conv, { ...pool, ceilMode: true }], {}, 'its last windows are partial'],
    [
      'a pool comes behind another activation',
      [{ ...conv, activation: { kind: 'tanh' } }, pool],
      {},
      `Conv 'conv' has the activation tanh`,
    ],
    [
      'a pool comes behind a residual',
      [conv, { op: 'Add', inputs: ['c', 'x'], outputs: ['d'] }, { ...pool, inputs: ['d'] }],
      {},
      `Conv 'conv' has a residual`,
    ],
    [
      'a pool comes behind groups',
      [{ ...conv, groups: 4 }, pool],
      { constants: { w: constantOf([4, 1, 1, 1, 1]) } },
      `Conv 'conv' has groups`,
    ],
    [
      'there is a second pool',
      [
        conv,
        { ...pool, outputs: ['p'] },
        { op: 'MaxPool', inputs: ['p'], window: { kernel: [1, 1, 2], strides: [1, 1, 2] } },
      ],
      {},
      `Conv 'conv' has a pool already`,
    ],
    ['a pool is before BatchNorm', [conv, ...behindPool(batchNorm)], {}, `Conv 'conv' has its pool before it`],
    [
      'a pool is before a curved activation',
      [conv, ...behindPool({ op: 'Activation', inputs: ['c'], activation: { kind: 'tanh' } })],
      {},
      `Conv 'conv' has its pool before it`,
    ],
    [
      'a pool is before an addition',
      [conv, { ...pool, outputs: ['p'] }, { op: 'Add', inputs: ['p', 'z'] }],
      { inputs: { ...x, z: [2, 4, 1, 1, 2] } },
      `Conv 'conv' has its pool before it`,
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
