import { describe, expect, it } from 'vitest';
import type { ResizeNode } from '../../../src/graph/ir.js';
import { constantOf, type GraphSpec, int64 } from '../../support/ir.js';
import { checkGraph, wave } from './compare.js';

type NodeSpec = GraphSpec['nodes'][number];
type Reader = (input: string, output: string) => NodeSpec;

const cube = [2, 3, 4, 5, 6];

/** x fed and, where it has spatial dimensions, also pooled into channels-last order. */
function check(x: readonly number[], reader: Reader, constants: GraphSpec['constants'] = {}): void {
  const spatial = x.length >= 3 && x.length <= 5;
  const pooled: readonly NodeSpec[] = [
    { op: 'MaxPool', inputs: ['x'], outputs: ['last'], window: { kernel: x.slice(2).map(() => 1) } },
    reader('last', 'y1'),
  ];
  checkGraph({
    inputs: { x },
    constants,
    nodes: [reader('x', 'y0'), ...(spatial ? pooled : [])],
    outputs: spatial ? ['y0', 'y1'] : ['y0'],
  });
}

describe('Transpose', () => {
  const permutations = (items: readonly number[]): number[][] =>
    items.length === 0
      ? [[]]
      : items.flatMap(first => permutations(items.filter(item => item !== first)).map(rest => [first, ...rest]));

  it.each([[[5]], [[3, 4]], [[2, 3, 4]], [[2, 1, 3, 4]], [[1, 9, 17, 2]]])('of %o in every way', x => {
    for (const perm of permutations([...x.keys()])) {
      check(x, (input, output) => ({ op: 'Transpose', inputs: [input], outputs: [output], perm }));
    }
  });

  it.each([[[]], [[0, 2, 3, 4, 1]], [[4, 3, 2, 1, 0]], [[1, 0, 4, 2, 3]], [[2, 4, 0, 1, 3]]])('of five by %o', perm => {
    check(cube, (input, output) => ({ op: 'Transpose', inputs: [input], outputs: [output], perm }));
  });

  it('of six', () => {
    check([2, 3, 2, 2, 3, 2], (input, output) => ({
      op: 'Transpose',
      inputs: [input],
      outputs: [output],
      perm: [5, 2, 0, 4, 1, 3],
    }));
  });

  it('of seven in as many loops as there are is refused by name', () => {
    const node = { op: 'Transpose', name: 'turn', perm: [6, 4, 2, 0, 5, 3, 1] } as const;
    expect(() => checkGraph({ inputs: { x: [2, 2, 2, 2, 2, 2, 2] }, nodes: [node] })).toThrow(
      expect.objectContaining({ kind: 'unsupported', message: expect.stringContaining("Transpose 'turn'") }),
    );
  });

  it('of a transpose', () => {
    const turn = (inputs: string[], outputs: string[]): NodeSpec => ({
      op: 'Transpose',
      inputs,
      outputs,
      perm: [2, 0, 1],
    });
    checkGraph({ inputs: { x: [2, 3, 4] }, nodes: [turn(['x'], ['a']), turn(['a'], ['b']), turn(['b'], ['y'])] });
  });
});

describe('Concat', () => {
  it.each([0, 1, 2, 3, 4])('of row-major, channels-last, planar and constant values along axis %i', axis => {
    const x = [2, 3, 4, 5, 18];
    const longer = x.map((size, i) => (i === axis ? size + 1 : size));
    checkGraph({
      inputs: { x },
      constants: {
        w: constantOf([3, 3, 1, 1, 1], wave(9)),
        k: constantOf(longer),
      },
      nodes: [
        { op: 'MaxPool', inputs: ['x'], outputs: ['last'], window: { kernel: [1, 1, 1] } },
        { op: 'Conv', inputs: ['x', 'w', ''], outputs: ['planar'] },
        { op: 'Concat', inputs: ['planar', 'k', 'x', 'last', 'x'], outputs: ['y'], axis },
        { op: 'Concat', inputs: ['x', 'k'], outputs: ['z'], axis },
      ],
      outputs: ['y', 'z'],
    });
  });

  it('of scalars made vectors, and of one', () => {
    checkGraph({
      inputs: { x: [3] },
      nodes: [
        { op: 'Concat', inputs: ['x', 'x'], outputs: ['y'], axis: -1 },
        { op: 'Concat', inputs: ['x'], outputs: ['z'], axis: 0 },
      ],
      outputs: ['y', 'z'],
    });
  });
});

describe('Slice', () => {
  interface SliceCase {
    readonly x?: readonly number[];
    readonly starts: readonly number[];
    readonly ends: readonly number[];
    readonly axes?: readonly number[];
    readonly steps?: readonly number[];
  }
  const least = -(2 ** 63);
  const most = 2 ** 63 - 1024;

  it.each<SliceCase>([
    { starts: [0, 1], ends: [2, 3] },
    { starts: [-2], ends: [most], axes: [1] },
    { starts: [1, -3], ends: [-1, 100], axes: [-1, 2] },
    { starts: [5], ends: [0], axes: [4], steps: [-2] },
    { starts: [-1, 100], ends: [least, -100], axes: [4, 1], steps: [-1, -1] },
    { starts: [1, 0, 0], ends: [4, most, 4], axes: [2, 3, 1], steps: [2, 3, 2] },
    { starts: [-100], ends: [least], axes: [3], steps: [-1] },
    { x: [9], starts: [7], ends: [1], steps: [-3] },
    { x: [2, 2, 2, 2, 2, 3], starts: [2, 0], ends: [least, 1], axes: [5, 0], steps: [-2, 1] },
  ])('%o', ({ x = cube, starts, ends, axes, steps }) => {
    const given = { axes: axes ?? null, steps: steps ?? null };
    const constants = {
      starts: int64(...starts),
      ends: int64(...ends),
      ...(given.axes ? { axes: int64(...given.axes) } : {}),
      ...(given.steps ? { steps: int64(...given.steps) } : {}),
    };
    const inputs = ['starts', 'ends', given.axes ? 'axes' : '', given.steps ? 'steps' : ''];
    check(x, (input, output) => ({ op: 'Slice', inputs: [input, ...inputs], outputs: [output] }), constants);
  });
});

describe('Pad', () => {
  const pads: readonly (readonly [string, readonly number[]])[] = [
    ['behind and in front', [0, 1, 2, 0, 3, 1, 0, 0, 2, 1]],
    ['nothing', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['and cut', [0, -1, 2, -2, 0, -1, 1, -3, 0, 4]],
  ];
  describe.each(['constant', 'reflect', 'edge'] as const)('%s', mode => {
    it.each(pads)('%s', (_, amounts) => {
      if (mode === 'edge' && amounts.some(amount => amount < 0)) return;
      const inside = mode === 'reflect' ? amounts.map((amount, i) => Math.min(amount, cube[i % 5]! - 1)) : amounts;
      if (mode === 'reflect' && amounts.some(amount => amount < 0)) return;
      const constants = { pads: int64(...inside), value: constantOf([], [-2.5]) };
      for (const value of ['value', ''])
        check(
          cube,
          (input, output) => ({ op: 'Pad', inputs: [input, 'pads', value], outputs: [output], mode }),
          constants,
        );
    });

    it('some axes of a value of rank 2 and 6', () => {
      for (const x of [
        [4, 5],
        [2, 3, 2, 2, 4, 5],
      ]) {
        const constants = { pads: int64(3, 1, 2, 0), axes: int64(-1, -2) };
        check(
          x,
          (input, output) => ({ op: 'Pad', inputs: [input, 'pads', '', 'axes'], outputs: [output], mode }),
          constants,
        );
      }
    });
  });

  it('nothing but padding', () => {
    const constants = { pads: int64(-2, 0, 3, 1), value: constantOf([1], [3]) };
    checkGraph({ inputs: { x: [2, 3] }, constants, nodes: [{ op: 'Pad', inputs: ['x', 'pads', 'value'] }] });
  });
});

describe('Gather', () => {
  it.each([
    [cube, 1, [2, 0, -1]],
    [cube, -1, [5, 5, 0]],
    [cube, 0, [-2]],
    [[7], 0, [6, -7]],
    [[2, 3, 2, 2, 3, 2], 4, [2, 1]],
  ])('from %o along %i of %o', (x, axis, list) => {
    const constants = { one: int64(...list), table: constantOf([1, list.length, 1], list, 'int64') };
    for (const indices of ['one', 'table']) {
      check(x, (input, output) => ({ op: 'Gather', inputs: [input, indices], outputs: [output], axis }), constants);
    }
  });

  it('of one element, which takes the axis away', () => {
    const constants = { i: constantOf([], [-2], 'int32') };
    check(cube, (input, output) => ({ op: 'Gather', inputs: [input, 'i'], outputs: [output], axis: 2 }), constants);
  });
});

describe('Resize', () => {
  const linear = ['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners'] as const;
  const nearest = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
  const factors = [
    [2, 3, 1.5],
    [0.5, 0.25, 1],
    [1, 0.75, 2.25],
  ];
  const nodes = linear.flatMap((coordinates): Partial<ResizeNode>[] => [
    { mode: 'linear', coordinates },
    ...nearest.map(rounding => ({ mode: 'nearest', coordinates, nearest: rounding }) as const),
  ]);

  it.each(nodes)('%o', attributes => {
    for (const [d, h, w] of factors as [number, number, number][]) {
      const constants = { scales: constantOf([5], [1, 1, d, h, w]), sizes: int64(2, 3, 5, 3, 9) };
      for (const inputs of [
        ['scales', ''],
        ['', 'sizes'],
      ]) {
        check(
          [2, 3, 4, 4, 4],
          (input, output) => ({ op: 'Resize', ...attributes, inputs: [input, ...inputs], outputs: [output] }),
          constants,
        );
      }
    }
  });

  it.each([[[1, 2, 7]], [[2, 9, 3, 5]], [[1, 1, 1, 1]]])('of %o', x => {
    const constants = { scales: constantOf([x.length], [1, 1, ...x.slice(2).map(() => 2.5)]) };
    for (const mode of ['nearest', 'linear'] as const) {
      check(x, (input, output) => ({ op: 'Resize', mode, inputs: [input, 'scales'], outputs: [output] }), constants);
    }
  });
});

it.each<[string, (x: string) => NodeSpec]>([
  ['Flatten', x => ({ op: 'Flatten', inputs: [x], axis: 3 })],
  ['Flatten all', x => ({ op: 'Flatten', inputs: [x], axis: 0 })],
  ['Reshape', x => ({ op: 'Reshape', inputs: [x, 'to'] })],
  ['Reshape to one', x => ({ op: 'Reshape', inputs: [x, 'flat'] })],
  ['Unsqueeze', x => ({ op: 'Unsqueeze', inputs: [x, 'axes'] })],
  ['Squeeze', x => ({ op: 'Squeeze', inputs: [x] })],
])('%s', (_, node) => {
  const constants = { to: int64(0, -1, 2, 3), flat: int64(-1), axes: int64(1, -1) };
  for (const x of [
    [2, 3, 2, 1, 6],
    [1, 9, 2, 2, 3],
  ]) {
    check(x, (input, output) => ({ ...node(input), outputs: [output] }) as NodeSpec, constants);
  }
});
