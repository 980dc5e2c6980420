// A layer of a shapes file as a network of its own, with generated weights, and what it has to do and to move at least.
import { nodeFlops } from '../../dist/src/graph/cost.js';
import { inferShapes } from '../../dist/src/graph/infer.js';

const product = sizes => sizes.reduce((all, size) => all * size, 1);

/** Generated: uniform around 0, with the variance that keeps sums over `fanIn` products near the size of the inputs. */
const weight = (dims, fanIn, tensor) => ({
  dtype: 'float32',
  dims,
  source: { kind: 'generated', generator: { seed: 1, tensor, mean: 0, halfWidth: Math.sqrt(3 / fanIn) } },
});

const windowOf = ({ kernel, stride, pad, dilation }) => ({
  kernel,
  strides: stride,
  dilations: dilation,
  padsBegin: pad,
  padsEnd: pad,
  autoPad: 'explicit',
});

const activations = {
  relu: { kind: 'relu' },
  leakyRelu: { kind: 'leakyRelu', alpha: 0.1 },
  elu: { kind: 'elu', alpha: 1 },
  sigmoid: { kind: 'sigmoid' },
  tanh: { kind: 'tanh' },
};

const poolLayer = op => layer => ({ node: { op, window: windowOf(layer), ceilMode: false, countIncludePad: false } });

/** By op: the node without its names, sizes of further inputs, and constants, in the order of the node's operands. */
const parts = {
  conv(layer) {
    const { x, out, kernel, groups, bias, act, pool } = layer;
    const w = [out, x[1] / groups, ...kernel];
    const fanIn = product(w.slice(1));
    return {
      node: { op: 'Conv', window: windowOf(layer), groups, activation: activations[act] ?? null, pool },
      constants: { w: weight(w, fanIn, 0), ...(bias ? { b: weight([out], fanIn, 1) } : {}) },
      residual: layer.residual,
    };
  },
  maxpool: poolLayer('MaxPool'),
  averagepool: poolLayer('AveragePool'),
  gemm({ x, out, bias, act }) {
    const attributes = { alpha: 1, beta: 1, transA: false, transB: true, activation: activations[act] ?? null };
    return {
      node: { op: 'Gemm', ...attributes },
      constants: { w: weight([out, x[1]], x[1], 0), ...(bias ? { b: weight([out], x[1], 1) } : {}) },
    };
  },
  add: ({ x, act }) => ({ node: { op: 'Add', activation: activations[act] ?? null }, others: { other: x } }),
  mean: () => ({ node: { op: 'ReduceMean', axes: [2, 3, 4], keepDims: false } }),
  resize: ({ scale }) => ({
    node: { op: 'Resize', mode: 'nearest', coordinates: 'asymmetric', nearest: 'floor' },
    constants: { scales: floats([1, 1, scale, scale, scale]) },
  }),
  concat: layer => ({ node: { op: 'Concat', axis: 1 }, others: { other: layer.with } }),
};

const floats = values => ({
  dtype: 'float32',
  dims: [values.length],
  source: { kind: 'bytes', bytes: new Uint8Array(Float32Array.from(values).buffer) },
});

/** The name of the one node of a layer's graph; steps of that name are the layer's own. */
export const layerName = 'layer';

/** A typed graph that computes `y` from `x` (and `other`, or the residual). */
export function layerGraph(layer) {
  const { node, constants = {}, others = {}, residual = false } = parts[layer.op](layer);
  const operands = [...Object.keys(others), ...Object.keys(constants)];
  const graphWith = (inputs, dims) => ({
    name: layer.name,
    inputs: Object.entries(dims).map(([name, sizes]) => ({ name, type: { dtype: 'float32', dims: sizes } })),
    outputs: ['y'],
    nodes: [{ ...node, name: layerName, inputs, outputs: ['y'] }],
    constants: new Map(Object.entries(constants)),
  });
  const plain = inferShapes(graphWith(['x', ...operands], { x: layer.x, ...others }));
  if (!residual) return plain;
  const y = plain.types.get('y').dims;
  return inferShapes(graphWith(['x', 'w', constants.b ? 'b' : '', 'residual'], { x: layer.x, residual: y }));
}

/** Floating-point operations (2 per multiply-add), and bytes of all operands and the result, each counted once. */
export function layerWork(graph) {
  const [node] = graph.nodes;
  const bytes = [...graph.types.values()].reduce((sum, { dims }) => sum + 4 * product(dims), 0);
  return { flops: nodeFlops(graph, node), bytes };
}
