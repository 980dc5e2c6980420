/** Arithmetic on matrices and pairs of tensors (ONNX Gemm, MatMul, Add, Sub, Mul, Div, BatchNormalization, Softmax, ReduceMean). */
import type { BinaryKind } from '../../graph/ir.js';
import { alignToAxis } from './broadcast.js';
import { baseOf, type Converter, constantNumber, constantNumbers, opError, takeInputs } from './context.js';

const gemm: Converter = context => {
  const { attributes, opset } = context;
  const inputs = takeInputs(context, opset < 11 ? 3 : 2, 3);
  // Opset 6 asks for permission to broadcast C, later ones always allow it.
  if (opset < 7) attributes.flag('broadcast', false);
  return [
    {
      ...baseOf(context, inputs),
      op: 'Gemm',
      alpha: attributes.float('alpha', 1),
      beta: attributes.float('beta', 1),
      transA: attributes.flag('transA', false),
      transB: attributes.flag('transB', false),
      activation: null,
    },
  ];
};

const matMul: Converter = context => [{ ...baseOf(context, takeInputs(context, 2)), op: 'MatMul' }];

const binary =
  (op: BinaryKind): Converter =>
  context => {
    const { attributes, opset } = context;
    const [a, b] = takeInputs(context, 2) as [string, string];
    const legacy = opset < 7 && attributes.flag('broadcast', false) && attributes.has('axis');
    const axis = opset < 7 ? attributes.int('axis', 0) : 0;
    const aligned = legacy ? alignToAxis(context, b, a, axis) : { value: b, nodes: [] };
    return [...aligned.nodes, { ...baseOf(context, [a, aligned.value]), op, activation: null }];
  };

/** Inference only: opset 6 says so with is_test, opset 14 with training_mode. */
const batchNormalization: Converter = context => {
  const { attributes, opset } = context;
  const inputs = takeInputs(context, 5);
  const epsilon = attributes.float('epsilon', Math.fround(1e-5));
  attributes.ignore('momentum');
  if (opset < 7 && !attributes.flag('is_test', false)) {
    throw opError('unsupported', context, 'is_test 0 is training, which is not supported');
  }
  if (opset < 9 && !attributes.flag('spatial', true))
    throw opError('unsupported', context, 'spatial 0 is not supported');
  if (opset >= 14 && attributes.flag('training_mode', false)) {
    throw opError('unsupported', context, 'training_mode 1 is not supported');
  }
  return [{ ...baseOf(context, inputs), op: 'BatchNormalization', epsilon }];
};

/** Before opset 13 everything from the axis on is one axis, and the default is 1. */
const softmax =
  (op: 'Softmax' | 'LogSoftmax'): Converter =>
  context => {
    const flattened = context.opset < 13;
    const axis = context.attributes.int('axis', flattened ? 1 : -1);
    return [{ ...baseOf(context, takeInputs(context, 1)), op, axis, flattened }];
  };

/** The axes are an attribute before opset 18, then an input, which must be a constant here. */
const reduceMean: Converter = context => {
  const { attributes, opset } = context;
  const [x, axesInput] = takeInputs(context, 1, opset < 18 ? 1 : 2) as [string, string | undefined];
  const keepDims = attributes.flag('keepdims', true);
  const noop = opset >= 18 && attributes.flag('noop_with_empty_axes', false);
  const given = axesInput ? Array.from(constantNumbers(context, axesInput, 'axes')) : [];
  const axes = opset < 18 ? (attributes.ints('axes') ?? []) : given;
  if (axes.length === 0 && noop) return [{ ...baseOf(context, [x]), op: 'Identity' }];
  return [{ ...baseOf(context, [x]), op: 'ReduceMean', axes, keepDims }];
};

/** Identity in inference, whatever the ratio. */
const dropout: Converter = context => {
  const { attributes, opset } = context;
  const [x, , trainingMode] = takeInputs(context, 1, opset < 12 ? 1 : 3) as [string, string?, string?];
  attributes.ignore(opset < 12 ? 'ratio' : 'seed');
  if (opset < 7 && !attributes.flag('is_test', false)) {
    throw opError('unsupported', context, 'is_test 0 is training, which is not supported');
  }
  if (trainingMode && constantNumber(context, trainingMode, 'training_mode') !== 0) {
    throw opError('unsupported', context, 'training_mode true is not supported');
  }
  return [{ ...baseOf(context, [x]), op: 'Identity' }];
};

export const arithmeticConverters: Readonly<Record<string, Converter>> = {
  Gemm: gemm,
  MatMul: matMul,
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  BatchNormalization: batchNormalization,
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
  ReduceMean: reduceMean,
  Dropout: dropout,
};
