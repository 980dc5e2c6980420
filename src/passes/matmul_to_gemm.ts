/**
 * MatMul of a matrix with a constant matrix as Gemm, which takes a bias and an activation; and the transposition of a constant
 * right-hand side as a flag, whatever its size.
 */
import type { GemmNode, MatMulNode, Node } from '../graph/ir.js';
import type { Attempt, FusionRule, View } from './fusion.js';

export const gemmRule: FusionRule = { pass: 'matMulToGemm', attempt };

function attempt(node: Node, view: View): Attempt {
  if (node.op === 'MatMul') {
    const product = asGemm(node, view);
    if ('refused' in product) return product;
    const untransposed = withoutTranspose(product, view);
    return {
      absorbed: null,
      node: untransposed ?? product,
      constants: [],
      reason: 'its right-hand side is a constant matrix',
    };
  }
  const untransposed = node.op === 'Gemm' ? withoutTranspose(node, view) : null;
  return (
    untransposed && {
      absorbed: null,
      node: untransposed,
      constants: [],
      reason: 'its right-hand side is a transposed constant',
    }
  );
}

function asGemm(node: MatMulNode, view: View): GemmNode | { readonly refused: string } {
  const [a, b] = node.inputs as [string, string];
  const rank = (name: string) => view.graph.types.get(name)!.dims.length;
  if (rank(a) !== 2 || rank(b) !== 2) return { refused: `'${a}' and '${b}' are not both matrices` };
  if (!view.constant(b) && !transposedConstant(b, view)) return { refused: `'${b}' is not constant` };
  const { name, outputs } = node;
  return {
    op: 'Gemm',
    name,
    inputs: [a, b, ''],
    outputs,
    alpha: 1,
    beta: 1,
    transA: false,
    transB: false,
    activation: null,
  };
}

/** The Gemm on the constant itself where its b is the transpose of one; otherwise null. */
function withoutTranspose(node: GemmNode, view: View): GemmNode | null {
  const [a, b, ...rest] = node.inputs as [string, string, ...string[]];
  const source = transposedConstant(b, view);
  return source ? { ...node, inputs: [a, source, ...rest], transB: !node.transB } : null;
}

/** The name of the constant that `value` is the transposed matrix of. */
function transposedConstant(value: string, view: View): string | null {
  const producer = view.producer(value)?.node;
  if (producer?.op !== 'Transpose' || producer.perm.join() !== '1,0') return null;
  return view.constant(producer.inputs[0]!) ? producer.inputs[0]! : null;
}
