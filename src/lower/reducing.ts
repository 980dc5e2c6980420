import type { ReduceMeanNode, SoftmaxNode } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { reduceMean } from '../kernels/reduce.js';
import { logSoftmax, softmax } from '../kernels/softmax.js';
import { type Context, whereOf } from './context.js';
import { emitCopy } from './copying.js';
import { type Held, offset } from './held.js';
import { channelsLast, leadOf, memoryOrder, rowMajor, stridesOf } from './layout.js';

export function lowerSoftmax(context: Context, node: SoftmaxNode): void {
  const [xName] = node.inputs as [string];
  const first = context.value(xName);
  // Channels last puts the usual axis, the channels, innermost; every other case is done in row-major order.
  const kept = first.layout.kind === 'channelsLast' && node.axis === 1 && !node.flattened;
  const x = context.inLayout(xName, kept ? channelsLast : rowMajor);
  const y = context.output(node.outputs[0]!, x.layout);
  const sizes = memoryOrder(x.dims, x.layout).map(axis => x.dims[axis]!);
  const at = kept ? sizes.length - 1 : node.axis;
  const end = node.flattened ? sizes.length : at + 1;
  context.emitter.step(whereOf(node), node.op === 'Softmax' ? softmax : logSoftmax, {
    xPtr: x.address,
    yPtr: y.address,
    outer: sizeOf(sizes.slice(0, at)),
    count: sizeOf(sizes.slice(at, end)),
    inner: sizeOf(sizes.slice(end)),
  });
  context.define(node.outputs[0]!, y);
}

export function lowerReduceMean(context: Context, node: ReduceMeanNode): void {
  const [xName] = node.inputs as [string];
  const first = context.value(xName);
  const axes = node.axes.length > 0 ? node.axes : first.dims.map((_, axis) => axis);
  const { x, outer, count, inner } = gatherReduced(context, node, first, axes);
  const yName = node.outputs[0]!;
  const y = context.output(yName, rowMajor);
  context.emitter.step(whereOf(node), reduceMean, { xPtr: x.address, yPtr: y.address, outer, count, inner });
  context.define(yName, y);
}

/**
 * x as [outer, count, inner] with the reduced axes in the middle and the kept ones in ONNX's order around them; copied where
 * it does not lie so.
 */
function gatherReduced(context: Context, node: ReduceMeanNode, first: Held, axes: readonly number[]) {
  const { dims, layout } = first;
  const reduced = new Set(axes);
  const sizes = (list: readonly number[]) => sizeOf(list.map(axis => dims[axis]!));
  const order = memoryOrder(dims, layout);
  const start = order.findIndex(axis => reduced.has(axis));
  const keptOrder = order.filter(axis => !reduced.has(axis) && dims[axis] !== 1);
  const together = order.slice(start, start + axes.length).every(axis => reduced.has(axis));
  const inOnnxOrder = keptOrder.every((axis, i) => i === 0 || keptOrder[i - 1]! < axis);
  if (layout.kind !== 'planar' && together && inOnnxOrder) {
    const end = start + axes.length;
    return { x: first, outer: sizes(order.slice(0, start)), count: sizes(axes), inner: sizes(order.slice(end)) };
  }
  const target = [...dims.keys()].sort((a, b) => Number(reduced.has(a)) - Number(reduced.has(b)) || a - b);
  const targetDims = target.map(axis => dims[axis]!);
  const x = context.allocate(targetDims, rowMajor);
  const strides = stridesOf(dims, layout);
  emitCopy(context.emitter, whereOf(node), {
    dims: targetDims,
    x: offset(first.address, leadOf(layout)),
    xStrides: target.map(axis => strides[axis]!),
    y: x.address,
    yStrides: stridesOf(targetDims, rowMajor),
  });
  return { x, outer: sizeOf(dims) / sizes(axes), count: sizes(axes), inner: 1 };
}
