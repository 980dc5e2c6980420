/**
 * Graphs from random numbers. Invariant: any list of steps makes a valid graph, so that a failing one can be cut down; a step
 * that does not fit the value it reads only hands it on.
 */
import { NumavoxError } from '../../../src/errors.js';
import { readNumbers } from '../../../src/graph/constant.js';
import type { Activation, Constant, PadNode, ResizeNode, Window } from '../../../src/graph/ir.js';
import type { Operand } from '../../../src/graph/rules/rule.js';
import { inferNode } from '../../../src/graph/rules/table.js';
import { sizeOf } from '../../../src/graph/shape.js';
import { constantOf, type GraphSpec, int64, nodeOf } from '../../support/ir.js';
import { wave } from './compare.js';

type NodeSpec = GraphSpec['nodes'][number];
type Dims = readonly number[];

/** Random numbers from which everything about one node follows, given the values before it. */
export type Step = readonly number[];

/** Larger values, and convolutions with more multiply-adds, are left out. */
export interface Limits {
  readonly elements: number;
  readonly work: number;
}

/** The interpreter is slow. */
const interpreted: Limits = { elements: 3000, work: 200_000 };

interface Value {
  readonly name: string;
  readonly dims: Dims;
}

/** What a recipe draws on: the step's numbers, the value it reads, and new constants. */
interface Draw {
  readonly x: Value;
  /** Another value of that shape, where there is one. */
  readonly other: Value;
  below(limit: number): number;
  of<T>(list: readonly T[]): T;
  constant(constant: Constant): string;
}

/** A node that reads `x`, or null where its shape does not allow any. */
type Recipe = (draw: Draw) => Omit<NodeSpec, 'outputs'> | null;

const isSpatial = ({ dims }: Value) => dims.length >= 3 && dims.length <= 5;

const activations: readonly (Activation | null)[] = [
  null,
  { kind: 'relu' },
  { kind: 'leakyRelu', alpha: 0.2 },
  { kind: 'elu', alpha: 0.5 },
  { kind: 'sigmoid' },
  { kind: 'tanh' },
  { kind: 'clip', min: -0.5, max: 0.75 },
];

/** Weights that keep values about as large as they are. */
const weights = (dims: Dims, fanIn: number, phase: number): Constant =>
  constantOf(
    dims,
    wave(sizeOf(dims), phase).map(value => (1.5 * value) / Math.sqrt(fanIn)),
  );

/** Between 0.5 and 1.5: nothing grows much, and nothing is divided by little. */
const factors = (dims: Dims, phase: number): Constant =>
  constantOf(
    dims,
    wave(sizeOf(dims), phase).map(value => 1 + value / 2),
  );

function window({ x, below, of }: Draw, padsBelowExtent: boolean): Window {
  const sizes = x.dims.slice(2);
  const kernel = sizes.map(() => of([1, 2, 3, 3]));
  const dilations = sizes.map(() => of([1, 1, 1, 2, 3]));
  const pad = (axis: number) => {
    const extent = (kernel[axis]! - 1) * dilations[axis]! + 1;
    return below(padsBelowExtent ? extent : extent + 2);
  };
  const padsBegin = sizes.map((_, axis) => pad(axis));
  const padsEnd = sizes.map((_, axis) => pad(axis));
  const strides = sizes.map(() => of([1, 1, 1, 2, 3]));
  return { kernel, dilations, padsBegin, padsEnd, strides, autoPad: of(['explicit', 'explicit', 'same_lower']) };
}

const conv: Recipe = draw => {
  const { x, of, below, constant } = draw;
  if (!isSpatial(x)) return null;
  const channels = x.dims[1]!;
  const divisors = [1, 1, 1, 1, 2, 3, 4, 8, channels].filter(groups => channels % groups === 0);
  const groups = of(divisors);
  const outC = groups * of(groups === 1 ? [1, 2, 3, 5, 8, 9, 17, channels] : [1, 1, 2, 3, 8, channels / groups]);
  const shape = window(draw, false);
  const fanIn = (channels / groups) * sizeOf(shape.kernel);
  const w = constant(weights([outC, channels / groups, ...shape.kernel], fanIn, below(50)));
  const bias = of([true, false]) ? constant(weights([outC], 4, below(50))) : '';
  return { op: 'Conv', inputs: [x.name, w, bias], window: shape, groups, activation: of(activations) };
};

/** Keeps the shape, so that a residual fits. */
const residualConv: Recipe = ({ x, other, of, below, constant }) => {
  if (!isSpatial(x)) return null;
  const channels = x.dims[1]!;
  const kernel = x.dims.slice(2).map(() => of([1, 3]));
  const around = kernel.map(taps => (taps - 1) / 2);
  const w = constant(weights([channels, channels, ...kernel], channels * sizeOf(kernel), below(50)));
  const given = { kernel, padsBegin: around, padsEnd: around };
  const residual = of([true, true, true, false]) ? other.name : constant(weights(x.dims, 4, below(50)));
  return { op: 'Conv', inputs: [x.name, w, '', residual], window: given, activation: of(activations) };
};

const pool: Recipe = draw => {
  const { x, of } = draw;
  if (!isSpatial(x)) return null;
  const op = of(['MaxPool', 'AveragePool'] as const);
  const [ceilMode, countIncludePad] = [of([true, false]), op === 'AveragePool' && of([true, false])];
  return { op, inputs: [x.name], window: window(draw, true), ceilMode, countIncludePad };
};

/** Windows that do not overlap: what a convolution before it may take along. */
const ownWindows: Recipe = ({ x, of }) => {
  if (!isSpatial(x)) return null;
  const kernel = x.dims.slice(2).map(() => of([1, 2, 2, 3]));
  return { op: 'MaxPool', inputs: [x.name], window: { kernel, strides: kernel }, ceilMode: of([true, false]) };
};

const binary: Recipe = ({ x, other, of, below, constant }) => {
  const op = of(['Add', 'Sub', 'Mul', 'Div'] as const);
  const activation = of(activations);
  const small = x.dims.map(size => of([1, size]));
  const cut = small.slice(of([0, 0, 1, 2]));
  const right = op === 'Div' || of([true, false]) ? constant(factors(cut, below(50))) : other.name;
  return { op, inputs: op !== 'Div' && of([true, false]) ? [right, x.name] : [x.name, right], activation };
};

const resize: Recipe = ({ x, of, constant }) => {
  if (!isSpatial(x)) return null;
  const scales = x.dims.map((_, axis) => (axis < 2 ? 1 : of([0.5, 1, 1, 1.5, 2, 0.6])));
  const attributes: Pick<ResizeNode, 'mode' | 'coordinates' | 'nearest'> = {
    mode: of(['nearest', 'linear']),
    coordinates: of(['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners']),
    nearest: of(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']),
  };
  return { op: 'Resize', inputs: [x.name, constant(constantOf([scales.length], scales))], ...attributes };
};

const pad: Recipe = ({ x, of, constant }) => {
  const mode: PadNode['mode'] = of(['constant', 'constant', 'edge', 'reflect']);
  const amounts = [...x.dims, ...x.dims].map(size =>
    Math.min(of(mode === 'constant' ? [0, 0, 1, 2, -1] : [0, 1, 2]), mode === 'reflect' ? size - 1 : 2),
  );
  return { op: 'Pad', mode, inputs: [x.name, constant(int64(...amounts)), constant(constantOf([], [0.25]))] };
};

const slice: Recipe = ({ x, of, constant }) => {
  const steps = x.dims.map(() => of([1, 1, 2, -1]));
  const starts = x.dims.map((_, axis) => (steps[axis]! > 0 ? of([0, 0, 1]) : -1));
  const ends = steps.map(step => (step > 0 ? of([1000, 1000, -1]) : -1000));
  const axes = constant(int64(...x.dims.keys()));
  const [from, to, by] = [starts, ends, steps].map(list => constant(int64(...list)));
  return { op: 'Slice', inputs: [x.name, from!, to!, axes, by!] };
};

const shuffled = (length: number, below: Draw['below']): number[] => {
  const rest = Array.from({ length }, (_, i) => i);
  return Array.from({ length }, () => rest.splice(below(rest.length), 1)[0]!);
};

const norm: Recipe = ({ x, below, constant }) => {
  if (x.dims.length < 2) return null;
  const channel = () => constant(factors([x.dims[1]!], below(50)));
  return { op: 'BatchNormalization', inputs: [x.name, channel(), channel(), channel(), channel()] };
};

const prelu: Recipe = ({ x, of, below, constant }) => {
  const slope = x.dims.map(size => of([1, size])).slice(of([0, 0, 1]));
  return { op: 'PRelu', inputs: [x.name, constant(weights(slope, 4, below(50)))] };
};

const gather: Recipe = ({ x, below, constant }) => {
  if (x.dims.length === 0) return null;
  const axis = below(x.dims.length);
  const size = x.dims[axis]!;
  const indices = Array.from({ length: 1 + below(3) }, () => below(2 * size) - size);
  return { op: 'Gather', inputs: [x.name, constant(int64(...indices))], axis };
};

const matMul: Recipe = ({ x, of, below, constant }) => {
  if (x.dims.length === 0) return null;
  const depth = x.dims.at(-1)!;
  return { op: 'MatMul', inputs: [x.name, constant(weights([depth, of([1, 3, 8])], depth, below(50)))] };
};

const gemm: Recipe = ({ x, of, below, constant }) => {
  if (x.dims.length !== 2) return null;
  const [transA, transB] = [of([true, false]), of([true, false])];
  const [rows, depth] = transA ? x.dims.toReversed() : x.dims;
  const outputs = of([1, 4, 9, 33]);
  const b = constant(weights(transB ? [outputs, depth!] : [depth!, outputs], depth!, below(50)));
  const c = constant(weights(of([[], [outputs], [1, outputs], [rows!, 1], [rows!, outputs]]), 4, below(50)));
  const scales = { alpha: of([1, 0.5]), beta: of([1, -0.5]) };
  return { op: 'Gemm', inputs: [x.name, b, of([c, ''])], transA, transB, ...scales, activation: of(activations) };
};

/** A product of computed values, often one value with itself. */
const gemmOfTwo: Recipe = ({ x, other, of }) => {
  if (x.dims.length !== 2) return null;
  const scales = { alpha: of([1, 0.1]), beta: of([1, -0.5]) };
  const transB = x.dims[0] === x.dims[1] ? of([true, false]) : true;
  const c = x.dims[0] === x.dims[1] ? of(['', x.name, other.name]) : '';
  return { op: 'Gemm', inputs: [x.name, of([x.name, other.name]), c], transA: false, transB, ...scales };
};

const reshape: Recipe = ({ x, below, constant }) => {
  if (x.dims.length < 2) return null;
  const dims = shuffled(x.dims.length, below).map(axis => x.dims[axis]!);
  return { op: 'Reshape', inputs: [x.name, constant(int64(...dims))] };
};

/** Convolutions and pools are listed more than once, as they are what networks consist of. */
const recipes: readonly Recipe[] = [
  ...[conv, conv, conv, conv, residualConv, residualConv, pool, pool, ownWindows, ownWindows, binary, binary],
  ...[resize, pad, slice, norm, prelu, gather, matMul, gemm, gemmOfTwo, reshape],
  ({ x, of }) => ({ op: 'Activation', inputs: [x.name], activation: of(activations) ?? { kind: 'relu' } }),
  ({ x, below }) => ({ op: 'Transpose', inputs: [x.name], perm: shuffled(x.dims.length, below) }),
  ({ x, other, below, of }) => {
    if (x.dims.length === 0) return null;
    return {
      op: 'Concat',
      inputs: of([
        [x.name, other.name],
        [other.name, x.name, x.name],
      ]),
      axis: below(x.dims.length),
    };
  },
  ({ x, of, below }) => {
    if (x.dims.length === 0) return null;
    const op = of(['Softmax', 'LogSoftmax'] as const);
    return { op, inputs: [x.name], axis: below(x.dims.length), flattened: of([true, false]) };
  },
  ({ x, of }) => {
    const axes = [...x.dims.keys()].filter(() => of([true, false]));
    return { op: 'ReduceMean', inputs: [x.name], axes, keepDims: of([true, true, false]) };
  },
  ({ x, of }) => (isSpatial(x) ? { op: of(['GlobalAveragePool', 'GlobalMaxPool'] as const), inputs: [x.name] } : null),
  ({ x, below }) => ({ op: 'Flatten', inputs: [x.name], axis: below(x.dims.length + 1) }),
];

/** A graph of one node per step on an input x of these sizes; the last value and some others are outputs. */
export function randomGraph(dims: Dims, steps: readonly Step[], limits = interpreted): GraphSpec {
  const values: Value[] = [{ name: 'x', dims }];
  const constants: Record<string, Constant> = {};
  const nodes: NodeSpec[] = [];
  const outputs: string[] = [];
  steps.forEach((numbers, i) => {
    let drawn = 0;
    const below = (limit: number) => (numbers[drawn % numbers.length]! + 7 * drawn++) % limit;
    const of = <T>(list: readonly T[]) => list[below(list.length)]!;
    // Mostly the last value: long chains, with a branch now and then.
    const computed = of([0, 0, 0, 1]) === 0 ? values.at(-1)! : of(values);
    const other = of(values.filter(value => value.dims.join() === computed.dims.join()));
    const constant = (data: Constant) => {
      const name = `k${Object.keys(constants).length}`;
      constants[name] = data;
      return name;
    };
    const isConstant = below(24) === 1;
    const x = isConstant ? { ...computed, name: constant(weights(computed.dims, 4, below(50))) } : computed;
    const drafted = of(recipes)({ x, other, below, of, constant });
    const name = `v${i}`;
    const made = drafted && ({ ...drafted, outputs: [name] } as NodeSpec);
    const shape = made && shapeOf(made, values, constants, limits);
    const node: NodeSpec = shape && made ? made : { op: 'Identity', inputs: [x.name], outputs: [name] };
    nodes.push(node);
    values.push({ name, dims: shape ?? x.dims });
    if (i === steps.length - 1 || of([0, 0, 0, 1]) === 1) outputs.push(name);
  });
  return { inputs: { x: dims }, constants, nodes, outputs };
}

/** The output's sizes; null where the node does not fit its inputs or is too much work. */
function shapeOf(
  spec: NodeSpec,
  values: readonly Value[],
  constants: Readonly<Record<string, Constant>>,
  limits: Limits,
): Dims | null {
  const node = nodeOf(spec);
  const operands = node.inputs.map((name): Operand | null => {
    if (name === '') return null;
    const constant = constants[name];
    if (!constant)
      return { name, dtype: 'float32', dims: values.find(value => value.name === name)!.dims, numbers: () => null };
    return { name, ...constant, numbers: () => readNumbers(constant) };
  });
  try {
    const { dims } = inferNode(node, operands);
    const perElement = node.op === 'Conv' ? sizeOf(constants[node.inputs[1]!]!.dims.slice(1)) : 1;
    const elements = sizeOf(dims);
    return elements > 0 && elements <= limits.elements && elements * perElement <= limits.work ? dims : null;
  } catch (error) {
    if (error instanceof NumavoxError) return null;
    throw error;
  }
}
