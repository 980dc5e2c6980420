/**
 * Inference for ops that keep the shape of their input or broadcast two (ONNX Add, PRelu, BatchNormalization, Softmax, ...).
 */
import type {
  ActivationNode,
  BatchNormNode,
  BinaryNode,
  CastNode,
  IdentityNode,
  PReluNode,
  ReduceMeanNode,
  SoftmaxNode,
} from '../ir.js';
import { broadcastDims, broadcastsTo, sameDims } from '../shape.js';
import {
  axesOf,
  axisOf,
  floatType,
  type Inferred,
  modelError,
  type Operands,
  required,
  sameType,
  show,
} from './rule.js';

export function inferBinary(node: BinaryNode, operands: Operands): Inferred {
  const a = required(node, operands, 0, 'left');
  const b = required(node, operands, 1, 'right');
  const dtype = sameType(node, [a, b]);
  if (dtype === 'bool') throw modelError(node, `wrong type: ${show(a)} is bool`);
  const dims = broadcastDims(a.dims, b.dims);
  if (!dims) throw modelError(node, `${show(a)} and ${show(b)} do not broadcast to one shape`);
  return { node, dtype, dims };
}

export function inferActivation(node: ActivationNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  return { node, dtype: x.dtype, dims: x.dims };
}

export function inferPRelu(node: PReluNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const slope = required(node, operands, 1, 'slope');
  const dtype = floatType(node, [x, slope]);
  if (!broadcastsTo(slope.dims, x.dims)) {
    throw modelError(node, `slope ${show(slope)} does not broadcast to the input ${show(x)}`);
  }
  return { node, dtype, dims: x.dims };
}

export function inferBatchNorm(node: BatchNormNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const dtype = floatType(node, [x]);
  if (x.dims.length < 2) throw modelError(node, `input ${show(x)} must have batch and channels`);
  for (const [index, what] of ['scale', 'bias', 'mean', 'variance'].entries()) {
    const operand = required(node, operands, index + 1, what);
    floatType(node, [operand]);
    if (!sameDims(operand.dims, [x.dims[1]!])) {
      throw modelError(node, `${what} ${show(operand)} does not fit the ${x.dims[1]} channels of the input ${show(x)}`);
    }
  }
  return { node, dtype, dims: x.dims };
}

export function inferSoftmax(node: SoftmaxNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  return { node: { ...node, axis: axisOf(node, node.axis, x) }, dtype: floatType(node, [x]), dims: x.dims };
}

export function inferReduceMean(node: ReduceMeanNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const dtype = floatType(node, [x]);
  const axes = node.axes.length > 0 ? axesOf(node, node.axes, x) : x.dims.map((_, i) => i);
  const dims = node.keepDims
    ? x.dims.map((size, i) => (axes.includes(i) ? 1 : size))
    : x.dims.filter((_, i) => !axes.includes(i));
  return { node: { ...node, axes: axes.sort((a, b) => a - b) }, dtype, dims };
}

export function inferIdentity(node: IdentityNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  return { node, dtype: x.dtype, dims: x.dims };
}

export function inferCast(node: CastNode, operands: Operands): Inferred {
  return { node, dtype: node.to, dims: required(node, operands, 0, 'data').dims };
}
