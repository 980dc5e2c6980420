import { NumavoxError } from '../errors.js';
import type { Node, Op, TypedGraph } from '../graph/ir.js';
import type { Plan } from '../plan/plan.js';
import { type Context, createContext, unsupported } from './context.js';
import { lowerConv } from './convolution.js';
import { lowerActivation, lowerBatchNorm, lowerBinary } from './elementwise.js';
import { createEmitter } from './emitter.js';
import { rowMajor } from './layout.js';
import { lowerGemm, lowerMatMul } from './matrix.js';
import { lowerGlobalPool, lowerPool } from './pooling.js';
import type { Program } from './program.js';
import { lowerReduceMean, lowerSoftmax } from './reducing.js';
import { lowerResize } from './resizing.js';
import { lowerConcat, lowerGather, lowerPad, lowerReshape, lowerSlice, lowerTranspose } from './shaping.js';

export interface LowerOptions {
  /** Run every step on its kernel's plain-TypeScript twin. */
  readonly reference?: boolean;
  /** Compute every convolution directly: one accumulator chain per output. */
  readonly exact?: boolean;
}

/**
 * Turns an optimised graph into a Program: chooses kernels and layouts from shapes alone, packs weights, plans the arena.
 *
 * @throws NumavoxError `unsupported` for another type than float32 and for a node that no kernel can do, `resource` for a
 * program over 4 GiB.
 */
export function lower(graph: TypedGraph, plan: Plan, options: LowerOptions = {}): Program {
  const emitter = createEmitter({ plan, reference: options.reference ?? false });
  const context = createContext(graph, emitter, options.exact ?? false);

  const inputs = graph.inputs.map(({ name, type }) => {
    if (type.dtype !== 'float32') {
      throw new NumavoxError('unsupported', `input '${name}' has type ${type.dtype}; computation is in float32`);
    }
    const dims = context.dims(name);
    const held = context.allocate(dims, rowMajor);
    context.define(name, held);
    return { name, dims, address: held.address };
  });
  for (const node of graph.nodes) lowerNode(context, node);
  const outputs = graph.outputs.map(name => {
    const { dims, address } = context.inLayout(name, rowMajor);
    return { name, dims, address };
  });
  return emitter.finish(inputs, outputs);
}

/** One lowering per op of the graph. */
const lowerings: { readonly [K in Op]: (context: Context, node: Extract<Node, { op: K }>) => void } = {
  Conv: lowerConv,
  Gemm: lowerGemm,
  MatMul: lowerMatMul,
  MaxPool: lowerPool,
  AveragePool: lowerPool,
  GlobalAveragePool: lowerGlobalPool,
  GlobalMaxPool: lowerGlobalPool,
  BatchNormalization: lowerBatchNorm,
  Activation: lowerActivation,
  PRelu: lowerBinary,
  Add: lowerBinary,
  Sub: lowerBinary,
  Mul: lowerBinary,
  Div: lowerBinary,
  Softmax: lowerSoftmax,
  LogSoftmax: lowerSoftmax,
  ReduceMean: lowerReduceMean,
  Flatten: lowerReshape,
  Reshape: lowerReshape,
  Squeeze: lowerReshape,
  Unsqueeze: lowerReshape,
  Identity: lowerReshape,
  Transpose: lowerTranspose,
  Concat: lowerConcat,
  Slice: lowerSlice,
  Pad: lowerPad,
  Resize: lowerResize,
  Gather: lowerGather,
  Cast: refuse,
  Shape: refuse,
};

function refuse(_context: Context, node: Node): void {
  throw unsupported(node, 'could not be computed before the run');
}

function lowerNode(context: Context, node: Node): void {
  const type = context.graph.types.get(node.outputs[0]!);
  if (type && type.dtype !== 'float32') {
    throw unsupported(node, `computes ${type.dtype} from data; computation is in float32`);
  }
  const lowering = lowerings[node.op] as (context: Context, node: Node) => void;
  lowering(context, node);
}
