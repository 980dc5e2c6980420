/** Mul or Div by a constant per channel into the Conv or Gemm before it. */
import type { Node } from '../graph/ir.js';
import { foldAffine } from './affine.js';
import { channelOperand } from './fuse_bias.js';
import type { Attempt, FusionRule, View } from './fusion.js';

export const scaleRule: FusionRule = { pass: 'fuseScale', attempt };

function attempt(node: Node, view: View): Attempt {
  if (node.op !== 'Mul' && node.op !== 'Div') return null;
  const operand = channelOperand(node, view);
  if (!operand) return null;
  if ('refused' in operand) return operand;
  if (node.op === 'Div' && operand.constantFirst) return { refused: 'it divides a constant by the value' };
  const factors = node.op === 'Div' ? operand.values.map(value => 1 / value) : operand.values;
  return foldAffine(view, node, operand.value, { factors, terms: null });
}
