/**
 * Builds a network layer by layer, so that its file reads like the table in its paper. Invariant: every value knows its
 * numeric dimensions, so weights get their shapes, and their scale from the fan-in, as the layers are named.
 */
import type { BinaryNode, Constant, Graph, Node, Window } from '../graph/ir.js';

/** Depth, height, width; a single number stands for all three. */
export type Extent = number | readonly [depth: number, height: number, width: number];

/** A value of the graph under construction, with its row-major dimensions (N, C, D, H, W or N, features). */
export interface Value {
  readonly name: string;
  readonly dims: readonly number[];
}

export interface BuilderOptions {
  /** Name of the graph. */
  readonly name: string;
  /** Dimensions of the one input, `input`. */
  readonly inputDims: readonly number[];
  /** Factor on the output channels of every convolution and every hidden fully connected layer. */
  readonly width: number;
  readonly classes: number;
  /** Of the weights: unsigned, 32 bits. */
  readonly seed: number;
}

export interface WindowOptions {
  readonly kernel: Extent;
  /** 1 unless given. */
  readonly stride?: Extent;
  /** Zeros on both sides; 0 unless given. */
  readonly pad?: Extent;
}

export interface ConvOptions extends WindowOptions {
  /** Output channels at width 1. */
  readonly out: number;
  /** True unless given; a convolution that a BatchNorm follows has none. */
  readonly bias?: boolean;
}

/** Each method appends nodes called `name` (the paper's name of the layer) and returns their result. */
export interface NetBuilder {
  readonly input: Value;
  conv3d(x: Value, name: string, options: ConvOptions): Value;
  /** `scale` is the mean of the learned scale, 1 unless given. */
  batchNorm(x: Value, name: string, scale?: number): Value;
  relu(x: Value, name: string): Value;
  add(a: Value, b: Value, name: string): Value;
  maxPool(x: Value, name: string, options: WindowOptions): Value;
  /** Mean over depth, height and width: N, C. */
  globalMean(x: Value, name: string): Value;
  flatten(x: Value, name: string): Value;
  /** A hidden fully connected layer with `out` outputs at width 1. */
  linear(x: Value, name: string, out: number): Value;
  /** The last fully connected layer: one output per class at any width; its result is the graph's output, `output`. */
  classifier(x: Value, name: string): void;
  /** The graph of all layers so far. */
  graph(): Graph;
}

/** Channels of a layer at the given width: never none. */
const scaledChannels = (out: number, width: number): number => Math.max(1, Math.round(out * width));

export function netBuilder({ name: graphName, inputDims, width, classes, seed }: BuilderOptions): NetBuilder {
  const nodes: Node[] = [];
  const constants = new Map<string, Constant>();
  const input: Value = { name: 'input', dims: inputDims };

  /** A generated float32 constant, uniform in [mean - halfWidth, mean + halfWidth); its stream is its number of order. */
  const constant = (name: string, dims: readonly number[], mean: number, halfWidth: number): string => {
    const generator = { seed, tensor: constants.size, mean, halfWidth };
    constants.set(name, { dtype: 'float32', dims, source: { kind: 'generated', generator } });
    return name;
  };

  const append = (node: Node, dims: readonly number[]): Value => {
    nodes.push(node);
    return { name: node.outputs[0]!, dims };
  };

  const gemm = (x: Value, name: string, outputs: number, options: { gain: number; output: string }): Value => {
    const [batch, features] = x.dims as [number, number];
    const weight = constant(`${name}.weight`, [outputs, features], 0, uniformHalfWidth(options.gain, features));
    const bias = constant(`${name}.bias`, [outputs], 0, biasHalfWidth(features));
    const attributes = { alpha: 1, beta: 1, transA: false, transB: true, activation: null };
    const inputs = [x.name, weight, bias];
    return append({ op: 'Gemm', name, inputs, outputs: [options.output], ...attributes }, [batch, outputs]);
  };

  return {
    input,

    conv3d(x, name, { out, bias = true, ...options }) {
      const window = convWindow(options);
      const inC = x.dims[1]!;
      const outC = scaledChannels(out, width);
      const fanIn = inC * product(window.kernel);
      const weightDims = [outC, inC, ...window.kernel];
      const weight = constant(`${name}.weight`, weightDims, 0, uniformHalfWidth(rectifiedGain, fanIn));
      const biasName = bias ? constant(`${name}.bias`, [outC], 0, biasHalfWidth(fanIn)) : '';
      const inputs = [x.name, weight, biasName, ''];
      const attributes = { window, groups: 1, activation: null, pool: null };
      const node: Node = { op: 'Conv', name, inputs, outputs: [name], ...attributes };
      return append(node, [x.dims[0]!, outC, ...slid(x.dims, window)]);
    },

    batchNorm(x, name, scale = 1) {
      const dims = [x.dims[1]!];
      const inputs = [
        x.name,
        constant(`${name}.weight`, dims, scale, 0.25 * scale),
        constant(`${name}.bias`, dims, 0, 0.1),
        constant(`${name}.running_mean`, dims, 0, 0.1),
        constant(`${name}.running_var`, dims, 1, 0.25),
      ];
      return append({ op: 'BatchNormalization', name, inputs, outputs: [name], epsilon: 1e-5 }, x.dims);
    },

    relu: (x, name) =>
      append({ op: 'Activation', name, inputs: [x.name], outputs: [name], activation: { kind: 'relu' } }, x.dims),

    add(a, b, name) {
      const node: BinaryNode = { op: 'Add', name, inputs: [a.name, b.name], outputs: [name], activation: null };
      return append(node, a.dims);
    },

    maxPool(x, name, options) {
      const window = convWindow(options);
      const attributes = { window, ceilMode: false, countIncludePad: false };
      const dims = [...x.dims.slice(0, 2), ...slid(x.dims, window)];
      return append({ op: 'MaxPool', name, inputs: [x.name], outputs: [name], ...attributes }, dims);
    },

    globalMean(x, name) {
      const attributes = { axes: [2, 3, 4], keepDims: false };
      return append({ op: 'ReduceMean', name, inputs: [x.name], outputs: [name], ...attributes }, x.dims.slice(0, 2));
    },

    flatten(x, name) {
      const dims = [x.dims[0]!, product(x.dims.slice(1))];
      return append({ op: 'Flatten', name, inputs: [x.name], outputs: [name], axis: 1 }, dims);
    },

    linear: (x, name, out) => gemm(x, name, scaledChannels(out, width), { gain: rectifiedGain, output: name }),

    classifier(x, name) {
      gemm(x, name, classes, { gain: classifierGain, output: 'output' });
    },

    graph: () => ({
      name: graphName,
      inputs: [{ name: input.name, type: { dtype: 'float32', dims: inputDims } }],
      outputs: ['output'],
      nodes,
      constants,
    }),
  };
}

/** He et al. 2015: a ReLU halves the second moment, so the layer before it doubles it. */
const rectifiedGain = 2;

/** Below 1, because max-pools and residual sums raise activations on the way: keeps a softmax from saturating. */
const classifierGain = 0.25;

/** Half the width of the uniform distribution whose variance is gain / fanIn: outputs keep `gain` x the second moment of inputs. */
const uniformHalfWidth = (gain: number, fanIn: number): number => Math.sqrt((3 * gain) / fanIn);

const biasHalfWidth = (fanIn: number): number => 1 / Math.sqrt(fanIn);

const extent = (value: Extent): readonly number[] => (typeof value === 'number' ? [value, value, value] : value);

function convWindow({ kernel, stride = 1, pad = 0 }: WindowOptions): Window {
  return {
    kernel: extent(kernel),
    strides: extent(stride),
    dilations: [1, 1, 1],
    padsBegin: extent(pad),
    padsEnd: extent(pad),
    autoPad: 'explicit',
  };
}

/** Depth, height and width of what a window leaves of a value (rounded down, no dilation). */
const slid = (dims: readonly number[], { kernel, strides, padsBegin, padsEnd }: Window): number[] =>
  kernel.map((size, axis) => {
    const padded = dims[axis + 2]! + padsBegin[axis]! + padsEnd[axis]!;
    return Math.floor((padded - size) / strides[axis]!) + 1;
  });

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
