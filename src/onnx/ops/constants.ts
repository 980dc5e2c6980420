/** Ops that make constants (ONNX Constant, ConstantOfShape): they become entries of the graph's constants, not nodes. */
import { makeConstant } from '../../graph/constant.js';
import type { Constant } from '../../graph/ir.js';
import { showDims, sizeOf } from '../../graph/shape.js';
import { type Converter, constantNumbers, type OpContext, opError, takeInputs } from './context.js';

/** Larger ones are no shapes, and the feeds should bring them. */
const mostFilledElements = 2 ** 24;

type ValueReader = (context: OpContext) => Constant;

const readers: Readonly<Record<string, ValueReader>> = {
  value: context => {
    const tensor = context.attributes.tensor('value');
    if (!tensor) throw opError('model', context, "attribute 'value' has no tensor");
    return context.tensorConstant(tensor);
  },
  value_float: ({ attributes }) => makeConstant('float32', [], [attributes.float('value_float', 0)]),
  value_int: ({ attributes }) => makeConstant('int64', [], [attributes.int('value_int', 0)]),
  value_floats: ({ attributes }) => {
    const numbers = attributes.floats('value_floats') ?? [];
    return makeConstant('float32', [numbers.length], numbers);
  },
  value_ints: ({ attributes }) => {
    const numbers = attributes.ints('value_ints') ?? [];
    return makeConstant('int64', [numbers.length], numbers);
  },
};

const constant: Converter = context => {
  takeInputs(context, 0);
  const [reader] = Object.entries(readers).filter(([name]) => context.attributes.has(name));
  if (!reader) {
    // An attribute that is there (a string, a sparse tensor) is what `finish` names.
    context.attributes.finish();
    throw opError('model', context, 'has no value');
  }
  context.defineOutput(reader[1](context));
  return [];
};

/** The shape must be a constant here. */
const constantOfShape: Converter = context => {
  const [shape] = takeInputs(context, 1) as [string];
  const dims = Array.from(constantNumbers(context, shape, 'shape'));
  const count = sizeOf(dims);
  if (dims.some(size => size < 0) || count > mostFilledElements) {
    throw opError('unsupported', context, `makes a constant of shape ${showDims(dims)}`);
  }
  const tensor = context.attributes.tensor('value');
  const value = tensor ? context.tensorConstant(tensor) : makeConstant('float32', [1], [0]);
  if (value.source.kind !== 'bytes' || sizeOf(value.dims) !== 1) {
    throw opError('model', context, `value has shape ${showDims(value.dims)}, one element is needed`);
  }
  const { bytes } = value.source;
  const filled = new Uint8Array(count * bytes.length);
  for (let at = 0; at < filled.length; at += bytes.length) filled.set(bytes, at);
  context.defineOutput({ dtype: value.dtype, dims, source: { kind: 'bytes', bytes: filled } });
  return [];
};

export const constantConverters: Readonly<Record<string, Converter>> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
};
