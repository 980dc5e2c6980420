import { describe, expect, it } from 'vitest';
import type { Activation, BinaryKind } from '../../../src/graph/ir.js';
import { constantOf, type GraphSpec } from '../../support/ir.js';
import { checkGraph, wave } from './compare.js';

const filled = (dims: readonly number[], phase = 2) =>
  constantOf(
    dims,
    wave(
      dims.reduce((a, b) => a * b, 1),
      phase,
    ),
  );

/** 1 where input and output channel are the same: a convolution with it changes nothing but the layout. */
const unitWeights = (channels: number, rank: number) =>
  constantOf(
    [channels, channels, ...Array<number>(rank - 2).fill(1)],
    Float32Array.from({ length: channels * channels }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0)),
  );

/** x in each of three layouts, as far as its rank has them: row-major (fed), channels last (pooled), planar (convolved). */
function inEveryLayout(
  x: readonly number[],
  reader: (input: string, output: string) => GraphSpec['nodes'][number],
  rest: Omit<GraphSpec, 'nodes'>,
): GraphSpec {
  const inputs = { x, ...rest.inputs };
  if (x.length < 3 || x.length > 5) return { ...rest, inputs, nodes: [reader('x', 'y0')], outputs: ['y0'] };
  return {
    inputs,
    constants: { ...rest.constants, unit: unitWeights(x[1]!, x.length) },
    nodes: [
      { op: 'MaxPool', inputs: ['x'], outputs: ['last'], window: { kernel: x.slice(2).map(() => 1) } },
      { op: 'Conv', inputs: ['x', 'unit', ''], outputs: ['planar'] },
      reader('x', 'y0'),
      reader('last', 'y1'),
      reader('planar', 'y2'),
    ],
    outputs: ['y0', 'y1', 'y2'],
  };
}

const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[2, 3, 4, 5, 18], []],
  [[2, 3, 4, 5, 18], [1]],
  [[2, 3, 4, 5, 18], [18]],
  [
    [2, 3, 4, 5, 18],
    [3, 1, 1, 1],
  ],
  [
    [2, 3, 4, 5, 18],
    [2, 1, 1, 5, 1],
  ],
  [
    [2, 3, 4, 5, 18],
    [1, 3, 1, 5, 18],
  ],
  [
    [2, 3, 4, 5, 18],
    [2, 3, 4, 5, 18],
  ],
  [
    [2, 3, 1, 5, 18],
    [1, 1, 4, 1, 18],
  ],
  [
    [1, 3, 1, 1, 18],
    [2, 1, 4, 5, 1],
  ],
  [
    [3, 4, 17],
    [2, 1, 3, 1, 17],
  ],
  [
    [3, 4],
    [3, 1],
  ],
  [[3, 4], [4]],
  [[7], [7]],
  [[1], [5]],
  [[], []],
  [[], [2, 3]],
  [
    [2, 1, 3, 1, 2, 2],
    [1, 5, 1, 3, 2, 1],
  ],
];

describe.each<BinaryKind>(['Add', 'Sub', 'Mul', 'Div'])('%s', op => {
  it.each(shapes)('%o and %o, either way round', (x, other) => {
    for (const constants of [true, false]) {
      const rest = constants ? { constants: { other: filled(other) } } : { inputs: { other } };
      const node = (inputs: string[]) => (output: string) => ({ op, inputs, outputs: [output] });
      checkGraph(inEveryLayout(x, (input, output) => node([input, 'other'])(output), rest));
      checkGraph(inEveryLayout(x, (input, output) => node(['other', input])(output), rest));
    }
  });
});

it('a value op itself, with an activation', () => {
  checkGraph({
    inputs: { x: [2, 3, 4, 5] },
    nodes: [
      { op: 'Sub', inputs: ['x', 'x'], outputs: ['zero'] },
      { op: 'Mul', inputs: ['x', 'x'], outputs: ['square'], activation: { kind: 'clip', min: 0.25, max: 0.5 } },
      { op: 'Add', inputs: ['square', 'zero'], activation: { kind: 'tanh' } },
    ],
    outputs: ['y', 'square'],
  });
});

it('broadcasts that need more than six loops are refused by name', () => {
  const [a, b] = [
    [2, 1, 2, 1, 2, 1, 2],
    [1, 2, 1, 2, 1, 2, 1],
  ];
  const spec = { inputs: { x: a!, b: b! }, nodes: [{ op: 'Add', name: 'wide', inputs: ['x', 'b'] }] } as const;
  expect(() => checkGraph(spec)).toThrow(
    expect.objectContaining({ kind: 'unsupported', message: expect.stringContaining("Add 'wide'") }),
  );
});

const activations: readonly Activation[] = [
  { kind: 'relu' },
  { kind: 'leakyRelu', alpha: -0.3 },
  { kind: 'elu', alpha: 2 },
  { kind: 'sigmoid' },
  { kind: 'tanh' },
  { kind: 'clip', min: -0.5, max: 0.25 },
  { kind: 'clip', min: Number.NEGATIVE_INFINITY, max: 0.25 },
];

describe.each(activations)('%o', activation => {
  it.each([[[]], [[5]], [[3, 7]], [[2, 3, 4, 3, 17]], [[1, 2, 1, 2, 1, 2, 3]]])('of %o', x => {
    checkGraph(
      inEveryLayout(x, (input, output) => ({ op: 'Activation', inputs: [input], outputs: [output], activation }), {}),
    );
  });

  it('of NaN, infinities and zeros', () => {
    const data = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 100, -100];
    const feeds = { x: Float32Array.from(data) };
    checkGraph({ inputs: { x: [7] }, nodes: [{ op: 'Activation', activation }] }, feeds);
    const constants = { w: constantOf([2, 1, 1], [1, 0.5]) };
    const conv = { op: 'Conv', inputs: ['x', 'w', ''], activation } as const;
    checkGraph({ inputs: { x: [1, 1, 7] }, constants, nodes: [conv] }, feeds);
  });
});

it.each([
  [[2, 3, 4, 5, 18], [1]],
  [
    [2, 3, 4, 5, 18],
    [3, 1, 1, 1],
  ],
  [[2, 3, 4, 5, 18], [18]],
  [
    [2, 3, 4, 5, 18],
    [1, 3, 4, 5, 18],
  ],
  [
    [2, 3, 4, 5, 18],
    [2, 3, 4, 5, 18],
  ],
  [
    [3, 16],
    [3, 1],
  ],
  [[6], []],
])('PRelu of %o with a slope %o', (x, slope) => {
  const reader = (input: string, output: string) =>
    ({ op: 'PRelu', inputs: [input, 'slope'], outputs: [output] }) as const;
  checkGraph(inEveryLayout(x, reader, { constants: { slope: filled(slope) } }));
  checkGraph(inEveryLayout(x, reader, { inputs: { slope } }));
});

it.each([[[4, 3]], [[2, 3, 17]], [[2, 3, 4, 16]], [[2, 3, 2, 4, 17]], [[1, 1, 5]]])(
  'BatchNormalization of %o that nothing absorbs',
  x => {
    const c = x[1]!;
    const constants = {
      s: filled([c], 1),
      b: filled([c], 2),
      m: filled([c], 3),
      v: constantOf(
        [c],
        wave(c, 4).map(value => value * value),
      ),
    };
    const node = (input: string, output: string) =>
      ({
        op: 'BatchNormalization',
        inputs: [input, 's', 'b', 'm', 'v'],
        outputs: [output],
        epsilon: 0.125,
      }) as const;
    const spec = inEveryLayout(x, node, { constants });
    checkGraph({ ...spec, outputs: [...(spec.outputs ?? []), ...(x.length >= 3 ? ['planar'] : [])] });
  },
);
