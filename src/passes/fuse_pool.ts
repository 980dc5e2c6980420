/** A MaxPool whose windows do not overlap into the Conv before it, so that what is convolved need not be stored. */
import type { Node, PoolNode } from '../graph/ir.js';
import { type Attempt, type FusionRule, isFloat32, notAlone, type View } from './fusion.js';

export const poolRule: FusionRule = { pass: 'fusePool', attempt };

function attempt(node: Node, view: View): Attempt {
  if (node.op !== 'MaxPool') return null;
  const value = node.inputs[0]!;
  const conv = view.producer(value)?.node;
  if (conv?.op !== 'Conv') return { refused: `'${value}' is not computed by a Conv` };
  const shared = notAlone(view, value);
  if (shared) return { refused: shared };
  const label = `Conv '${conv.name}'`;
  if (!isFloat32(view, value)) return { refused: `${label} is not in float32` };
  if (conv.pool) return { refused: `${label} has a pool already` };
  if (conv.groups > 1) return { refused: `${label} has groups` };
  if (conv.inputs[3]) return { refused: `${label} has a residual` };
  if (conv.activation && conv.activation.kind !== 'relu')
    return { refused: `${label} has the activation ${conv.activation.kind}` };
  const unfit = misfit(node, view.graph.types.get(value)!.dims.slice(2));
  if (unfit) return { refused: unfit };
  const { outputs, window } = node;
  return { absorbed: conv, node: { ...conv, outputs, pool: window.kernel }, constants: [], reason: `into ${label}` };
}

/** Why the windows are not those of a Conv's pool over these sizes; null where they are. */
function misfit({ window, ceilMode }: PoolNode, sizes: readonly number[]): string | null {
  const { kernel, strides, dilations, padsBegin, padsEnd } = window;
  if (kernel.every(size => size === 1)) return 'its windows are single positions';
  if (kernel.some((size, i) => size !== strides[i])) return 'its windows overlap or leave gaps';
  if (dilations.some((dilation, i) => dilation !== 1 && kernel[i] !== 1)) return 'its windows are dilated';
  if ([...padsBegin, ...padsEnd].some(pad => pad !== 0)) return 'its windows reach into padding';
  if (ceilMode && sizes.some((size, i) => size % kernel[i]! !== 0)) return 'its last windows are partial';
  return null;
}
