import { NumavoxError } from '../errors.js';
import type { Activation, ActivationNode, BatchNormNode, BinaryNode, PReluNode } from '../graph/ir.js';
import { sameDims, sizeOf } from '../graph/shape.js';
import {
  add,
  affine,
  affineRowBlock,
  binaryRowBlock,
  div,
  mul,
  prelu,
  sub,
  unary,
  unaryBlock,
} from '../kernels/elementwise.js';
import { activationFields, type Context, unsupported, whereOf } from './context.js';
import { mergeAxes, six } from './copying.js';
import { type Held, offset } from './held.js';
import { channelsLast, type Layout, leadOf, memoryOrder, rowMajor, stridesOf } from './layout.js';

const binaryKernels = { Add: add, Sub: sub, Mul: mul, Div: div, PRelu: prelu } as const;
export type BinaryOp = keyof typeof binaryKernels;

/** Strides of an operand as seen from the result's dimensions: aligned at the end, 0 where it is broadcast. */
function broadcastStrides(operand: Held, dims: readonly number[]): number[] {
  const own = stridesOf(operand.dims, operand.layout);
  const missing = dims.length - operand.dims.length;
  return dims.map((_, axis) => {
    const at = axis - missing;
    return at < 0 || operand.dims[at] === 1 ? 0 : own[at]!;
  });
}

interface BinaryStep {
  readonly where: { readonly name: string; readonly op: string };
  readonly kind: BinaryOp;
  readonly a: Held;
  readonly b: Held;
  readonly y: Held;
  readonly activation: Activation | null;
}

/** Emits y = activation(a kind b) for a dense y; a and b may lie in any way. */
export function emitBinary({ emitter }: Context, { where, kind, a, b, y, activation }: BinaryStep): void {
  const order = memoryOrder(y.dims, y.layout);
  const along = (values: readonly number[]) => order.map(axis => values[axis]!);
  const strides = [stridesOf(y.dims, y.layout), broadcastStrides(a, y.dims), broadcastStrides(b, y.dims)].map(along);
  const merged = mergeAxes(along(y.dims), strides);
  if (!merged) {
    const what = `broadcasting [${a.dims}] with [${b.dims}] needs over six loops`;
    throw new NumavoxError('unsupported', `${where.op} '${where.name}': ${what}`);
  }
  emitter.step(where, binaryKernels[kind], {
    aPtr: offset(a.address, leadOf(a.layout)),
    bPtr: offset(b.address, leadOf(b.layout)),
    yPtr: y.address,
    ...six('dim', merged.dims),
    ...six('aStride', merged.strides[1]!),
    ...six('bStride', merged.strides[2]!),
    ...activationFields(activation),
    rowBlock: binaryRowBlock(merged.dims),
  });
}

/** The dense layout in which an elementwise result is made: that of the operand that has its shape. */
function resultLayout({ fullDims, layoutOf }: Context, operands: readonly string[], result: string): Layout {
  const full = operands.find(name => {
    return layoutOf(name).kind !== 'planar' && sameDims(fullDims(name), fullDims(result));
  });
  return full === undefined ? rowMajor : layoutOf(full);
}

export function lowerBinary(context: Context, node: BinaryNode | PReluNode): void {
  const [aName, bName] = node.inputs as [string, string];
  const yName = node.outputs[0]!;
  const a = context.value(aName);
  const b = context.value(bName);
  const y = context.output(yName, resultLayout(context, [aName, bName], yName));
  const activation = node.op === 'PRelu' ? null : node.activation;
  emitBinary(context, { where: whereOf(node), kind: node.op, a, b, y, activation });
  context.define(yName, y);
}

export function lowerActivation(context: Context, node: ActivationNode): void {
  const [xName] = node.inputs as [string];
  const first = context.value(xName);
  const x = first.layout.kind === 'planar' ? context.inLayout(xName, rowMajor) : first;
  const y = context.output(node.outputs[0]!, x.layout);
  const count = sizeOf(x.dims);
  context.emitter.step(whereOf(node), unary, {
    xPtr: x.address,
    yPtr: y.address,
    count,
    ...activationFields(node.activation),
    block: unaryBlock(count),
  });
  context.define(node.outputs[0]!, y);
}

/** A BatchNorm that found no convolution to fold into: one multiply-add per element. */
export function lowerBatchNorm(context: Context, node: BatchNormNode): void {
  const [xName, ...parameterNames] = node.inputs;
  const [scale, bias, mean, variance] = parameterNames.map(name => {
    const values = context.floats(name);
    if (!values) throw unsupported(node, `'${name}' is computed; it must be constant`);
    return values;
  }) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const factor = scale.map((value, c) => value / Math.sqrt(variance[c]! + node.epsilon));
  const shift = bias.map((value, c) => value - mean[c]! * (scale[c]! / Math.sqrt(variance[c]! + node.epsilon)));

  const dims = context.dims(xName!);
  const x = context.inLayout(xName!, dims.length > 2 ? channelsLast : rowMajor);
  const y = context.output(node.outputs[0]!, x.layout);
  const channels = scale.length;
  const rows = sizeOf(dims) / channels;
  context.emitter.step(whereOf(node), affine, {
    xPtr: x.address,
    yPtr: y.address,
    scalePtr: context.emitter.words(factor),
    shiftPtr: context.emitter.words(shift),
    rows,
    channels,
    ...activationFields(null),
    rowBlock: affineRowBlock(channels),
  });
  context.define(node.outputs[0]!, y);
}
