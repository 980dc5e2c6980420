/** Graphs in code: nodes with the defaults of their op, constants from plain numbers. */
import { makeConstant } from '../../src/graph/constant.js';
import type { Constant, DataType, Dim, Graph, Node, Window } from '../../src/graph/ir.js';

type Given<N> = N extends Node
  ? Partial<Omit<N, 'op' | 'window'>> & { readonly op: N['op']; readonly window?: Partial<Window> }
  : never;
type NodeSpec = Given<Node>;

const noWindow: Window = { kernel: [], strides: [], dilations: [], padsBegin: [], padsEnd: [], autoPad: 'explicit' };

const defaults: { readonly [K in Node['op']]?: object } = {
  Conv: { groups: 1, activation: null, pool: null },
  MaxPool: { ceilMode: false, countIncludePad: false },
  AveragePool: { ceilMode: false, countIncludePad: false },
  Gemm: { alpha: 1, beta: 1, transA: false, transB: false, activation: null },
  BatchNormalization: { epsilon: 1e-5 },
  Add: { activation: null },
  Sub: { activation: null },
  Mul: { activation: null },
  Div: { activation: null },
  Softmax: { axis: -1, flattened: false },
  LogSoftmax: { axis: -1, flattened: false },
  ReduceMean: { axes: [], keepDims: true },
  Flatten: { axis: 1 },
  Reshape: { allowZero: false },
  Transpose: { perm: [] },
  Pad: { mode: 'constant' },
  Resize: { mode: 'nearest', coordinates: 'half_pixel', nearest: 'round_prefer_floor' },
  Shape: { start: 0, end: null },
  Gather: { axis: 0 },
};

const windowed: readonly string[] = ['Conv', 'MaxPool', 'AveragePool'];

/** A node named after its output ('y' unless given), with the attributes that the spec leaves out. */
export function nodeOf(spec: NodeSpec): Node {
  const outputs = spec.outputs ?? ['y'];
  const window = windowed.includes(spec.op) ? { window: { ...noWindow, ...spec.window } } : {};
  return { name: `node_${outputs[0]}`, inputs: ['x'], ...defaults[spec.op], ...spec, outputs, ...window } as Node;
}

/** A constant of float32, or int64, from numbers; without numbers they count up in small steps. */
export function constantOf(
  dims: readonly number[],
  numbers?: ArrayLike<number>,
  dtype: Exclude<DataType, 'float16'> = 'float32',
): Constant {
  const count = dims.reduce((a, b) => a * b, 1);
  const values = numbers ?? Float32Array.from({ length: count }, (_, i) => (((i * 7 + 3) % 23) - 11) / 8);
  return makeConstant(dtype, dims, values);
}

export const int64 = (...numbers: number[]): Constant => constantOf([numbers.length], numbers, 'int64');

export interface GraphSpec {
  readonly inputs?: Readonly<Record<string, readonly Dim[]>>;
  readonly dtypes?: Readonly<Record<string, DataType>>;
  readonly constants?: Readonly<Record<string, Constant>>;
  readonly nodes: readonly NodeSpec[];
  readonly outputs?: readonly string[];
}

/** float32 inputs unless `dtypes` says otherwise; the output is 'y' unless given. */
export function graphOf({ inputs = {}, dtypes = {}, constants = {}, nodes, outputs = ['y'] }: GraphSpec): Graph {
  return {
    name: 'test',
    inputs: Object.entries(inputs).map(([name, dims]) => ({ name, type: { dtype: dtypes[name] ?? 'float32', dims } })),
    outputs,
    nodes: nodes.map(nodeOf),
    constants: new Map(Object.entries(constants)),
  };
}
