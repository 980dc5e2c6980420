// The layers of a network, as lines of a shapes file: each shape once, with how often the network has it. Layers that move no
// data of their own (Flatten and its kind) are left out.
import { isDeepStrictEqual } from 'node:util';

/** From an optimised graph. @throws Error for a layer that a line cannot say. */
export function extractLayers(graph) {
  const layers = [];
  for (const node of graph.nodes) {
    if (['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Identity'].includes(node.op)) continue;
    const { name, ...shape } = layerOf(graph, node);
    const known = layers.find(({ name: _, times: __, ...other }) => isDeepStrictEqual(other, shape));
    if (known) known.times += 1;
    else layers.push({ name: name.replace(/^\/|\/\w+$/g, ''), ...shape, times: 1 });
  }
  return layers;
}

const extractors = {
  Conv: (node, { x, dims }) => ({
    op: 'conv',
    x,
    out: dims(node.inputs[1])[0],
    ...windowOf(node),
    groups: node.groups,
    bias: Boolean(node.inputs[2]),
    residual: Boolean(node.inputs[3]),
    act: node.activation?.kind ?? null,
    pool: node.pool && [...node.pool],
  }),
  MaxPool: (node, { x }) => ({ op: 'maxpool', x, ...windowOf(node) }),
  AveragePool: (node, { x }) => ({ op: 'averagepool', x, ...windowOf(node) }),
  Gemm: (node, { x, y }) => ({
    op: 'gemm',
    x,
    out: y[1],
    bias: Boolean(node.inputs[2]),
    act: node.activation?.kind ?? null,
  }),
  Add: (node, { x }) => ({ op: 'add', x, act: node.activation?.kind ?? null }),
  ReduceMean: (_, { x }) => ({ op: 'mean', x }),
  GlobalAveragePool: (_, { x }) => ({ op: 'mean', x }),
  Resize: (node, { x, y }) => {
    if (`${node.mode} ${node.coordinates} ${node.nearest}` !== 'nearest asymmetric floor') throw unsayable(node);
    return { op: 'resize', x, scale: y[2] / x[2] };
  },
  Concat: (node, { x, dims }) => ({ op: 'concat', x, with: dims(node.inputs[1]) }),
};

function layerOf(graph, node) {
  const dims = name => [...graph.types.get(name).dims];
  const extract = extractors[node.op];
  if (!extract) throw unsayable(node);
  return { name: node.name, ...extract(node, { x: dims(node.inputs[0]), y: dims(node.outputs[0]), dims }) };
}

function windowOf(node) {
  const { kernel, strides, dilations, padsBegin, padsEnd } = node.window;
  if (!isDeepStrictEqual(padsBegin, padsEnd) || kernel.length !== 3) throw unsayable(node);
  return { kernel: [...kernel], stride: [...strides], pad: [...padsBegin], dilation: [...dilations] };
}

const unsayable = ({ op, name }) => new Error(`${op} '${name}': a line cannot say it`);
