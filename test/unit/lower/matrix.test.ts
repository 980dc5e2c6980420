import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Activation, TypedGraph } from '../../../src/graph/ir.js';
import { fromBf16, toBf16 } from '../../../src/kernels/bf16.js';
import { lower } from '../../../src/lower/lower.js';
import { planWhole } from '../../../src/plan/plan.js';
import { execute } from '../../support/execute.js';
import { constantOf, type GraphSpec, graphOf } from '../../support/ir.js';
import { checkGraph, feedsOf, kernelsOf, oneWorker, programOf, wave } from './compare.js';

const matrix = (dims: readonly number[], phase: number) =>
  constantOf(
    dims,
    wave(
      dims.reduce((a, b) => a * b, 1),
      phase,
    ),
  );

interface GemmCase {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly alpha?: number;
  readonly beta?: number;
  /** Sizes of c; absent without them. */
  readonly c?: readonly number[];
  readonly activation?: Activation;
  /** Which operands are fed. */
  readonly fed?: readonly ('b' | 'c')[];
}

function gemmOf({ rows, depth, columns, c, fed = [], ...given }: GemmCase): GraphSpec {
  const { transA = false, transB = false, alpha = 1, beta = 1, activation = null } = given;
  const b = transB ? [columns, depth] : [depth, columns];
  const operands = { b, ...(c ? { c } : {}) };
  const entries = Object.entries(operands);
  const isFed = (name: string) => fed.includes(name as 'b');
  return {
    inputs: {
      x: transA ? [depth, rows] : [rows, depth],
      ...Object.fromEntries(entries.filter(([name]) => isFed(name))),
    },
    constants: Object.fromEntries(
      entries.filter(([name]) => !isFed(name)).map(([name, dims], i) => [name, matrix(dims, 3 + i)]),
    ),
    nodes: [{ op: 'Gemm', inputs: ['x', 'b', c ? 'c' : ''], transA, transB, alpha, beta, activation }],
  };
}

const few = { rows: 3, depth: 21, columns: 37 };
const many = { rows: 13, depth: 10, columns: 11 };

describe('Gemm', () => {
  it.each(
    [few, many].flatMap(size =>
      [false, true].flatMap(transA => [false, true].map(transB => [{ ...size, transA, transB }] as const)),
    ),
  )('%o, with c of every shape', given => {
    const { rows, columns } = given;
    for (const c of [undefined, [], [1], [columns], [1, columns], [rows, 1], [1, 1], [rows, columns]]) {
      checkGraph(gemmOf({ ...given, ...(c ? { c } : {}) }));
    }
  });

  it.each<GemmCase>([
    { ...few, alpha: 0.5, beta: -2, c: [37], activation: { kind: 'relu' } },
    { ...many, alpha: 0.5, beta: -2, c: [13, 1], activation: { kind: 'leakyRelu', alpha: 0.2 } },
    { ...many, alpha: 0, c: [11] },
    { ...many, alpha: 3, beta: 0, c: [13, 11] },
    { ...many, alpha: 1.5, beta: 0.5, c: [11], fed: ['c'], activation: { kind: 'relu' } },
    { ...few, c: [3, 37], fed: ['c'], beta: 2 },
    { ...many, c: [13, 1], fed: ['b'], alpha: -0.5, beta: 2, activation: { kind: 'sigmoid' } },
    { ...many, fed: ['b'], transA: true, transB: true, alpha: 2 },
    { ...few, fed: ['b'], activation: { kind: 'clip', min: -0.5, max: 0.5 } },
    { ...few, c: [37], fed: ['b', 'c'], transB: true },
    { rows: 11, depth: 4, columns: 11, c: [11, 1] },
    { rows: 1, depth: 5, columns: 7, c: [1, 1], transA: true },
    { rows: 9, depth: 1, columns: 1, c: [9, 1] },
  ])('%o', given => {
    checkGraph(gemmOf(given));
  });

  it('streams the weights for a few rows, and blocks them for many', () => {
    expect(checkGraph(gemmOf(few))).toEqual(['f32_gemv']);
    expect(checkGraph(gemmOf(many))).toEqual(['f32_conv_pointwise']);
  });

  it.each([false, true])('rounds the weights that it streams to bfloat16, transposed: %s', transB => {
    const wide = { rows: 3, depth: 21, columns: 69, transB };
    const plain = gemmOf(wide);
    const data = wave(wide.depth * wide.columns, 3).map(value => fromBf16(toBf16(value)));
    const b = constantOf(transB ? [wide.columns, wide.depth] : [wide.depth, wide.columns], data);
    const [asked, rounded] = [plain, { ...plain, constants: { b } }].map(spec => inferShapes(graphOf(spec))) as [
      TypedGraph,
      TypedGraph,
    ];
    const program = lower(asked, planWhole(asked, oneWorker), { bf16: true });
    expect(program.steps.flatMap(kernelsOf)).toEqual(['f32_gemv_bf16']);
    const wanted = execute(programOf(rounded), feedsOf(rounded), 'relaxed');
    expect(execute(program, feedsOf(asked), 'relaxed')).toEqual(wanted);
    const blocked = inferShapes(graphOf(gemmOf(many)));
    const steps = lower(blocked, planWhole(blocked, oneWorker), { bf16: true }).steps;
    expect(steps.flatMap(kernelsOf)).toEqual(['f32_conv_pointwise']);
  });

  it('of one constant with two factors', () => {
    const node = { op: 'Gemm', inputs: ['x', 'b', ''] } as const;
    checkGraph({
      inputs: { x: [4, 5] },
      constants: { b: matrix([5, 6], 1), 'b * 2': matrix([5, 6], 2) },
      nodes: [
        { ...node, outputs: ['y'], alpha: 2 },
        { ...node, outputs: ['z'], alpha: 3 },
        { ...node, outputs: ['u'], inputs: ['x', 'b * 2', ''] },
        { ...node, outputs: ['v'] },
      ],
      outputs: ['y', 'z', 'u', 'v'],
    });
  });

  it('of constants alone, too large to compute ahead', () => {
    checkGraph({
      inputs: { x: [1] },
      constants: { a: matrix([70, 60], 1), b: matrix([60, 64], 2) },
      nodes: [{ op: 'Gemm', inputs: ['a', 'b', ''] }],
    });
  });
});

describe('MatMul', () => {
  it.each<[readonly number[], readonly number[]]>([
    [
      [4, 5],
      [5, 6],
    ],
    [
      [12, 5],
      [5, 1],
    ],
    [[5], [5, 6]],
    [[4, 5], [5]],
    [[5], [5]],
    [
      [2, 3, 4, 5],
      [5, 6],
    ],
    [[2, 3, 4, 5], [5]],
    [[5], [2, 3, 5, 4]],
    [
      [4, 5],
      [2, 3, 5, 6],
    ],
    [
      [2, 3, 4, 5],
      [2, 3, 5, 6],
    ],
    [
      [2, 3, 4, 5],
      [3, 5, 6],
    ],
    [
      [2, 1, 4, 5],
      [1, 3, 5, 6],
    ],
    [
      [3, 1, 4, 5],
      [2, 5, 6],
    ],
    [
      [1, 1, 4, 5],
      [2, 3, 5, 6],
    ],
    [
      [7, 2, 1, 3, 2, 2],
      [1, 5, 1, 2, 4],
    ],
    [
      [1, 1, 3, 1],
      [1, 4],
    ],
  ])('%o by %o', (x, w) => {
    const node = { op: 'MatMul', inputs: ['x', 'w'] } as const;
    checkGraph({ inputs: { x }, constants: { w: matrix(w, 4) }, nodes: [node] });
    checkGraph({ inputs: { x, w }, nodes: [node] });
    checkGraph({ inputs: { w }, constants: { x: matrix(x, 4) }, nodes: [node] });
  });

  it('of channels-last values', () => {
    checkGraph({
      inputs: { x: [2, 4, 3, 5, 4] },
      constants: { w: matrix([4, 3], 2) },
      nodes: [
        { op: 'MaxPool', outputs: ['a'], window: { kernel: [1, 2, 1] } },
        { op: 'MatMul', inputs: ['a', 'w'], outputs: ['y'] },
        { op: 'MatMul', inputs: ['a', 'a'], outputs: ['z'] },
      ],
      outputs: ['y', 'z'],
    });
  });
});
