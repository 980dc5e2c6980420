// Layers as text, one a line: a name, what it computes, and its sizes.
//
//     conv2a  conv  x=1x64x16x56x56 out=128 kernel=3x3x3 pad=1x1x1 bias act=relu times=2
//
// '#' begins a comment. Sizes are in ONNX's order (N x C x D x H x W, D x H x W); `times` is how often a network has the layer.
// What is left out: strides and dilations of 1, pads of 0, one group, no pool behind a convolution (pool=1x2x2), once.

const ones = [1, 1, 1];
const zeros = [0, 0, 0];

const sizes = text => {
  if (!/^\d+(x\d+)*$/.test(text)) throw new Error(`'${text}' are no sizes`);
  return text.split('x').map(Number);
};
const triple = text => {
  const values = sizes(text);
  if (values.length !== 3) throw new Error(`'${text}' are not three sizes`);
  return values;
};
const count = text => {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`'${text}' is no count`);
  return Number(text);
};
const activation = text => {
  if (!['relu', 'leakyRelu', 'elu', 'sigmoid', 'tanh'].includes(text)) throw new Error(`no activation '${text}'`);
  return text;
};

const window = { kernel: [triple], stride: [triple, ones], pad: [triple, zeros], dilation: [triple, ones] };
const act = [activation, null];
const x = [sizes];
const times = [count, 1];

/** By op: how each key is read, and what stands for it where it is left out; a key without that has to be there. */
const keys = {
  conv: {
    x,
    out: [count],
    ...window,
    groups: [count, 1],
    bias: ['flag'],
    residual: ['flag'],
    act,
    pool: [triple, null],
    times,
  },
  maxpool: { x, ...window, times },
  averagepool: { x, ...window, times },
  gemm: { x, out: [count], bias: ['flag'], act, times },
  add: { x, act, times },
  mean: { x, times },
  resize: { x, scale: [count], times },
  concat: { x, with: [sizes], times },
};

/** @throws Error that names the line and what is wrong with it. */
export function parseShapes(text, file = 'shapes') {
  const layers = [];
  text.split('\n').forEach((line, index) => {
    const words = line.replace(/#.*/, '').trim().split(/\s+/);
    if (words[0] === '') return;
    try {
      const layer = parseLayer(words);
      if (layers.some(({ name }) => name === layer.name)) throw new Error(`a second '${layer.name}'`);
      layers.push(layer);
    } catch (error) {
      throw new Error(`${file}:${index + 1}: ${error.message}`);
    }
  });
  return layers;
}

function parseLayer([name, op, ...pairs]) {
  if (!Object.hasOwn(keys, op ?? '')) throw new Error(`'${op}' is none of ${Object.keys(keys).join(', ')}`);
  const given = new Map(pairs.map(pair => pair.split('=')));
  const layer = { name, op };
  for (const [key, [read, missing]] of Object.entries(keys[op])) {
    const text = given.get(key);
    if (read === 'flag') layer[key] = given.has(key);
    else if (text !== undefined) layer[key] = read(text);
    else if (missing !== undefined) layer[key] = missing;
    else throw new Error(`${op} needs ${key}=`);
    given.delete(key);
  }
  if (given.size > 0) throw new Error(`${op} has no '${[...given.keys()][0]}'`);
  return layer;
}

/** The line that `parseShapes` reads as this layer. */
export function formatLayer({ name, op, ...values }) {
  const words = Object.entries(keys[op]).flatMap(([key, [read, missing]]) => {
    const value = values[key];
    if (read === 'flag') return value ? [key] : [];
    const text = Array.isArray(value) ? value.join('x') : `${value}`;
    return text === (Array.isArray(missing) ? missing.join('x') : `${missing}`) ? [] : [`${key}=${text}`];
  });
  return [name, op, ...words].join(' ');
}
