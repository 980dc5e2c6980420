/** Add or Sub of a constant per channel into the Conv or Gemm before it. */
import type { BinaryNode, Node } from '../graph/ir.js';
import { foldAffine, perChannel } from './affine.js';
import type { Attempt, FusionRule, View } from './fusion.js';

export const biasRule: FusionRule = { pass: 'fuseBias', attempt };

function attempt(node: Node, view: View): Attempt {
  if (node.op !== 'Add' && node.op !== 'Sub') return null;
  const operand = channelOperand(node, view);
  if (!operand) return null;
  if ('refused' in operand) return operand;
  if (node.op === 'Sub' && operand.constantFirst) return { refused: 'it takes the value from a constant' };
  const terms = node.op === 'Sub' ? operand.values.map(value => -value) : operand.values;
  return foldAffine(view, node, operand.value, { factors: null, terms });
}

/** The operands of an elementwise node that has a constant per channel and keeps the other one's shape. */
export interface ChannelOperand {
  /** The operand that is no constant. */
  readonly value: string;
  readonly values: Float64Array;
  readonly constantFirst: boolean;
}

/** null where no operand is a constant. */
export function channelOperand(node: BinaryNode, view: View): ChannelOperand | { readonly refused: string } | null {
  const [a, b] = node.inputs as [string, string];
  const constantFirst = view.constant(a) !== undefined;
  const [value, name] = constantFirst ? [b, a] : [a, b];
  const constant = view.constant(name);
  if (!constant) return null;
  if (node.activation) return { refused: `its own activation comes after it` };
  const dims = view.graph.types.get(value)!.dims;
  const values = dims.length >= 2 ? perChannel(constant, dims, 1) : null;
  if (!values) return { refused: `the constant '${name}' is not one value per channel of '${value}'` };
  return { value, values, constantFirst };
}
