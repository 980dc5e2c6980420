import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { TypedGraph, Window } from '../../../src/graph/ir.js';
import { sizeOf } from '../../../src/graph/shape.js';
import { type Box, wholeBox } from '../../../src/plan/box.js';
import { cutGrid, needsOf } from '../../../src/plan/needs.js';
import { interpret } from '../../support/interpret.js';
import { constantOf, type GraphSpec, graphOf, int64 } from '../../support/ir.js';
import { indices } from '../../support/tensor.js';
import { boxIn } from './pieces.js';

type Dims = readonly number[];

/** One node that reads inputs of the graph, but for operands that must be constants. */
function graphWith(spec: GraphSpec['nodes'][number], inputs: Record<string, Dims>, constants = {}): TypedGraph {
  return inferShapes(graphOf({ inputs, constants, nodes: [{ inputs: Object.keys(inputs), ...spec }] }));
}

const needs = (graph: TypedGraph, out: Box) => needsOf(graph, graph.nodes[0]!, out);
const grid = (graph: TypedGraph) => cutGrid(graph, graph.nodes[0]!);
const outDims = (graph: TypedGraph) => graph.types.get('y')!.dims;

const same3 = { padsBegin: [1, 1, 1], padsEnd: [1, 1, 1] };
const x5: Dims = [2, 4, 5, 6, 7];
const add: GraphSpec['nodes'][number] = { op: 'Add' };

/** Box as text: "0:2 3:4". */
const text = (box: Box | null) => (box ? box.map(([begin, end]) => `${begin}:${end}`).join(' ') : null);
const box = (given: string): Box => given.split(' ').map(range => range.split(':').map(Number) as [number, number]);

describe('what an op reads', () => {
  it.each<[string, TypedGraph, string, (string | null)[]]>([
    [
      'Conv: a halo, its channels of weights and bias, its own box of the residual',
      graphWith({ op: 'Conv', window: same3 }, { x: x5, w: [16, 4, 3, 3, 3], b: [16], r: [2, 16, 5, 6, 7] }),
      '0:1 8:16 1:3 0:2 0:7',
      ['0:1 0:4 0:4 0:3 0:7', '8:16 0:4 0:3 0:3 0:3', '8:16', '0:1 8:16 1:3 0:2 0:7'],
    ],
    [
      'Conv with a pool: what its windows read',
      graphWith({ op: 'Conv', window: same3, pool: [2, 2, 3] }, { x: x5, w: [16, 4, 3, 3, 3], b: [16] }),
      '0:1 8:16 1:2 0:2 0:1',
      ['0:1 0:4 1:5 0:5 0:4', '8:16 0:4 0:3 0:3 0:3', '8:16'],
    ],
    [
      'Conv without a bias',
      graphWith({ op: 'Conv', inputs: ['x', 'w', ''] }, { x: x5, w: [8, 4, 1, 1, 1] }),
      '0:2 0:8 2:3 1:6 0:7',
      ['0:2 0:4 2:3 1:6 0:7', '0:8 0:4 0:1 0:1 0:1', null],
    ],
    [
      'Conv in groups: the inputs of the groups',
      graphWith({ op: 'Conv', groups: 4 }, { x: [1, 8, 9], w: [12, 2, 3] }),
      '0:1 3:9 2:4',
      ['0:1 2:6 2:6', '3:9 0:2 0:3'],
    ],
    [
      'Conv, strided and dilated: nothing behind the last tap',
      graphWith(
        { op: 'Conv', window: { strides: [3, 1], dilations: [1, 2], padsBegin: [1, 2], padsEnd: [1, 2] } },
        { x: [1, 1, 12, 9], w: [1, 1, 2, 3] },
      ),
      '0:1 0:1 1:3 0:2',
      ['0:1 0:1 2:7 0:4', '0:1 0:1 0:2 0:3'],
    ],
    [
      'a window in padding alone: one element',
      graphWith({ op: 'Conv', window: { padsBegin: [5], padsEnd: [5] } }, { x: [1, 1, 4], w: [1, 1, 2] }),
      '0:1 0:1 0:2',
      ['0:1 0:1 0:1', '0:1 0:1 0:2'],
    ],
    [
      'a window in padding alone, behind the input',
      graphWith({ op: 'Conv', window: { padsBegin: [5], padsEnd: [5] } }, { x: [1, 1, 4], w: [1, 1, 2] }),
      '0:1 0:1 11:13',
      ['0:1 0:1 3:4', '0:1 0:1 0:2'],
    ],
    [
      'Gemm',
      graphWith({ op: 'Gemm', transB: true }, { a: [2, 5], b: [9, 5], c: [9] }),
      '0:2 3:7',
      ['0:2 0:5', '3:7 0:5', '3:7'],
    ],
    [
      'Gemm, transposed the other way',
      graphWith({ op: 'Gemm', transA: true }, { a: [5, 2], b: [5, 9], c: [2, 1] }),
      '1:2 3:7',
      ['0:5 1:2', '0:5 3:7', '1:2 0:1'],
    ],
    [
      'MaxPool',
      graphWith({ op: 'MaxPool', window: { kernel: [2, 2, 2], strides: [2, 2, 2] } }, { x: x5 }),
      '0:1 1:3 1:2 0:2 0:3',
      ['0:1 1:3 2:4 0:4 0:6'],
    ],
    [
      'GlobalAveragePool',
      graphWith({ op: 'GlobalAveragePool' }, { x: x5 }),
      '0:2 1:3 0:1 0:1 0:1',
      ['0:2 1:3 0:5 0:6 0:7'],
    ],
    [
      'BatchNormalization',
      graphWith({ op: 'BatchNormalization' }, { x: x5, s: [4], b: [4], m: [4], v: [4] }),
      '0:2 1:3 0:5 2:3 0:7',
      ['0:2 1:3 0:5 2:3 0:7', '1:3', '1:3', '1:3', '1:3'],
    ],
    [
      'Activation',
      graphWith({ op: 'Activation', activation: { kind: 'relu' } }, { x: x5 }),
      '0:2 1:3 0:5 2:3 0:7',
      ['0:2 1:3 0:5 2:3 0:7'],
    ],
    [
      'Add, broadcast',
      graphWith(add, { a: [4, 1, 1, 7], b: x5 }),
      '0:2 1:3 0:5 2:3 0:7',
      ['1:3 0:1 0:1 0:7', '0:2 1:3 0:5 2:3 0:7'],
    ],
    ['Add of a scalar', graphWith(add, { a: x5, b: [] }), '0:2 1:3 0:5 2:3 0:7', ['0:2 1:3 0:5 2:3 0:7', '']],
    [
      'PRelu',
      graphWith({ op: 'PRelu' }, { x: x5, s: [4, 1, 1, 1] }),
      '0:2 1:3 0:5 2:3 0:7',
      ['0:2 1:3 0:5 2:3 0:7', '1:3 0:1 0:1 0:1'],
    ],
    ['Softmax', graphWith({ op: 'Softmax', axis: 1 }, { x: x5 }), '0:2 0:4 1:2 2:3 0:7', ['0:2 0:4 1:2 2:3 0:7']],
    [
      'Softmax of a part',
      graphWith({ op: 'Softmax', axis: 2 }, { x: x5 }),
      '0:2 1:2 1:2 2:3 0:7',
      ['0:2 1:2 0:5 2:3 0:7'],
    ],
    [
      'Softmax, flattened',
      graphWith({ op: 'LogSoftmax', axis: 2, flattened: true }, { x: x5 }),
      '0:2 1:2 1:2 2:3 0:7',
      ['0:2 1:2 0:5 0:6 0:7'],
    ],
    [
      'Concat: of the first nothing, of the others what is theirs',
      graphWith({ op: 'Concat', axis: 1 }, { a: [1, 2, 3], b: [1, 3, 3], c: [1, 4, 3] }),
      '0:1 3:6 0:3',
      [null, '0:1 1:3 0:3', '0:1 0:1 0:3'],
    ],
    [
      'Concat, cut along another axis',
      graphWith({ op: 'Concat', axis: 1 }, { a: [1, 2, 3, 3], b: [1, 3, 3, 3] }),
      '0:1 0:5 1:2 0:3',
      ['0:1 0:2 1:2 0:3', '0:1 0:3 1:2 0:3'],
    ],
    [
      'Resize: its channels, a margin in space',
      graphWith({ op: 'Resize', inputs: ['x', 's'] }, { x: [1, 4, 40, 3] }, { s: constantOf([4], [1, 1, 2, 1]) }),
      '0:1 1:2 40:60 0:3',
      ['0:1 1:2 17:33 0:3', '0:4'],
    ],
    [
      'Reshape',
      graphWith({ op: 'Reshape', inputs: ['x', 's'] }, { x: [2, 3] }, { s: int64(6) }),
      '2:3',
      ['0:2 0:3', '0:1'],
    ],
    ['Transpose', graphWith({ op: 'Transpose' }, { x: [2, 3] }), '1:2 0:1', ['0:2 0:3']],
  ])('%s', (_, graph, out, wanted) => {
    expect(needs(graph, box(out)).map(text)).toEqual(wanted);
  });

  it('nothing of an operand without elements', () => {
    const graph = graphWith({ op: 'Concat', axis: 1, inputs: ['a', 'b'] }, { b: [2, 3] }, { a: constantOf([2, 0]) });
    expect(needs(graph, wholeBox([2, 3])).map(text)).toEqual([null, '0:2 0:3']);
  });
});

const windows = fc
  .record({
    size: fc.integer({ min: 1, max: 9 }),
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    begin: fc.nat(4),
    end: fc.nat(4),
  })
  .filter(one => one.size + one.begin + one.end >= (one.kernel - 1) * one.dilation + 1);

const windowOf = (axes: readonly { kernel: number; stride: number; dilation: number; begin: number; end: number }[]) =>
  ({
    kernel: axes.map(axis => axis.kernel),
    strides: axes.map(axis => axis.stride),
    dilations: axes.map(axis => axis.dilation),
    padsBegin: axes.map(axis => axis.begin),
    padsEnd: axes.map(axis => axis.end),
  }) satisfies Partial<Window>;

it('a convolution needs from the first to the last tap inside of the input, and all of it at the edges of its output', () => {
  const cases = fc.array(windows, { minLength: 1, maxLength: 3 }).chain(axes => {
    const window = windowOf(axes);
    const graph = graphWith(
      { op: 'Conv', window },
      { x: [1, 1, ...axes.map(axis => axis.size)], w: [1, 1, ...window.kernel] },
    );
    return fc.record({ axes: fc.constant(axes), graph: fc.constant(graph), out: boxIn(outDims(graph)) });
  });
  fc.assert(
    fc.property(cases, ({ axes, graph, out }) => {
      const found = needs(graph, out)[0]!.slice(2);
      axes.forEach(({ size, kernel, stride, dilation, begin }, axis) => {
        const [from, to] = out[axis + 2]!;
        const taps: number[] = [];
        for (let o = from; o < to; o++) {
          for (let k = 0; k < kernel; k++) taps.push(o * stride - begin + k * dilation);
        }
        const inside = taps.filter(tap => tap >= 0 && tap < size);
        const [first, last] = found[axis]!;
        const isFirst = from === 0;
        const isLast = to === outDims(graph)[axis + 2];
        if (isFirst) expect(first).toBe(0);
        else if (inside.length > 0) expect(first).toBe(Math.min(...inside));
        if (isLast) expect(last).toBe(size);
        else if (inside.length > 0) expect(last - 1).toBe(Math.max(...inside));
        if (inside.length === 0 && !isFirst && !isLast) expect(last - first).toBe(1);
        expect(first >= 0 && first < last && last <= size).toBe(true);
      });
    }),
    { numRuns: 300 },
  );
});

/** Graphs of one node whose operands are all fed. */
const oneNodes: fc.Arbitrary<TypedGraph> = fc.oneof(
  fc
    .record({
      axes: fc.array(windows, { minLength: 1, maxLength: 2 }),
      groups: fc.integer({ min: 1, max: 3 }),
      inC: fc.integer({ min: 1, max: 2 }),
      outC: fc.integer({ min: 1, max: 3 }),
    })
    .map(({ axes, groups, inC, outC }) => {
      const window = windowOf(axes);
      const sizes = axes.map(axis => axis.size);
      const x = [2, groups * inC, ...sizes];
      return graphWith(
        { op: 'Conv', groups, window },
        { x, w: [groups * outC, inC, ...window.kernel], b: [groups * outC] },
      );
    }),
  fc
    .record({
      axes: fc.array(
        windows.filter(one => Math.max(one.begin, one.end) <= (one.kernel - 1) * one.dilation),
        { minLength: 1, maxLength: 2 },
      ),
      op: fc.constantFrom('MaxPool', 'AveragePool'),
      ceilMode: fc.boolean(),
      countIncludePad: fc.boolean(),
    })
    .map(({ axes, ...spec }) =>
      graphWith({ ...spec, window: windowOf(axes) } as GraphSpec['nodes'][number], {
        x: [1, 2, ...axes.map(axis => axis.size)],
      }),
    ),
  fc
    .record({ transA: fc.boolean(), transB: fc.boolean(), c: fc.constantFrom([3, 4], [4], [3, 1], [1, 4], []) })
    .map(({ transA, transB, c }) =>
      graphWith({ op: 'Gemm', transA, transB }, { a: transA ? [2, 3] : [3, 2], b: transB ? [4, 2] : [2, 4], c }),
    ),
  fc
    .record({
      mode: fc.constantFrom('nearest', 'linear'),
      coordinates: fc.constantFrom('half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners'),
      nearest: fc.constantFrom('round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'),
      size: fc.integer({ min: 1, max: 40 }),
      scale: fc.constantFrom(0.13, 0.3, 0.5, 0.77, 1, 1.04, 1.5, 2, 2.3, 3.9),
    })
    .filter(({ size, scale }) => size * scale >= 1)
    .map(({ size, scale, ...spec }) =>
      graphWith(
        { op: 'Resize', inputs: ['x', 's'], ...spec } as GraphSpec['nodes'][number],
        { x: [1, 2, size] },
        { s: constantOf([3], [1, 1, scale]) },
      ),
    ),
  ...[
    graphWith({ op: 'BatchNormalization' }, { x: [2, 3, 4], s: [3], b: [3], m: [3], v: [3] }),
    graphWith({ op: 'Div', activation: { kind: 'relu' } }, { a: [3, 1, 4], b: [2, 1, 3, 4] }),
    graphWith({ op: 'PRelu' }, { x: [2, 3, 4], s: [3, 1] }),
    graphWith({ op: 'Softmax', axis: 1 }, { x: [2, 3, 4] }),
    graphWith({ op: 'LogSoftmax', axis: 1, flattened: true }, { x: [2, 3, 4] }),
    graphWith({ op: 'Concat', axis: 2 }, { a: [2, 2, 1], b: [2, 2, 3], c: [2, 2, 2] }),
    graphWith({ op: 'GlobalMaxPool' }, { x: [2, 3, 4, 2] }),
    graphWith({ op: 'ReduceMean', axes: [1] }, { x: [2, 3, 4] }),
    graphWith({ op: 'Transpose', perm: [2, 0, 1] }, { x: [2, 3, 4] }),
    graphWith({ op: 'MatMul' }, { a: [2, 3, 4], b: [4, 2] }),
  ].map(graph => fc.constant(graph)),
);

it('whatever lies outside of the needed boxes does not matter', () => {
  const cases = oneNodes.chain(graph => fc.tuple(fc.constant(graph), boxIn(outDims(graph))));
  fc.assert(
    fc.property(cases, ([graph, out]) => {
      const node = graph.nodes[0]!;
      const boxes = needs(graph, out);
      const feeds: Record<string, number[]> = {};
      const poisoned: Record<string, number[]> = {};
      for (const { name } of graph.inputs) {
        const { dims } = graph.types.get(name)!;
        const needed = boxes[node.inputs.indexOf(name)] ?? null;
        feeds[name] = Array.from({ length: sizeOf(dims) }, (_, i) => 1.5 + Math.sin(i * i + name.length));
        poisoned[name] = indices(dims).map((index, i) => {
          const inside = needed?.every(([begin, end], axis) => begin <= index[axis]! && index[axis]! < end);
          return inside ? feeds[name]![i]! : Number.NaN;
        });
      }
      const [wanted, actual] = [feeds, poisoned].map(fed => interpret(graph, fed).get('y')!) as [number[], number[]];
      indices(outDims(graph)).forEach((index, i) => {
        const inside = out.every(([begin, end], axis) => begin <= index[axis]! && index[axis]! < end);
        if (inside) expect(actual[i]).toBe(wanted[i]);
      });
    }),
    { numRuns: 500 },
  );
});

describe('where an op may be cut', () => {
  const relu: GraphSpec['nodes'][number] = { op: 'Activation', activation: { kind: 'relu' } };
  it.each<[string, TypedGraph, Dims]>([
    ['Conv: panels of channels', graphWith({ op: 'Conv' }, { x: x5, w: [24, 4, 1, 1, 1] }), [0, 8, 1, 1, 0]],
    ['Conv of one spatial axis', graphWith({ op: 'Conv' }, { x: [1, 4, 9], w: [24, 4, 1] }), [0, 8, 0]],
    ['Conv of two', graphWith({ op: 'Conv' }, { x: [1, 4, 9, 9], w: [24, 4, 1, 1] }), [0, 8, 1, 0]],
    ['Conv in large groups', graphWith({ op: 'Conv', groups: 2 }, { x: x5, w: [40, 2, 1, 1, 1] }), [0, 20, 1, 1, 0]],
    ['Conv in small groups', graphWith({ op: 'Conv', groups: 4 }, { x: x5, w: [12, 1, 1, 1, 1] }), [0, 9, 1, 1, 0]],
    ['Conv, depthwise', graphWith({ op: 'Conv', groups: 4 }, { x: x5, w: [4, 1, 1, 1, 1] }), [0, 8, 1, 1, 0]],
    ['Gemm', graphWith({ op: 'Gemm' }, { a: [2, 5], b: [5, 9] }), [0, 8]],
    ['MaxPool', graphWith({ op: 'MaxPool', window: { kernel: [2, 2, 2] } }, { x: x5 }), [0, 1, 1, 1, 0]],
    ['Activation of a vector per image', graphWith(relu, { x: [2, 100] }), [0, 1]],
    ['Activation of a vector', graphWith(relu, { x: [100] }), [0]],
    ['Activation of a scalar', graphWith(relu, { x: [] }), []],
    ['Activation of six axes', graphWith(relu, { x: [1, 2, 3, 4, 5, 6] }), [0, 0, 0, 0, 0, 0]],
    ['Softmax', graphWith({ op: 'Softmax', axis: 1 }, { x: x5 }), [0, 0, 1, 1, 0]],
    ['Softmax, flattened', graphWith({ op: 'Softmax', axis: 2, flattened: true }, { x: x5 }), [0, 1, 0, 0, 0]],
    ['Concat', graphWith({ op: 'Concat', axis: 1 }, { a: x5, b: x5 }), [0, 1, 1, 1, 0]],
    ['MatMul', graphWith({ op: 'MatMul' }, { a: [2, 3, 4], b: [4, 2] }), [0, 0, 0]],
    ['Flatten', graphWith({ op: 'Flatten' }, { x: x5 }), [0, 0]],
  ])('%s', (_, graph, wanted) => {
    expect(grid(graph)).toEqual(wanted);
  });

  it('never within a group', () => {
    const cases = fc.tuple(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 20 }));
    fc.assert(
      fc.property(cases, ([groups, groupOutC]) => {
        const graph = graphWith({ op: 'Conv', groups }, { x: [1, groups, 3], w: [groups * groupOutC, 1, 1] });
        const step = grid(graph)[1]!;
        expect(step % groupOutC).toBe(0);
        expect(step).toBeGreaterThanOrEqual(8);
      }),
    );
  });
});
