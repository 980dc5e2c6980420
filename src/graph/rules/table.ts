/** The inference rule of each op. */
import type { Node, Op } from '../ir.js';
import {
  inferConcat,
  inferFlatten,
  inferGather,
  inferReshape,
  inferShape,
  inferSqueeze,
  inferTranspose,
} from './arrange.js';
import {
  inferActivation,
  inferBatchNorm,
  inferBinary,
  inferCast,
  inferIdentity,
  inferPRelu,
  inferReduceMean,
  inferSoftmax,
} from './elementwise.js';
import { inferPad, inferResize, inferSlice } from './extent.js';
import { inferGemm, inferMatMul } from './matrix.js';
import type { Inferred, Operands, Rule } from './rule.js';
import { inferConv, inferGlobalPool, inferPool } from './window.js';

/** The member of the union that has the op. */
type NodeOf<K extends Op, N = Node> = N extends Node ? (K extends N['op'] ? N : never) : never;

const rules: { readonly [K in Op]: Rule<NodeOf<K>> } = {
  Conv: inferConv,
  MaxPool: inferPool,
  AveragePool: inferPool,
  GlobalAveragePool: inferGlobalPool,
  GlobalMaxPool: inferGlobalPool,
  Gemm: inferGemm,
  MatMul: inferMatMul,
  BatchNormalization: inferBatchNorm,
  Activation: inferActivation,
  PRelu: inferPRelu,
  Add: inferBinary,
  Sub: inferBinary,
  Mul: inferBinary,
  Div: inferBinary,
  Softmax: inferSoftmax,
  LogSoftmax: inferSoftmax,
  ReduceMean: inferReduceMean,
  Identity: inferIdentity,
  Cast: inferCast,
  Flatten: inferFlatten,
  Reshape: inferReshape,
  Transpose: inferTranspose,
  Squeeze: inferSqueeze,
  Unsqueeze: inferSqueeze,
  Concat: inferConcat,
  Shape: inferShape,
  Gather: inferGather,
  Slice: inferSlice,
  Pad: inferPad,
  Resize: inferResize,
};

/**
 * Checks a node against its operands and resolves it.
 * @throws NumavoxError `model` (shapes or types that do not fit) or `unsupported`, naming the node and both shapes
 */
export function inferNode(node: Node, operands: Operands): Inferred {
  const rule = rules[node.op] as Rule<Node>;
  return rule(node, operands);
}
