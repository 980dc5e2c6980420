/** Runs a zoo graph in the plainest way, for one clip: the zoo's weights are judged without the engine they are made for. */
import { readFloats } from '../../../src/graph/constant.js';
import type { ConvNode, Graph, PoolNode, Window } from '../../../src/graph/ir.js';

interface Tensor {
  /** C, D, H, W, or features alone. */
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export function evaluate(graph: Graph, clip: Float32Array): Float32Array {
  const values = new Map<string, Tensor>();
  const { name, type } = graph.inputs[0]!;
  values.set(name, { dims: (type.dims as number[]).slice(1), data: clip });
  const constant = (input: string): Float32Array => {
    const found = graph.constants.get(input)!;
    return readFloats(found, 0, product(found.dims));
  };
  for (const node of graph.nodes) {
    const x = values.get(node.inputs[0]!)!;
    const constants = node.inputs.slice(1).map(input => (graph.constants.has(input) ? constant(input) : null));
    let y: Tensor;
    switch (node.op) {
      case 'Conv':
        y = convolve(x, node, constants[0]!, constants[1] ?? null);
        break;
      case 'MaxPool':
        y = maxPool(x, node);
        break;
      case 'Gemm':
        y = {
          dims: [constants[1]!.length],
          data: constants[1]!.map((bias, o) => bias + dot(x.data, constants[0]!, o)),
        };
        break;
      case 'BatchNormalization': {
        const [scale, bias, mean, variance] = constants.map(values => values!);
        const inner = product(x.dims.slice(1));
        const normalize = (value: number, i: number): number => {
          const c = Math.floor(i / inner);
          return ((value - mean![c]!) / Math.sqrt(variance![c]! + node.epsilon)) * scale![c]! + bias![c]!;
        };
        y = { dims: x.dims, data: x.data.map(normalize) };
        break;
      }
      case 'Activation':
        y = { dims: x.dims, data: x.data.map(value => Math.max(0, value)) };
        break;
      case 'Add': {
        const other = values.get(node.inputs[1]!)!.data;
        y = { dims: x.dims, data: x.data.map((value, i) => value + other[i]!) };
        break;
      }
      case 'ReduceMean': {
        const inner = product(x.dims.slice(1));
        const mean = (_: unknown, c: number): number =>
          x.data.subarray(c * inner, (c + 1) * inner).reduce((a, b) => a + b) / inner;
        y = { dims: [x.dims[0]!], data: Float32Array.from({ length: x.dims[0]! }, mean) };
        break;
      }
      case 'Flatten':
        y = { dims: [x.data.length], data: x.data };
        break;
      default:
        throw new Error(`${node.name}: the zoo has no ${node.op}`);
    }
    values.set(node.outputs[0]!, y);
  }
  return values.get(graph.outputs[0]!)!.data;
}

function convolve(x: Tensor, { window }: ConvNode, weight: Float32Array, bias: Float32Array | null): Tensor {
  const inC = x.dims[0]!;
  const taps = product(window.kernel);
  const plane = product(x.dims.slice(1));
  const outC = weight.length / (inC * taps);
  return slide(x.dims, window, outC, (o, visit) => {
    let sum = bias?.[o] ?? 0;
    visit((tap, position) => {
      for (let c = 0; c < inC; c++) sum += weight[(o * inC + c) * taps + tap]! * x.data[c * plane + position]!;
    });
    return sum;
  });
}

function maxPool(x: Tensor, { window }: PoolNode): Tensor {
  const plane = product(x.dims.slice(1));
  return slide(x.dims, window, x.dims[0]!, (c, visit) => {
    let largest = Number.NEGATIVE_INFINITY;
    visit((_, position) => {
      largest = Math.max(largest, x.data[c * plane + position]!);
    });
    return largest;
  });
}

type Visit = (each: (tap: number, position: number) => void) => void;

/** For every output of every channel, `compute` with a visitor of the taps inside the input. */
function slide(
  dims: readonly number[],
  { kernel, strides, padsBegin, padsEnd }: Window,
  channels: number,
  compute: (channel: number, visit: Visit) => number,
): Tensor {
  const [depth, height, width] = dims.slice(1) as [number, number, number];
  const [kD, kH, kW] = kernel as [number, number, number];
  const out = kernel.map((k, i) => Math.floor((dims[i + 1]! + padsBegin[i]! + padsEnd[i]! - k) / strides[i]!) + 1);
  const [outD, outH, outW] = out as [number, number, number];
  const data = new Float32Array(channels * outD * outH * outW);
  let at = 0;
  let d0 = 0;
  let h0 = 0;
  let w0 = 0;
  const visit: Visit = each => {
    for (let i = Math.max(0, -d0); i < Math.min(kD, depth - d0); i++) {
      for (let j = Math.max(0, -h0); j < Math.min(kH, height - h0); j++) {
        for (let k = Math.max(0, -w0); k < Math.min(kW, width - w0); k++) {
          each((i * kH + j) * kW + k, ((d0 + i) * height + h0 + j) * width + w0 + k);
        }
      }
    }
  };
  for (let channel = 0; channel < channels; channel++) {
    for (let d = 0; d < outD; d++) {
      d0 = d * strides[0]! - padsBegin[0]!;
      for (let h = 0; h < outH; h++) {
        h0 = h * strides[1]! - padsBegin[1]!;
        for (let w = 0; w < outW; w++) {
          w0 = w * strides[2]! - padsBegin[2]!;
          data[at++] = compute(channel, visit);
        }
      }
    }
  }
  return { dims: [channels, ...out], data };
}

function dot(x: Float32Array, weight: Float32Array, row: number): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * weight[row * x.length + i]!;
  return sum;
}

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
