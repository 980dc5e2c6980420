/**
 * Add of two computed values of one shape into the Conv that computes one of them: of two such Convs the later one, so that the
 * other has been computed.
 */
import type { ConvNode, Node } from '../graph/ir.js';
import { sameDims } from '../graph/shape.js';
import { type Attempt, type FusionRule, isFloat32, notAlone, type View } from './fusion.js';

export const residualRule: FusionRule = { pass: 'fuseResidual', attempt };

interface Choice {
  readonly conv: ConvNode;
  readonly place: number;
  readonly other: string;
}

function attempt(node: Node, view: View): Attempt {
  if (node.op !== 'Add' || node.inputs.some(name => view.constant(name))) return null;
  const [a, b] = node.inputs as [string, string];
  const dims = (name: string) => view.graph.types.get(name)!.dims;
  if (!sameDims(dims(a), dims(b))) return { refused: `'${a}' and '${b}' differ in shape` };
  if (!isFloat32(view, a)) return { refused: 'it is not in float32' };
  const candidates = [choose(view, a, b), choose(view, b, a)];
  const choices = candidates.filter(candidate => typeof candidate !== 'string');
  const [choice] = choices.sort((left, right) => right.place - left.place);
  if (!choice) return { refused: candidates.join('; ') };
  const { conv, other } = choice;
  const inputs = [conv.inputs[0]!, conv.inputs[1]!, conv.inputs[2] ?? '', other];
  return {
    absorbed: conv,
    node: { ...conv, inputs, outputs: node.outputs, activation: node.activation },
    constants: [],
    reason: `'${other}' into Conv '${conv.name}'`,
  };
}

/** The Conv that computes `value` and can add `other`, or why there is none. */
function choose(view: View, value: string, other: string): Choice | string {
  const producer = view.producer(value);
  if (producer?.node.op !== 'Conv') return `'${value}' is not computed by a Conv`;
  const shared = notAlone(view, value);
  if (shared) return shared;
  const { node: conv, place } = producer;
  if (conv.activation) return `Conv '${conv.name}' has its activation before it`;
  if (conv.pool) return `Conv '${conv.name}' has its pool before it`;
  if (conv.inputs[3]) return `Conv '${conv.name}' has a residual already`;
  return { conv, place, other };
}
