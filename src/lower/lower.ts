import type { Node, TypedGraph } from '../graph/ir.js';
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
}

/**
 * Turns an optimised graph into a Program: chooses kernels and layouts from shapes alone, packs weights, plans the arena.
 *
 * @throws NumavoxError `unsupported` for a node that no kernel can do, `resource` for a program over 4 GiB.
 */
export function lower(graph: TypedGraph, plan: Plan, options: LowerOptions = {}): Program {
  const emitter = createEmitter({ plan, reference: options.reference ?? false });
  const context = createContext(graph, emitter);

  const inputs = graph.inputs.map(({ name }) => {
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

function lowerNode(context: Context, node: Node): void {
  const type = context.graph.types.get(node.outputs[0]!);
  if (type && type.dtype !== 'float32') {
    throw unsupported(node, `computes ${type.dtype} from data; computation is in float32`);
  }
  switch (node.op) {
    case 'Conv':
      return lowerConv(context, node);
    case 'Gemm':
      return lowerGemm(context, node);
    case 'MatMul':
      return lowerMatMul(context, node);
    case 'MaxPool':
    case 'AveragePool':
      return lowerPool(context, node);
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
      return lowerGlobalPool(context, node);
    case 'BatchNormalization':
      return lowerBatchNorm(context, node);
    case 'Activation':
      return lowerActivation(context, node);
    case 'PRelu':
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return lowerBinary(context, node);
    case 'Softmax':
    case 'LogSoftmax':
      return lowerSoftmax(context, node);
    case 'ReduceMean':
      return lowerReduceMean(context, node);
    case 'Flatten':
    case 'Reshape':
    case 'Squeeze':
    case 'Unsqueeze':
    case 'Identity':
      return lowerReshape(context, node);
    case 'Transpose':
      return lowerTranspose(context, node);
    case 'Concat':
      return lowerConcat(context, node);
    case 'Slice':
      return lowerSlice(context, node);
    case 'Pad':
      return lowerPad(context, node);
    case 'Resize':
      return lowerResize(context, node);
    case 'Gather':
      return lowerGather(context, node);
    case 'Cast':
    case 'Shape':
      throw unsupported(node, 'could not be computed before the run');
  }
}

