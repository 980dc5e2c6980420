/**
 * Ops that move or select elements (ONNX Flatten, Reshape, Transpose, Squeeze, Unsqueeze, Concat, Slice, Pad, Identity, Shape,
 * Gather, Cast; opset 6 to 26). Attributes that newer opsets turned into inputs become constants.
 */
import { makeConstant } from '../../graph/constant.js';
import type { PadNode } from '../../graph/ir.js';
import { dataTypeOf, elementTypeName } from '../types.js';
import { baseOf, type Converter, type OpContext, opError, takeInputs } from './context.js';

/** A constant input that holds the numbers. */
const int64Input = (context: OpContext, role: string, numbers: readonly number[]): string =>
  context.addConstant(role, makeConstant('int64', [numbers.length], numbers));

function requiredInts(context: OpContext, name: string): readonly number[] {
  const numbers = context.attributes.ints(name);
  if (!numbers) throw opError('model', context, `attribute '${name}' is missing`);
  return numbers;
}

const identity: Converter = context => [{ ...baseOf(context, takeInputs(context, 1)), op: 'Identity' }];

const flatten: Converter = context => [
  { ...baseOf(context, takeInputs(context, 1)), op: 'Flatten', axis: context.attributes.int('axis', 1) },
];

const reshape: Converter = context => [
  {
    ...baseOf(context, takeInputs(context, 2)),
    op: 'Reshape',
    allowZero: context.opset >= 14 && context.attributes.flag('allowzero', false),
  },
];

const transpose: Converter = context => [
  { ...baseOf(context, takeInputs(context, 1)), op: 'Transpose', perm: context.attributes.ints('perm') ?? [] },
];

/** Axes are an attribute before opset 13. */
const squeeze: Converter = context => {
  if (context.opset >= 13) return [{ ...baseOf(context, takeInputs(context, 1, 2)), op: 'Squeeze' }];
  const [x] = takeInputs(context, 1) as [string];
  const axes = context.attributes.ints('axes');
  return [{ ...baseOf(context, [x, axes ? int64Input(context, 'axes', axes) : '']), op: 'Squeeze' }];
};

/** Axes are an attribute before opset 13. */
const unsqueeze: Converter = context => {
  if (context.opset >= 13) return [{ ...baseOf(context, takeInputs(context, 2)), op: 'Unsqueeze' }];
  const [x] = takeInputs(context, 1) as [string];
  const axes = int64Input(context, 'axes', requiredInts(context, 'axes'));
  return [{ ...baseOf(context, [x, axes]), op: 'Unsqueeze' }];
};

const concat: Converter = context => {
  if (!context.attributes.has('axis')) throw opError('model', context, "attribute 'axis' is missing");
  const count = Math.max(context.inputs.length, 1);
  return [{ ...baseOf(context, takeInputs(context, count)), op: 'Concat', axis: context.attributes.int('axis', 0) }];
};

/** Everything is an attribute before opset 10. */
const slice: Converter = context => {
  if (context.opset >= 10) return [{ ...baseOf(context, takeInputs(context, 3, 5)), op: 'Slice' }];
  const [x] = takeInputs(context, 1) as [string];
  const starts = requiredInts(context, 'starts');
  const ends = requiredInts(context, 'ends');
  const axes = context.attributes.ints('axes') ?? starts.map((_, i) => i);
  if (ends.length !== starts.length || axes.length !== starts.length) {
    const detail = `has ${starts.length} starts, ${ends.length} ends and ${axes.length} axes`;
    throw opError('model', context, detail);
  }
  const inputs = [
    x,
    int64Input(context, 'starts', starts),
    int64Input(context, 'ends', ends),
    int64Input(context, 'axes', axes),
    '',
  ];
  return [{ ...baseOf(context, inputs), op: 'Slice' }];
};

const padModes: Readonly<Record<string, PadNode['mode']>> = { constant: 'constant', reflect: 'reflect', edge: 'edge' };

/** Pads and value are attributes before opset 11. */
const pad: Converter = context => {
  const { attributes, opset } = context;
  const mode = attributes.choice('mode', 'constant', padModes);
  if (opset >= 11) return [{ ...baseOf(context, padInputs(context)), op: 'Pad', mode }];
  const [x] = takeInputs(context, 1) as [string];
  const pads = int64Input(context, 'pads', requiredInts(context, 'pads'));
  const value = attributes.float('value', 0);
  const valueInput = value === 0 ? '' : context.addConstant('value', makeConstant('float32', [], [value]));
  return [{ ...baseOf(context, [x, pads, valueInput, '']), op: 'Pad', mode }];
};

/** x, pads, value and, from opset 18 on, axes. */
function padInputs(context: OpContext): readonly string[] {
  return context.opset >= 18 ? takeInputs(context, 2, 4) : [...takeInputs(context, 2, 3), ''];
}

/** Start and end are there from opset 15 on. */
const shape: Converter = context => {
  const { attributes } = context;
  const start = attributes.int('start', 0);
  const end = attributes.has('end') ? attributes.int('end', 0) : null;
  return [{ ...baseOf(context, takeInputs(context, 1)), op: 'Shape', start, end }];
};

const gather: Converter = context => [
  { ...baseOf(context, takeInputs(context, 2)), op: 'Gather', axis: context.attributes.int('axis', 0) },
];

/** `saturate` and `round_mode` matter for 8-bit floating point only. */
const cast: Converter = context => {
  context.attributes.ignore('saturate', 'round_mode');
  if (!context.attributes.has('to')) throw opError('model', context, "attribute 'to' is missing");
  const elementType = context.attributes.int('to', 0);
  const to = dataTypeOf(elementType);
  if (!to) throw opError('unsupported', context, `to ${elementTypeName(elementType)} is not supported`);
  return [{ ...baseOf(context, takeInputs(context, 1)), op: 'Cast', to }];
};

export const shapeConverters: Readonly<Record<string, Converter>> = {
  Identity: identity,
  Flatten: flatten,
  Reshape: reshape,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Slice: slice,
  Pad: pad,
  Shape: shape,
  Gather: gather,
  Cast: cast,
};
