/** A convolution with a pool: which kernels do both at once, and both one after the other for those that do not. */
import type { ConvNode, PoolNode } from '../graph/ir.js';
import { beforePool } from '../graph/pooled.js';
import { wholeBox } from '../plan/box.js';
import { type Context, intoLayout } from './context.js';
import type { ConvMethod } from './convolution.js';
import { type Held, partOf } from './held.js';
import { channelsLast } from './layout.js';
import { poolFrom } from './pooling.js';
import { holdsWindows, isSmallPool } from './winograd.js';

/** Whether the kernels of that method take the largest of each window themselves: it lies in one tile, or in one unit. */
export function poolsItself(node: ConvNode, { kernel, winograd }: ConvMethod): boolean {
  if (kernel !== 'f32_conv_gemm' || !isSmallPool(node.pool)) return false;
  return !winograd || holdsWindows(node, winograd);
}

/** `convolve` lowers what it is given without the pool, into a tensor of its own; the pool reads that. */
export function lowerApart(
  context: Context,
  node: ConvNode,
  convolve: (context: Context, node: ConvNode) => void,
): void {
  const [yName, pool] = [node.outputs[0]!, node.pool!];
  const dims = beforePool(node, context.dims(yName));
  const fullNode: ConvNode = { ...(context.fullNode as ConvNode), pool: null };
  const fullDims = beforePool(node, context.fullDims(yName));
  let convolved: Held | null = null;
  const inner: Context = {
    ...context,
    fullNode,
    dims: name => (name === yName ? dims : context.dims(name)),
    fullDims: name => (name === yName ? fullDims : context.fullDims(name)),
    readers: name => (name === yName ? [] : context.readers(name)),
    output: (_, layout) => context.allocate(dims, layout),
    define: (_, held) => {
      convolved = held;
    },
  };
  convolve(inner, { ...node, pool: null });
  const { layout, address } = convolved! as Held;
  const part = partOf(wholeBox(dims), layout, address);
  const x = layout.kind === 'planar' ? intoLayout(context.emitter, node.name, part, channelsLast) : part;
  poolFrom(context, poolNode(node, pool), x);
}

/** The pool as a node of its own. */
function poolNode({ name, outputs }: ConvNode, pool: readonly number[]): PoolNode {
  const [ones, zeros] = [pool.map(() => 1), pool.map(() => 0)];
  const pads = { padsBegin: zeros, padsEnd: zeros, autoPad: 'explicit' } as const;
  const window = { kernel: pool, strides: pool, dilations: ones, ...pads };
  return { op: 'MaxPool', name, inputs: [''], outputs, window, ceilMode: false, countIncludePad: false };
}
