import type { Activation, Constant, GemmNode, MatMulNode, Node } from '../graph/ir.js';
import { broadcastDims, broadcastStrides, sizeOf } from '../graph/shape.js';
import { convPointwise, convPointwiseBlocks } from '../kernels/conv_pointwise.js';
import { gemv, gemvBf16 } from '../kernels/gemv.js';
import { matmul, matmulRowBlock } from '../kernels/matmul.js';
import { absent, activationFields, type Context, whereOf } from './context.js';
import { panelledBias } from './convolution.js';
import { emitCopy } from './copying.js';
import { emitBinary } from './elementwise.js';
import { type Held, offset } from './held.js';
import { leadOf, rowMajor, stridesOf } from './layout.js';

/** Up to this many rows, reading the weights costs more than computing: a kernel that streams them once. */
const streamedRows = 8;

interface Product {
  readonly x: Held;
  readonly y: Held;
  readonly rows: number;
  readonly depth: number;
  readonly outputs: number;
  /** The columns (or rows, when transposed) of the whole constant from `first` on. */
  readonly weight: {
    readonly name: string;
    readonly constant: Constant;
    readonly transposed: boolean;
    readonly first: number;
  };
  readonly bias: Float32Array | null;
  readonly activation: Activation | null;
}

/** Emits y = activation(x @ w + bias) for a constant w. */
function emitProduct({ emitter, bf16 }: Context, node: Node, product: Product): void {
  const { x, y, rows, depth, outputs, weight, bias, activation } = product;
  const where = whereOf(node, 2 * rows * depth * outputs);
  const { constant, transposed, first } = weight;
  const packed = { outputs, depth, transposed, first, of: constant.dims[transposed ? 0 : 1]! };
  if (rows <= streamedRows) {
    emitter.step(where, bf16 ? gemvBf16 : gemv, {
      xPtr: x.address,
      yPtr: y.address,
      wPtr: emitter.weight(weight.name, constant, { kernel: bf16 ? 'f32_gemv_bf16' : 'f32_gemv', ...packed }),
      biasPtr: bias ? emitter.words(panelledBias(bias, 1, 32)) : absent,
      rows,
      k: depth,
      n: outputs,
      ...activationFields(activation),
    });
    return;
  }
  const shape = { positions: rows, inC: depth, outC: outputs, groups: 1 };
  emitter.step(where, convPointwise, {
    ...shape,
    xPtr: x.address,
    yPtr: y.address,
    wPtr: emitter.weight(weight.name, constant, { kernel: 'f32_conv_pointwise/matrix', ...packed }),
    biasPtr: bias ? emitter.words(panelledBias(bias, 1, 8)) : absent,
    residualPtr: absent,
    ...activationFields(activation),
    ...convPointwiseBlocks(shape),
  });
}

/** A constant times a scalar, by the scale that every reader of constants applies. */
function scaled(constant: Constant, factor: number, axis: number): Constant {
  if (factor === 1) return constant;
  const base = constant.scale ?? { axis, factors: new Float32Array(constant.dims[axis]!).fill(1) };
  return { ...constant, scale: { axis: base.axis, factors: base.factors.map(value => value * factor) } };
}

/** The matrix [rows, columns] dense and not transposed. */
function untransposed(context: Context, node: Node, name: string, transposed: boolean): Held {
  if (!transposed) return context.inLayout(name, rowMajor);
  const from = context.value(name);
  const [rows, columns] = from.dims as [number, number];
  const to = context.allocate([columns, rows], rowMajor);
  const [rowStride, columnStride] = stridesOf(from.dims, from.layout) as [number, number];
  emitCopy(context.emitter, whereOf(node), {
    dims: to.dims,
    x: offset(from.address, leadOf(from.layout)),
    xStrides: [columnStride, rowStride],
    y: to.address,
    yStrides: stridesOf(to.dims, rowMajor),
  });
  return to;
}

/** beta * c as one value per output, where c is constant and the same for every row. */
function rowBias(context: Context, node: GemmNode, outputs: number): Float32Array | null {
  const dims = context.dims(node.inputs[2]!);
  if (dims.length === 2 && dims[0] !== 1) return null;
  const values = context.floats(node.inputs[2]!);
  if (!values) return null;
  return Float32Array.from({ length: outputs }, (_, n) => node.beta * (values.length === 1 ? values[0]! : values[n]!));
}

const scalar = (context: Context, value: number): Held => ({
  dims: [],
  layout: rowMajor,
  address: context.emitter.words(Float32Array.of(value)),
});

export function lowerGemm(context: Context, node: GemmNode): void {
  const [aName, bName, cName = ''] = node.inputs as [string, string, string?];
  const yName = node.outputs[0]!;
  const dims = context.dims(yName) as readonly [number, number];
  const [rows, outputs] = dims;
  const x = untransposed(context, node, aName, node.transA);
  const depth = x.dims[1]!;
  const b = context.wholeConstant(bName);
  const bias = b && cName !== '' ? rowBias(context, node, outputs) : null;
  const addAfter = cName !== '' && !bias;

  let y = context.allocate(dims, rowMajor);
  if (b) {
    const constant = scaled(b, node.alpha, node.transB ? 0 : 1);
    const weight = { name: bName, constant, transposed: node.transB, first: context.out[1]![0] };
    const activation = addAfter ? null : node.activation;
    emitProduct(context, node, { x, y, rows, depth, outputs, weight, bias, activation });
  } else {
    const right = untransposed(context, node, bName, node.transB);
    emitMatmul(context, node, { a: x, b: right, y, batch: 1, aBatchStride: 0, bBatchStride: 0 });
    y = scaleAfter(context, node, y, node.alpha, addAfter ? null : node.activation);
  }
  if (addAfter) {
    const where = whereOf(node);
    let c: Held = context.value(cName);
    if (node.beta !== 1) {
      const scaledC = context.allocate(c.dims, rowMajor);
      emitBinary(context, { where, kind: 'Mul', a: c, b: scalar(context, node.beta), y: scaledC, activation: null });
      c = scaledC;
    }
    const sum = context.allocate(dims, rowMajor);
    emitBinary(context, { where, kind: 'Add', a: y, b: c, y: sum, activation: node.activation });
    y = sum;
  }
  context.define(yName, y);
}

/** activation(alpha * x), where a product of computed operands left them out. */
function scaleAfter(context: Context, node: Node, x: Held, alpha: number, activation: Activation | null): Held {
  if (alpha === 1 && !activation) return x;
  const y = context.allocate(x.dims, rowMajor);
  emitBinary(context, { where: whereOf(node), kind: 'Mul', a: x, b: scalar(context, alpha), y, activation });
  return y;
}

interface BatchedProduct {
  readonly a: Held;
  readonly b: Held;
  readonly y: Held;
  readonly batch: number;
  readonly aBatchStride: number;
  readonly bBatchStride: number;
}

function emitMatmul(
  { emitter }: Context,
  node: Node,
  { a, b, y, batch, aBatchStride, bBatchStride }: BatchedProduct,
): void {
  const [m, k] = a.dims.slice(-2) as [number, number];
  const n = b.dims.at(-1)!;
  emitter.step(whereOf(node, 2 * batch * m * k * n), matmul, {
    aPtr: a.address,
    bPtr: b.address,
    yPtr: y.address,
    batch,
    aBatchStride,
    bBatchStride,
    m,
    k,
    n,
    mBlock: matmulRowBlock(k, n),
  });
}

/** numpy's matmul: vectors are widened to matrices, leading dimensions are broadcast. */
export function lowerMatMul(context: Context, node: MatMulNode): void {
  const [aName, bName] = node.inputs as [string, string];
  const yName = node.outputs[0]!;
  const aRaw = context.inLayout(aName, rowMajor);
  const a: Held = aRaw.dims.length === 1 ? { ...aRaw, dims: [1, aRaw.dims[0]!] } : aRaw;
  const constant = context.wholeConstant(bName);
  const y = context.output(yName, rowMajor);
  context.define(yName, y);
  if (constant && constant.dims.length === 2) {
    const [depth, outputs] = constant.dims as [number, number];
    const rows = sizeOf(a.dims) / depth;
    const weight = { name: bName, constant, transposed: false, first: 0 };
    emitProduct(context, node, { x: a, y, rows, depth, outputs, weight, bias: null, activation: null });
    return;
  }
  const bRaw = context.inLayout(bName, rowMajor);
  const b: Held = bRaw.dims.length === 1 ? { ...bRaw, dims: [bRaw.dims[0]!, 1] } : bRaw;
  const outer = broadcastDims(a.dims.slice(0, -2), b.dims.slice(0, -2))!;
  const batch = sizeOf(outer);
  const left = expanded(context, node, a, outer);
  const right = expanded(context, node, b, outer);
  emitMatmul(context, node, {
    a: left.held,
    b: right.held,
    y,
    batch,
    aBatchStride: left.batchStride,
    bBatchStride: right.batchStride,
  });
}

/** An operand with one matrix for all batches, or one for each: copied where it is broadcast along some of them only. */
function expanded(
  context: Context,
  node: Node,
  operand: Held,
  outer: readonly number[],
): { held: Held; batchStride: number } {
  const matrix = operand.dims.slice(-2);
  const own = operand.dims.slice(0, -2);
  if (sizeOf(own) === 1) return { held: operand, batchStride: 0 };
  const batchStride = sizeOf(matrix);
  if (sizeOf(own) === sizeOf(outer)) return { held: operand, batchStride };
  const full = [...outer, ...matrix];
  const to = context.allocate(full, rowMajor);
  emitCopy(context.emitter, whereOf(node), {
    dims: full,
    x: operand.address,
    xStrides: broadcastStrides(operand.dims, full),
    y: to.address,
    yStrides: stridesOf(full, rowMajor),
  });
  return { held: to, batchStride };
}
