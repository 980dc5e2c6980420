import type { GlobalPoolNode, PoolNode } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { poolAverage, poolMax, poolRowBlock } from '../kernels/pool.js';
import { reduceMax, reduceMean } from '../kernels/reduce.js';
import { type Context, whereOf } from './context.js';
import type { Held } from './held.js';
import { channelsLast } from './layout.js';
import { lift, ndhwcFields, windowFields } from './spatial.js';

export function lowerPool(context: Context, node: PoolNode): void {
  poolFrom(context, node, context.inLayout(node.inputs[0]!, channelsLast));
}

/** The node's output from its input, which is channels last. */
export function poolFrom(context: Context, node: PoolNode, x: Held): void {
  const yName = node.outputs[0]!;
  const y = context.output(yName, channelsLast);
  const [padEndD, padEndH, padEndW] = lift(node.window.padsEnd, 0);
  const shape = { ...ndhwcFields(x.dims, y.dims), ...windowFields(node.window) };
  context.emitter.step(whereOf(node), node.op === 'MaxPool' ? poolMax : poolAverage, {
    ...shape,
    xPtr: x.address,
    yPtr: y.address,
    padEndD,
    padEndH,
    padEndW,
    countIncludePad: node.countIncludePad ? 1 : 0,
    mBlock: poolRowBlock(shape),
  });
  context.define(yName, y);
}

export function lowerGlobalPool(context: Context, node: GlobalPoolNode): void {
  const x = context.inLayout(node.inputs[0]!, channelsLast);
  const yName = node.outputs[0]!;
  const y = context.output(yName, channelsLast);
  const [outer, inner, ...spatial] = x.dims as [number, number, ...number[]];
  context.emitter.step(whereOf(node), node.op === 'GlobalMaxPool' ? reduceMax : reduceMean, {
    xPtr: x.address,
    yPtr: y.address,
    outer,
    count: sizeOf(spatial),
    inner,
  });
  context.define(yName, y);
}
