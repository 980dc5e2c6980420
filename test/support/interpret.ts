/**
 * Runs a typed graph in float64, op by op as ONNX defines them: what passes are compared with. Slow; small graphs only.
 */
import { readNumbers } from '../../src/graph/constant.js';
import { activate, evaluate } from '../../src/graph/evaluate.js';
import { operandOf } from '../../src/graph/infer.js';
import type { Activation, BatchNormNode, ConvNode, GemmNode, Node, TypedGraph } from '../../src/graph/ir.js';
import { padAmounts } from '../../src/graph/rules/extent.js';
import type { Operands } from '../../src/graph/rules/rule.js';
import { broadcastStrides, sizeOf, stridedOffsets, stridesOf } from '../../src/graph/shape.js';

interface Tensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

type Read = (index: number) => Tensor;

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
    const data = compute(graph, node, values, index => values.get(node.inputs[index]!)!);
    if (data.length !== sizeOf(graph.types.get(output)!.dims))
      throw new Error(`${node.name}: wrong number of elements`);
    set(output, data);
  }
  return new Map(graph.outputs.map(name => [name, values.get(name)!.data]));
}

function compute(graph: TypedGraph, node: Node, values: ReadonlyMap<string, Tensor>, read: Read): ArrayLike<number> {
  const type = graph.types.get(node.outputs[0]!)!;
  switch (node.op) {
    case 'Conv':
      return conv(node, type.dims, read);
    case 'Gemm':
      return gemm(node, type.dims, read);
    case 'MatMul':
      return matMul(type.dims, read);
    case 'BatchNormalization':
      return batchNorm(node, read);
    case 'Pad':
      return pad(type.dims, read(0), padAmounts(node, operandsOf(graph, node, values)).begin);
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

const finish = (activation: Activation | null, value: number) => (activation ? activate(activation, value) : value);

function conv(node: ConvNode, dims: readonly number[], read: Read): number[] {
  const [x, w] = [read(0), read(1)];
  const bias = node.inputs[2] ? read(2).data : null;
  const residual = node.inputs[3] ? read(3).data : null;
  const { strides, dilations, padsBegin } = node.window;
  const [outC, groupC, ...kernel] = w.dims as [number, number, ...number[]];
  const xStrides = stridesOf(x.dims);
  const taps = indices(kernel);
  return indices(dims).map(([n, channel, ...position], at) => {
    const group = Math.floor((channel! * node.groups) / outC);
    let sum = (bias?.[channel!] ?? 0) + (residual?.[at] ?? 0);
    for (const [t, tap] of taps.entries()) {
      const from = position.map((p, i) => p * strides[i]! - padsBegin[i]! + tap[i]! * dilations[i]!);
      if (from.some((p, i) => p < 0 || p >= x.dims[i + 2]!)) continue;
      for (let c = 0; c < groupC; c++) {
        const index = [n!, group * groupC + c, ...from].reduce((total, p, i) => total + p * xStrides[i]!, 0);
        sum += x.data[index]! * w.data[(channel! * groupC + c) * taps.length + t]!;
      }
    }
    return finish(node.activation, sum);
  });
}

function gemm(node: GemmNode, dims: readonly number[], read: Read): number[] {
  const [a, b] = [read(0), read(1)];
  const c = node.inputs[2] ? read(2) : null;
  const addend = c ? stridedOffsets(dims, broadcastStrides(c.dims, dims), 0) : null;
  const depth = a.dims[node.transA ? 0 : 1]!;
  const at = (m: Tensor, row: number, column: number, transposed: boolean) =>
    m.data[transposed ? column * m.dims[1]! + row : row * m.dims[1]! + column]!;
  return indices(dims).map(([row, column], i) => {
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += at(a, row!, k, node.transA) * at(b, k, column!, node.transB);
    return finish(node.activation, node.alpha * sum + (c ? node.beta * c.data[addend![i]!]! : 0));
  });
}

function matMul(dims: readonly number[], read: Read): number[] {
  const [a, b] = [read(0), read(1)];
  if (a.dims.length !== 2 || b.dims.length !== 2) throw new Error('MatMul is interpreted on matrices only');
  const [, depth] = a.dims as [number, number];
  const columns = dims[1]!;
  return indices(dims).map(([row, column]) => {
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += a.data[row! * depth + k]! * b.data[k * columns + column!]!;
    return sum;
  });
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

/** With zeros; negative pads cut off. */
function pad(dims: readonly number[], x: Tensor, begin: readonly number[]): number[] {
  const strides = stridesOf(x.dims);
  return indices(dims).map(index => {
    const from = index.map((p, i) => p - begin[i]!);
    if (from.some((p, i) => p < 0 || p >= x.dims[i]!)) return 0;
    return x.data[from.reduce((total, p, i) => total + p * strides[i]!, 0)]!;
  });
}

/** Every index of a tensor of this shape, in row-major order. */
function indices(dims: readonly number[]): number[][] {
  return dims.reduce<number[][]>(
    (lists, size) => lists.flatMap(list => Array.from({ length: size }, (_, i) => [...list, i])),
    [[]],
  );
}
