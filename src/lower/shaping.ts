import { readNumbers } from '../graph/constant.js';
import type { ConcatNode, GatherNode, Node, PadNode, SliceNode, TransposeNode } from '../graph/ir.js';
import { padAmounts, sliceRanges } from '../graph/rules/extent.js';
import { sizeOf } from '../graph/shape.js';
import { gather, gatherRowBlock } from '../kernels/copy.js';
import { type Context, unsupported, whereOf } from './context.js';
import { emitCopy, emitFill, six } from './copying.js';
import { offset } from './held.js';
import { channelsLast, type Layout, leadOf, rowMajor, stridesOf } from './layout.js';

/** Flatten, Reshape, Squeeze, Unsqueeze, Identity: the same bytes under other dimensions. */
export function lowerReshape(context: Context, node: Node): void {
  const [xName] = node.inputs as [string];
  const yName = node.outputs[0]!;
  const dims = context.dims(yName);
  if (node.op === 'Identity') {
    context.define(yName, context.value(xName));
    return;
  }
  context.define(yName, { dims, layout: rowMajor, address: context.inLayout(xName, rowMajor).address });
}

export function lowerTranspose(context: Context, node: TransposeNode): void {
  const x = context.value(node.inputs[0]!);
  const yName = node.outputs[0]!;
  const y = context.output(yName, rowMajor);
  const strides = stridesOf(x.dims, x.layout);
  emitCopy(context.emitter, whereOf(node), {
    dims: y.dims,
    x: offset(x.address, leadOf(x.layout)),
    xStrides: node.perm.map(axis => strides[axis]!),
    y: y.address,
    yStrides: stridesOf(y.dims, rowMajor),
  });
  context.define(yName, y);
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Channels last where an operand lies so, since what comes after probably wants it too. */
const prevailing = (layouts: readonly Layout[]): Layout =>
  layouts.some(({ kind }) => kind === 'channelsLast') ? channelsLast : rowMajor;

export function lowerConcat(context: Context, node: ConcatNode): void {
  const parts = node.inputs.map(name => context.value(name));
  const yName = node.outputs[0]!;
  const y = context.output(yName, prevailing(parts.map(({ layout }) => layout)));
  const yStrides = stridesOf(y.dims, y.layout);
  let before = 0;
  for (const part of parts) {
    emitCopy(context.emitter, whereOf(node), {
      dims: part.dims,
      x: offset(part.address, leadOf(part.layout)),
      xStrides: stridesOf(part.dims, part.layout),
      y: offset(y.address, before * yStrides[node.axis]!),
      yStrides,
    });
    before += part.dims[node.axis]!;
  }
  context.define(yName, y);
}

/** ONNX Slice: the range along each axis that shape inference found. */
export function lowerSlice(context: Context, node: SliceNode): void {
  const x = context.value(node.inputs[0]!);
  const yName = node.outputs[0]!;
  const ranges = sliceRanges(node, context.operands(node));
  const strides = stridesOf(x.dims, x.layout);
  const first = ranges.map(({ start }) => start);
  const y = context.output(yName, prevailing([x.layout]));
  emitCopy(context.emitter, whereOf(node), {
    dims: y.dims,
    x: offset(x.address, leadOf(x.layout) + dot(first, strides)),
    xStrides: ranges.map(({ step }, axis) => step * strides[axis]!),
    y: y.address,
    yStrides: stridesOf(y.dims, y.layout),
  });
  context.define(yName, y);
}

export function lowerPad(context: Context, node: PadNode): void {
  const { begin } = padAmounts(node, context.operands(node));
  if (node.mode === 'constant') padConstant(context, node, begin);
  else padByIndex(context, node, node.mode, begin);
}

/** The value that an optional operand gives; 0 without it. */
function fillerOf(context: Context, node: PadNode): number {
  const name = node.inputs[2] ?? '';
  if (name === '') return 0;
  const values = context.floats(name);
  if (!values) throw unsupported(node, `its value '${name}' is computed; it must be constant`);
  return values[0] ?? 0;
}

function padConstant(context: Context, node: PadNode, before: readonly number[]): void {
  const x = context.value(node.inputs[0]!);
  const yName = node.outputs[0]!;
  const filler = fillerOf(context, node);
  const y = context.output(yName, prevailing([x.layout]));
  emitFill(context.emitter, whereOf(node), y.address, sizeOf(y.dims), filler);
  // Negative pads cut: the copied box is where x, moved by `before`, and y overlap.
  const from = before.map(pad => Math.max(0, -pad));
  const to = before.map(pad => Math.max(0, pad));
  const box = x.dims.map((size, axis) => Math.max(0, Math.min(size - from[axis]!, y.dims[axis]! - to[axis]!)));
  const xStrides = stridesOf(x.dims, x.layout);
  const yStrides = stridesOf(y.dims, y.layout);
  emitCopy(context.emitter, whereOf(node), {
    dims: box,
    x: offset(x.address, leadOf(x.layout) + dot(from, xStrides)),
    xStrides,
    y: offset(y.address, dot(to, yStrides)),
    yStrides,
  });
  context.define(yName, y);
}

/** Where position i of an axis comes from, for pads that repeat or mirror what is inside. */
function sourceIndex(mode: 'reflect' | 'edge', i: number, size: number): number {
  if (mode === 'edge' || size === 1) return Math.min(Math.max(i, 0), size - 1);
  const period = 2 * (size - 1);
  const at = ((i % period) + period) % period;
  return at < size ? at : period - at;
}

function padByIndex(context: Context, node: PadNode, mode: 'reflect' | 'edge', before: readonly number[]): void {
  const { dims } = context.value(node.inputs[0]!);
  const yDims = context.dims(node.outputs[0]!);
  emitGather(
    context,
    node,
    yDims.map((size, axis) =>
      Array.from({ length: size }, (_, i) => sourceIndex(mode, i - before[axis]!, dims[axis]!)),
    ),
  );
}

/** y[i0, i1, ...] = x[indices[0][i0], indices[1][i1], ...] */
function emitGather(context: Context, node: Node, indices: readonly (readonly number[])[]): void {
  const x = context.inLayout(node.inputs[0]!, rowMajor);
  if (x.dims.length > 6) throw unsupported(node, `rank ${x.dims.length}; up to 6 is supported`);
  const strides = stridesOf(x.dims, x.layout);
  const tables = indices.map((list, axis) => Int32Array.from(list, index => index * strides[axis]!));
  while (tables.length < 6) tables.unshift(Int32Array.of(0));
  const dims = tables.map(table => table.length);
  const y = context.allocate(
    indices.map(list => list.length),
    rowMajor,
  );
  const addresses = tables.map(table => context.emitter.words(table));
  const [table0Ptr, table1Ptr, table2Ptr, table3Ptr, table4Ptr, table5Ptr] = addresses;
  context.emitter.step(whereOf(node), gather, {
    xPtr: x.address,
    yPtr: y.address,
    ...six('dim', dims),
    table0Ptr: table0Ptr!,
    table1Ptr: table1Ptr!,
    table2Ptr: table2Ptr!,
    table3Ptr: table3Ptr!,
    table4Ptr: table4Ptr!,
    table5Ptr: table5Ptr!,
    rowBlock: gatherRowBlock(dims),
  });
  const yName = node.outputs[0]!;
  context.define(yName, { ...y, dims: context.dims(yName) });
}

/** ONNX Gather with indices known before the run, along one axis. */
export function lowerGather(context: Context, node: GatherNode): void {
  const [xName, indicesName] = node.inputs as [string, string];
  const { dims } = context.value(xName);
  const { axis } = node;
  // Integers are constant: whatever computes or feeds others has been refused.
  const chosen = Array.from(readNumbers(context.constant(indicesName)!), index =>
    index < 0 ? index + dims[axis]! : index,
  );
  emitGather(
    context,
    node,
    dims.map((size, at) => (at === axis ? chosen : Array.from({ length: size }, (_, i) => i))),
  );
}
