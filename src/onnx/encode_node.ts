/** Graph nodes as ONNX nodes of opset 13. Invariant: what opset 13 cannot say, and what only a pass can have made, is an error. */
import { create } from '@bufbuild/protobuf';
import { NumavoxError } from '../errors.js';
import { makeConstant } from '../graph/constant.js';
import type { Activation, AutoPad, Constant, Node, Op, Window } from '../graph/ir.js';
import { type AttributeProto, AttributeProtoSchema, type NodeProto, NodeProtoSchema } from './generated/onnx_pb.js';
import { attributeType, elementTypeOf } from './types.js';

export const encodedOpset = 13;

export interface EncodedNode {
  readonly proto: NodeProto;
  /** Constants beside the graph's own that the node reads. */
  readonly constants: ReadonlyMap<string, Constant>;
}

interface Encoding {
  /** The node's own op unless given. */
  readonly op?: string;
  /** The node's own inputs unless given; absent ones at the end are cut off. */
  readonly inputs?: readonly string[];
  readonly attributes?: readonly AttributeProto[];
  readonly constants?: ReadonlyMap<string, Constant>;
}

type Encoders = { readonly [O in Op]: (node: Extract<Node, { readonly op: O }>) => Encoding };

const int = (name: string, value: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: attributeType.int, i: BigInt(value) });
const ints = (name: string, values: readonly number[]): AttributeProto =>
  create(AttributeProtoSchema, { name, type: attributeType.ints, ints: values.map(BigInt) });
const float = (name: string, value: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: attributeType.float, f: value });
const string = (name: string, value: string): AttributeProto =>
  create(AttributeProtoSchema, { name, type: attributeType.string, s: new TextEncoder().encode(value) });

function refuse(node: Node, detail: string): NumavoxError {
  return new NumavoxError(
    'unsupported',
    `${node.op} '${node.name}' cannot be written as ONNX opset ${encodedOpset}: ${detail}`,
  );
}

const autoPadNames: Readonly<Record<AutoPad, string>> = {
  explicit: 'NOTSET',
  same_upper: 'SAME_UPPER',
  same_lower: 'SAME_LOWER',
  valid: 'VALID',
};

function windowAttributes(window: Window, dilated = true): AttributeProto[] {
  const { kernel, strides, dilations, padsBegin, padsEnd, autoPad } = window;
  const lists = [
    ints('kernel_shape', kernel),
    ints('strides', strides),
    ...(dilated ? [ints('dilations', dilations)] : []),
    ...(autoPad === 'explicit' ? [ints('pads', [...padsBegin, ...padsEnd])] : []),
  ].filter(({ ints: values }) => values.length > 0);
  return autoPad === 'explicit' ? lists : [...lists, string('auto_pad', autoPadNames[autoPad])];
}

function refuseFused(node: Extract<Node, { readonly activation: Activation | null }>): void {
  if (node.activation) throw refuse(node, `the activation ${node.activation.kind} is fused into it`);
}

function encodeActivation(node: Extract<Node, { readonly op: 'Activation' }>): Encoding {
  const { activation, name, inputs } = node;
  switch (activation.kind) {
    case 'relu':
      return { op: 'Relu' };
    case 'sigmoid':
      return { op: 'Sigmoid' };
    case 'tanh':
      return { op: 'Tanh' };
    case 'leakyRelu':
      return { op: 'LeakyRelu', attributes: [float('alpha', activation.alpha)] };
    case 'elu':
      return { op: 'Elu', attributes: [float('alpha', activation.alpha)] };
    case 'clip': {
      const bounds = { [`${name}:min`]: activation.min, [`${name}:max`]: activation.max };
      const constants = Object.entries(bounds).map(
        ([bound, value]) => [bound, makeConstant('float32', [], [value])] as const,
      );
      return { op: 'Clip', inputs: [inputs[0]!, ...Object.keys(bounds)], constants: new Map(constants) };
    }
  }
}

function encodePool(node: Extract<Node, { readonly op: 'MaxPool' | 'AveragePool' }>): Encoding {
  const dilated = node.op === 'MaxPool';
  if (!dilated && node.window.dilations.some(dilation => dilation !== 1)) throw refuse(node, 'it has dilations');
  const common = [...windowAttributes(node.window, dilated), int('ceil_mode', Number(node.ceilMode))];
  return { attributes: dilated ? common : [...common, int('count_include_pad', Number(node.countIncludePad))] };
}

function encodeBinary(node: Extract<Node, { readonly op: 'Add' | 'Sub' | 'Mul' | 'Div' }>): Encoding {
  refuseFused(node);
  return {};
}

function encodeSoftmax(node: Extract<Node, { readonly op: 'Softmax' | 'LogSoftmax' }>): Encoding {
  if (node.flattened && node.axis !== -1) throw refuse(node, `everything from axis ${node.axis} on is one axis`);
  return { attributes: [int('axis', node.axis)] };
}

const asItIs = (): Encoding => ({});
const axisOnly = ({ axis }: { readonly axis: number }): Encoding => ({ attributes: [int('axis', axis)] });

const encoders: Encoders = {
  Conv: node => {
    refuseFused(node);
    if (node.inputs[3]) throw refuse(node, `the addition of '${node.inputs[3]}' is fused into it`);
    if (node.pool) throw refuse(node, `a max pool of ${node.pool.join('x')} is fused into it`);
    return { attributes: [...windowAttributes(node.window), int('group', node.groups)] };
  },
  Gemm: node => {
    refuseFused(node);
    const transposed = [int('transA', Number(node.transA)), int('transB', Number(node.transB))];
    return { attributes: [float('alpha', node.alpha), float('beta', node.beta), ...transposed] };
  },
  MatMul: asItIs,
  MaxPool: encodePool,
  AveragePool: encodePool,
  GlobalAveragePool: asItIs,
  GlobalMaxPool: asItIs,
  BatchNormalization: ({ epsilon }) => ({ attributes: [float('epsilon', epsilon)] }),
  Activation: encodeActivation,
  PRelu: asItIs,
  Add: encodeBinary,
  Sub: encodeBinary,
  Mul: encodeBinary,
  Div: encodeBinary,
  Softmax: encodeSoftmax,
  LogSoftmax: encodeSoftmax,
  ReduceMean: ({ axes, keepDims }) => ({
    attributes: [...(axes.length > 0 ? [ints('axes', axes)] : []), int('keepdims', Number(keepDims))],
  }),
  Flatten: axisOnly,
  Reshape: node => {
    if (node.allowZero) throw refuse(node, 'a zero in its shape means a size of zero');
    return {};
  },
  Transpose: ({ perm }) => ({ attributes: perm.length > 0 ? [ints('perm', perm)] : [] }),
  Squeeze: asItIs,
  Unsqueeze: asItIs,
  Concat: axisOnly,
  Slice: asItIs,
  Pad: node => {
    if (node.inputs[3]) throw refuse(node, `its axes '${node.inputs[3]}' are an input`);
    return { attributes: [string('mode', node.mode)] };
  },
  // The input between data and scales is the region of interest, which no supported mode reads.
  Resize: ({ inputs: [x, scales, sizes], mode, coordinates, nearest }) => ({
    inputs: [x!, '', scales ?? '', sizes ?? ''],
    attributes: [
      string('mode', mode),
      string('coordinate_transformation_mode', coordinates),
      string('nearest_mode', nearest),
    ],
  }),
  Identity: asItIs,
  Shape: node => {
    if (node.start !== 0 || node.end !== null)
      throw refuse(node, `it gives the sizes from ${node.start} to ${node.end}`);
    return {};
  },
  Gather: axisOnly,
  Cast: ({ to }) => ({ attributes: [int('to', elementTypeOf[to])] }),
};

/** @throws NumavoxError `unsupported` for a node that opset 13 does not have. */
export function encodeNode(node: Node): EncodedNode {
  const encode = encoders[node.op] as (node: Node) => Encoding;
  const { op = node.op, inputs = node.inputs, attributes = [], constants = new Map() } = encode(node);
  const last = inputs.findLastIndex(input => input !== '');
  const proto = create(NodeProtoSchema, {
    name: node.name,
    opType: op,
    input: inputs.slice(0, last + 1),
    output: [...node.outputs],
    attribute: [...attributes],
  });
  return { proto, constants };
}
