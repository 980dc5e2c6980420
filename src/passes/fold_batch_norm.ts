/** BatchNormalization into the Conv or Gemm before it: w * s and (bias - mean) * s + beta, s = scale / sqrt(variance + epsilon). */
import { readNumbers } from '../graph/constant.js';
import type { Node } from '../graph/ir.js';
import { foldAffine } from './affine.js';
import type { Attempt, FusionRule, View } from './fusion.js';

export const batchNormRule: FusionRule = { pass: 'foldBatchNorm', attempt };

function attempt(node: Node, view: View): Attempt {
  if (node.op !== 'BatchNormalization') return null;
  const [x, ...names] = node.inputs as [string, string, string, string, string];
  const constants = names.map(name => view.constant(name));
  const missing = constants.indexOf(undefined);
  if (missing >= 0) return { refused: `'${names[missing]}' is not constant` };
  const [scale, beta, mean, variance] = constants.map(constant => readNumbers(constant!)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const wrong = variance.findIndex(value => !(value + node.epsilon > 0));
  if (wrong >= 0) return { refused: `variance + epsilon of channel ${wrong} is ${variance[wrong]! + node.epsilon}` };
  const factors = scale.map((value, i) => value / Math.sqrt(variance[i]! + node.epsilon));
  const terms = beta.map((value, i) => value - mean[i]! * factors[i]!);
  return foldAffine(view, node, x, { factors, terms });
}
