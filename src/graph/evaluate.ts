/**
 * Evaluates single nodes on known operands, in plain numbers: shape computations of exporters, and small constants. Results
 * are rounded to the output's type as the op itself would. Correct before fast; never used on activations.
 */
import type { Activation, BinaryKind, DataType, Node } from './ir.js';
import { sliceRanges } from './rules/extent.js';
import { type ConcreteType, type Operand, type Operands, required } from './rules/rule.js';
import { broadcastStrides, sizeOf, stridedOffsets, stridesOf } from './shape.js';

/** Whether `evaluate` has the op, given an output type it can hold. */
export function canEvaluate(node: Node, dtype: DataType): boolean {
  return dtype !== 'float16' && evaluable.has(node.op);
}

const evaluable: ReadonlySet<Node['op']> = new Set([
  'Identity',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Cast',
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Activation',
  'Transpose',
  'Slice',
  'Concat',
  'Gather',
  'Shape',
] as const);

/**
 * The elements of the node's output, whose type inference has given; null where an operand is unknown or the op is none of
 * those above. Integer division by zero gives null too: the model may never reach it.
 */
export function evaluate(node: Node, operands: Operands, output: ConcreteType): Float64Array | null {
  if (!canEvaluate(node, output.dtype)) return null;
  const x = required(node, operands, 0, 'data');
  if (node.op === 'Shape') return Float64Array.from(x.dims.slice(node.start, node.end ?? undefined));
  if (operands.some(operand => operand && !operand.numbers())) return null;
  const data = (operand: Operand): ArrayLike<number> => operand.numbers()!;
  switch (node.op) {
    case 'Identity':
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
      return Float64Array.from(data(x));
    case 'Cast':
      return round(data(x), output.dtype);
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return evaluateBinary(node.op, node.activation, [x, required(node, operands, 1, 'right')], output);
    case 'Activation':
      return round(
        Array.from(data(x), value => activate(node.activation, value)),
        output.dtype,
      );
    case 'Transpose': {
      const strides = stridesOf(x.dims);
      return gather(
        data(x),
        stridedOffsets(
          output.dims,
          node.perm.map(axis => strides[axis]!),
          0,
        ),
      );
    }
    case 'Slice': {
      const strides = stridesOf(x.dims);
      const ranges = sliceRanges(node, operands);
      const steps = ranges.map((range, i) => range.step * strides[i]!);
      const first = ranges.reduce((offset, range, i) => offset + range.start * strides[i]!, 0);
      return gather(data(x), stridedOffsets(output.dims, steps, first));
    }
    case 'Gather':
      return evaluateGather(node.axis, x, required(node, operands, 1, 'indices'));
    case 'Concat':
      return evaluateConcat(node.axis, operands as readonly Operand[], output);
    default:
      return null;
  }
}

function gather(data: ArrayLike<number>, offsets: Float64Array): Float64Array {
  return offsets.map(offset => data[offset]!);
}

function evaluateBinary(
  kind: BinaryKind,
  activation: Activation | null,
  [a, b]: readonly [Operand, Operand],
  output: ConcreteType,
): Float64Array | null {
  const left = gather(a.numbers()!, stridedOffsets(output.dims, broadcastStrides(a.dims, output.dims), 0));
  const right = gather(b.numbers()!, stridedOffsets(output.dims, broadcastStrides(b.dims, output.dims), 0));
  const whole = output.dtype !== 'float32' && output.dtype !== 'float64';
  if (kind === 'Div' && whole && right.includes(0)) return null;
  const rounded = round(
    left.map((value, i) => binary[kind](value, right[i]!)),
    output.dtype,
  );
  if (!activation) return rounded;
  return round(
    rounded.map(value => activate(activation, value)),
    output.dtype,
  );
}

const binary: Readonly<Record<BinaryKind, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};

/** y = activation(x) in float64. NaN stays NaN. */
export function activate(activation: Activation, x: number): number {
  switch (activation.kind) {
    case 'relu':
      return Math.max(x, 0);
    case 'leakyRelu':
      return x < 0 ? activation.alpha * x : x;
    case 'elu':
      return x < 0 ? activation.alpha * Math.expm1(x) : x;
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'tanh':
      return Math.tanh(x);
    case 'clip':
      return Math.min(Math.max(x, activation.min), activation.max);
  }
}

function evaluateGather(axis: number, x: Operand, indices: Operand): Float64Array {
  const inner = sizeOf(x.dims.slice(axis + 1));
  const outer = sizeOf(x.dims.slice(0, axis));
  const size = x.dims[axis]!;
  const data = x.numbers()!;
  const picks = Array.from(indices.numbers()!, index => (index < 0 ? index + size : index));
  const result = new Float64Array(outer * picks.length * inner);
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (const pick of picks) {
      const from = (block * size + pick) * inner;
      for (let i = 0; i < inner; i++) result[at++] = data[from + i]!;
    }
  }
  return result;
}

function evaluateConcat(axis: number, parts: readonly Operand[], output: ConcreteType): Float64Array {
  const result = new Float64Array(sizeOf(output.dims));
  const outer = sizeOf(output.dims.slice(0, axis));
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (const part of parts) {
      const data = part.numbers()!;
      const run = sizeOf(part.dims.slice(axis));
      for (let i = 0; i < run; i++) result[at++] = data[block * run + i]!;
    }
  }
  return result;
}

/** Numbers as the type holds them: floats to nearest, integers towards zero and, but for int64, modulo their width. */
function round(numbers: ArrayLike<number>, dtype: DataType): Float64Array {
  switch (dtype) {
    case 'float32':
      return Float64Array.from(numbers, Math.fround);
    case 'int64':
      return Float64Array.from(numbers, toInt64);
    case 'int32':
      return Float64Array.from(Int32Array.from(numbers));
    case 'int8':
      return Float64Array.from(Int8Array.from(numbers));
    case 'uint8':
      return Float64Array.from(Uint8Array.from(numbers));
    case 'bool':
      return Float64Array.from(numbers, value => (value === 0 ? 0 : 1));
    default:
      return Float64Array.from(numbers);
  }
}

/** Not-a-number becomes 0, what is beyond the type the nearest that is in it. */
const toInt64 = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.min(Math.max(Math.trunc(value), -(2 ** 63)), 2 ** 63);
