/** Broadcasting as it was before opset 7: the second operand lies along the first one's dimensions from `axis` on. */
import { makeConstant } from '../../graph/constant.js';
import type { Node } from '../../graph/ir.js';
import { type OpContext, opError } from './context.js';

export interface Aligned {
  /** The value that broadcasts by numpy's rule, which aligns last dimensions. */
  readonly value: string;
  /** What computes it, where `value` is a new one. */
  readonly nodes: readonly Node[];
}

/** `b` with unit dimensions appended so that its first dimension lies along dimension `axis` of `a`. */
export function alignToAxis(context: OpContext, b: string, a: string, axis: number): Aligned {
  const rankA = context.rank(a);
  const rankB = context.rank(b);
  if (rankA === null || rankB === null) {
    const unknown = rankA === null ? a : b;
    throw opError(
      'unsupported',
      context,
      `broadcasts along axis ${axis} (opset 6), and the rank of '${unknown}' is not known`,
    );
  }
  const begin = axis < 0 ? axis + rankA : axis;
  const missing = rankA - begin - rankB;
  if (begin < 0 || missing < 0) {
    throw opError(
      'model',
      context,
      `'${b}' of rank ${rankB} does not fit '${a}' of rank ${rankA} from axis ${axis} on`,
    );
  }
  if (missing === 0) return { value: b, nodes: [] };
  const added = Array.from({ length: missing }, (_, i) => rankB + i);
  const axes = context.addConstant('axes', makeConstant('int64', [missing], added));
  const name = context.freshName('aligned');
  return { value: name, nodes: [{ op: 'Unsqueeze', name, inputs: [b, axes], outputs: [name] }] };
}
