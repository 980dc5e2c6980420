/** What ONNX says of Gemm, MatMul and reductions along axes. */
import type { GemmNode, ReduceMeanNode, SoftmaxNode } from '../../src/graph/ir.js';
import { broadcastStrides, sizeOf, stridedOffsets } from '../../src/graph/shape.js';
import { indices, type Read, type Tensor } from './tensor.js';

/** Before the activation. */
export function gemm(node: GemmNode, dims: readonly number[], read: Read): number[] {
  const [a, b] = [read(0), read(1)];
  const c = node.inputs[2] ? read(2) : null;
  const addend = c ? stridedOffsets(dims, broadcastStrides(c.dims, dims), 0) : null;
  const depth = a.dims[node.transA ? 0 : 1]!;
  const at = (m: Tensor, row: number, column: number, transposed: boolean) =>
    m.data[transposed ? column * m.dims[1]! + row : row * m.dims[1]! + column]!;
  return indices(dims).map(([row, column], i) => {
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += at(a, row!, k, node.transA) * at(b, k, column!, node.transB);
    return node.alpha * sum + (c ? node.beta * c.data[addend![i]!]! : 0);
  });
}

/** numpy's: a vector is a matrix of one row on the left, of one column on the right; leading dimensions broadcast. */
export function matMul(dims: readonly number[], read: Read): number[] {
  const [a, b] = [read(0), read(1)];
  const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const batch = dims.slice(0, dims.length - (a.dims.length > 1 ? 1 : 0) - (b.dims.length > 1 ? 1 : 0));
  const [rows, depth] = left.slice(-2) as [number, number];
  const columns = right.at(-1)!;
  const firsts = (operand: readonly number[]) =>
    stridedOffsets(batch, broadcastStrides(operand.slice(0, -2), batch), 0);
  const [aFirsts, bFirsts] = [firsts(left), firsts(right)];
  return indices([sizeOf(batch), rows, columns]).map(([matrix, row, column]) => {
    let sum = 0;
    for (let k = 0; k < depth; k++) {
      const value = a.data[(aFirsts[matrix!]! * rows + row!) * depth + k]!;
      sum += value * b.data[(bFirsts[matrix!]! * depth + k) * columns + column!]!;
    }
    return sum;
  });
}

/** The elements of x in groups: those whose indices differ along `axes` only. */
function grouped(x: Tensor, axes: readonly number[]): number[][] {
  const kept = x.dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const groupOf = stridedOffsets(x.dims, broadcastStrides(kept, x.dims), 0);
  const groups: number[][] = Array.from({ length: sizeOf(kept) }, () => []);
  groupOf.forEach((group, i) => {
    groups[group]!.push(i);
  });
  return groups;
}

export function softmax(node: SoftmaxNode, x: Tensor): number[] {
  const axes = node.flattened ? [...x.dims.keys()].slice(node.axis) : [node.axis];
  const y = new Array<number>(x.data.length);
  for (const group of grouped(x, axes)) {
    const largest = Math.max(...group.map(i => x.data[i]!));
    const sum = group.reduce((total, i) => total + Math.exp(x.data[i]! - largest), 0);
    for (const i of group) {
      const shifted = x.data[i]! - largest;
      y[i] = node.op === 'Softmax' ? Math.exp(shifted) / sum : shifted - Math.log(sum);
    }
  }
  return y;
}

export function reduceMean(node: ReduceMeanNode, x: Tensor): number[] {
  const axes = node.axes.length > 0 ? node.axes : [...x.dims.keys()];
  return grouped(x, axes).map(group => group.reduce((sum, i) => sum + x.data[i]!, 0) / group.length);
}
