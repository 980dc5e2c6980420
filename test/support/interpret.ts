/**
 * Runs a typed graph in float64, op by op as ONNX defines them: what passes and lowering are compared with. Slow; small
 * graphs only.
 */
import { readNumbers } from '../../src/graph/constant.js';
import { activate, evaluate } from '../../src/graph/evaluate.js';
import { operandOf } from '../../src/graph/infer.js';
import type { BatchNormNode, ConvNode, Node, PoolNode, TypedGraph } from '../../src/graph/ir.js';
import { beforePool } from '../../src/graph/pooled.js';
import { padAmounts, resizeScales } from '../../src/graph/rules/extent.js';
import type { Operands } from '../../src/graph/rules/rule.js';
import { broadcastStrides, sizeOf, stridedOffsets } from '../../src/graph/shape.js';
import { pad, resize } from './interpret_extents.js';
import { gemm, matMul, reduceMean, softmax } from './interpret_matrices.js';
import { conv, globalPool, pool } from './interpret_windows.js';
import type { Read, Tensor } from './tensor.js';

/** Output values by name, given the inputs' values by name. */
export function interpret(
  graph: TypedGraph,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Map<string, ArrayLike<number>> {
  const values = new Map<string, Tensor>();
  const set = (name: string, data: ArrayLike<number>) => values.set(name, { dims: graph.types.get(name)!.dims, data });
  for (const { name } of graph.inputs) set(name, feeds[name]!);
  for (const [name, constant] of graph.constants) set(name, readNumbers(constant));
  for (const node of graph.nodes) {
    const output = node.outputs[0]!;
    const computed = compute(graph, node, values, index => values.get(node.inputs[index]!)!);
    const { dims } = graph.types.get(output)!;
    if (computed.length !== sizeOf(dims)) throw new Error(`${node.name}: wrong number of elements`);
    set(output, computed);
  }
  return new Map(graph.outputs.map(name => [name, values.get(name)!.data]));
}

function compute(graph: TypedGraph, node: Node, values: ReadonlyMap<string, Tensor>, read: Read): ArrayLike<number> {
  const type = graph.types.get(node.outputs[0]!)!;
  switch (node.op) {
    case 'Conv':
      return maxPooled(node, type.dims, activated(node, conv(node, beforePool(node, type.dims), read)));
    case 'Gemm':
      return activated(node, gemm(node, type.dims, read));
    case 'MatMul':
      return matMul(type.dims, read);
    case 'BatchNormalization':
      return batchNorm(node, read);
    case 'MaxPool':
    case 'AveragePool':
      return pool(node, type.dims, read(0));
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
      return globalPool(node, read(0));
    case 'PRelu':
      return prelu(read(0), read(1));
    case 'Softmax':
    case 'LogSoftmax':
      return softmax(node, read(0));
    case 'ReduceMean':
      return reduceMean(node, read(0));
    case 'Pad': {
      const { begin } = padAmounts(node, operandsOf(graph, node, values));
      return pad(node, type.dims, read(0), { begin, value: node.inputs[2] ? read(2).data[0]! : 0 });
    }
    case 'Resize':
      return resize(node, type.dims, read(0), resizeScales(node, operandsOf(graph, node, values)).scales);
    default: {
      const operands = operandsOf(graph, node, values);
      const data = evaluate(node, operands, { ...type, dtype: type.dtype === 'float32' ? 'float64' : type.dtype });
      if (!data) throw new Error(`${node.op} is not interpreted`);
      return data;
    }
  }
}

function operandsOf(graph: TypedGraph, node: Node, values: ReadonlyMap<string, Tensor>): Operands {
  return node.inputs.map(name => {
    if (name === '') return null;
    return { ...operandOf(node, name, graph.types, graph.constants), numbers: () => values.get(name)!.data };
  });
}

const activated = ({ activation }: Extract<Node, { op: 'Conv' | 'Gemm' }>, values: number[]): number[] =>
  activation ? values.map(value => activate(activation, value)) : values;

/** Behind the pool of a Conv with these sizes of y. */
function maxPooled(node: ConvNode, dims: readonly number[], values: number[]): number[] {
  if (!node.pool) return values;
  const zeros = node.pool.map(() => 0);
  const pads = { padsBegin: zeros, padsEnd: zeros, autoPad: 'explicit' } as const;
  const window = { kernel: node.pool, strides: node.pool, dilations: node.pool.map(() => 1), ...pads };
  const plain: PoolNode = { ...node, op: 'MaxPool', window, ceilMode: false, countIncludePad: false };
  return pool(plain, dims, { dims: beforePool(node, dims), data: values });
}

function batchNorm(node: BatchNormNode, read: Read): number[] {
  const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map(read) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const inner = sizeOf(x.dims.slice(2));
  return Array.from(x.data, (value, i) => {
    const c = Math.floor(i / inner) % x.dims[1]!;
    const centred = (value - mean.data[c]!) / Math.sqrt(variance.data[c]! + node.epsilon);
    return centred * scale.data[c]! + bias.data[c]!;
  });
}

function prelu(x: Tensor, slope: Tensor): number[] {
  const slopeOf = stridedOffsets(x.dims, broadcastStrides(slope.dims, x.dims), 0);
  return Array.from(x.data, (value, i) => (value < 0 ? value * slope.data[slopeOf[i]!]! : value));
}
