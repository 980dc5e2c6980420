/** Inference for matrix products (ONNX Gemm, MatMul). */
import type { GemmNode, MatMulNode } from '../ir.js';
import { broadcastDims, broadcastsTo, showDims } from '../shape.js';
import { floatType, type Inferred, modelError, type Operands, optional, required, show } from './rule.js';

export function inferGemm(node: GemmNode, operands: Operands): Inferred {
  const a = required(node, operands, 0, 'a');
  const b = required(node, operands, 1, 'b');
  const c = optional(operands, 2);
  const dtype = floatType(node, operands);
  if (a.dims.length !== 2 || b.dims.length !== 2) {
    throw modelError(node, `${show(a)} and ${show(b)} must be matrices`);
  }
  const [m, k] = node.transA ? [a.dims[1]!, a.dims[0]!] : [a.dims[0]!, a.dims[1]!];
  const [rows, n] = node.transB ? [b.dims[1]!, b.dims[0]!] : [b.dims[0]!, b.dims[1]!];
  if (k !== rows) {
    const transposed = (flag: boolean) => (flag ? ' transposed' : '');
    throw modelError(
      node,
      `${show(a)}${transposed(node.transA)} and ${show(b)}${transposed(node.transB)} do not multiply: ${k} is not ${rows}`,
    );
  }
  if (c && !broadcastsTo(c.dims, [m, n])) {
    throw modelError(node, `${show(c)} does not broadcast to the product ${showDims([m, n])}`);
  }
  return { node, dtype, dims: [m, n] };
}

/** A vector on either side is a matrix of one row or column, and that dimension does not stay (numpy.matmul). */
export function inferMatMul(node: MatMulNode, operands: Operands): Inferred {
  const a = required(node, operands, 0, 'left');
  const b = required(node, operands, 1, 'right');
  const dtype = floatType(node, [a, b]);
  if (a.dims.length === 0 || b.dims.length === 0) throw modelError(node, `${show(a)} and ${show(b)}: one is a scalar`);
  const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const batch = broadcastDims(left.slice(0, -2), right.slice(0, -2));
  if (left.at(-1) !== right.at(-2) || !batch) throw modelError(node, `${show(a)} and ${show(b)} do not multiply`);
  const dims = [...batch];
  if (a.dims.length > 1) dims.push(left.at(-2)!);
  if (b.dims.length > 1) dims.push(right.at(-1)!);
  return { node, dtype, dims };
}
