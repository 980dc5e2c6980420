/** An activation into the Conv, Gemm or elementwise node before it. */
import type { Node } from '../graph/ir.js';
import { type Attempt, type FusionRule, isFloat32, notAlone, type View } from './fusion.js';

export const activationRule: FusionRule = { pass: 'fuseActivation', attempt };

function attempt(node: Node, view: View): Attempt {
  if (node.op !== 'Activation') return null;
  const value = node.inputs[0]!;
  const target = view.producer(value)?.node;
  if (!target || !takesActivation(target))
    return { refused: `'${value}' is not computed by a Conv, Gemm or elementwise node` };
  const label = `${target.op} '${target.name}'`;
  const shared = notAlone(view, value);
  if (shared) return { refused: shared };
  if (!isFloat32(view, value)) return { refused: `${label} is not in float32` };
  if (target.activation) return { refused: `${label} has an activation already` };
  const { activation, outputs } = node;
  if (target.op === 'Conv' && target.pool && activation.kind !== 'relu')
    return { refused: `${label} has its pool before it` };
  return { absorbed: target, node: { ...target, outputs, activation }, constants: [], reason: `into ${label}` };
}

type Target = Extract<Node, { activation: unknown; op: 'Conv' | 'Gemm' | 'Add' | 'Sub' | 'Mul' | 'Div' }>;

const targets: ReadonlySet<Node['op']> = new Set(['Conv', 'Gemm', 'Add', 'Sub', 'Mul', 'Div'] as const);

const takesActivation = (node: Node): node is Target => targets.has(node.op);
