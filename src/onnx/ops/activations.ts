/** Elementwise functions of one input (ONNX Relu, LeakyRelu, Elu, Sigmoid, Tanh, Clip, PRelu; opset 6 to 26). */
import type { Activation } from '../../graph/ir.js';
import { alignToAxis } from './broadcast.js';
import { baseOf, type Converter, constantNumber, type OpContext, opError, takeInputs } from './context.js';

/** Bounds of Clip where none is given. */
const largestFloat = 3.4028234663852886e38;

const activation =
  (read: (context: OpContext) => Activation): Converter =>
  context => [{ ...baseOf(context, takeInputs(context, 1)), op: 'Activation', activation: read(context) }];

function clipBounds(context: OpContext): [number, number] {
  if (context.opset < 11) {
    return [context.attributes.float('min', -largestFloat), context.attributes.float('max', largestFloat)];
  }
  const [, min, max] = takeInputs(context, 1, 3) as [string, string, string];
  return [
    min === '' ? -largestFloat : constantNumber(context, min, 'min'),
    max === '' ? largestFloat : constantNumber(context, max, 'max'),
  ];
}

/** Bounds are attributes before opset 11, then inputs, which must be constants here. */
const clip: Converter = context => {
  const [min, max] = clipBounds(context);
  const [x] = takeInputs(context, 1, context.opset < 11 ? 1 : 3) as [string];
  return [{ ...baseOf(context, [x]), op: 'Activation', activation: { kind: 'clip', min, max } }];
};

/** Opset 6: a slope with one dimension belongs to the channels; from opset 7 on it broadcasts as everything does. */
const prelu: Converter = context => {
  const [x, slope] = takeInputs(context, 2) as [string, string];
  if (context.opset >= 7) return [{ ...baseOf(context, [x, slope]), op: 'PRelu' }];
  const rank = context.rank(slope);
  if (rank === null) throw opError('unsupported', context, `the shape of the slope '${slope}' is not known`);
  const single = context.constant(slope)?.dims.every(size => size === 1) ?? false;
  if (rank !== 1 || single) return [{ ...baseOf(context, [x, slope]), op: 'PRelu' }];
  const aligned = alignToAxis(context, slope, x, 1);
  return [...aligned.nodes, { ...baseOf(context, [x, aligned.value]), op: 'PRelu' }];
};

export const activationConverters: Readonly<Record<string, Converter>> = {
  Relu: activation(() => ({ kind: 'relu' })),
  LeakyRelu: activation(({ attributes }) => ({
    kind: 'leakyRelu',
    alpha: attributes.float('alpha', Math.fround(0.01)),
  })),
  Elu: activation(({ attributes }) => ({ kind: 'elu', alpha: attributes.float('alpha', 1) })),
  Sigmoid: activation(() => ({ kind: 'sigmoid' })),
  Tanh: activation(() => ({ kind: 'tanh' })),
  Clip: clip,
  PRelu: prelu,
};
