/** Convolution and pooling (ONNX Conv, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool; opset 6 to 26). */
import type { AutoPad, Window } from '../../graph/ir.js';
import { baseOf, type Converter, type OpContext, opError, takeInputs } from './context.js';

const autoPads: Readonly<Record<string, AutoPad>> = {
  NOTSET: 'explicit',
  SAME_UPPER: 'same_upper',
  SAME_LOWER: 'same_lower',
  VALID: 'valid',
};

function checkList(context: OpContext, name: string, values: readonly number[], count: number, least: number): void {
  if (values.length !== count) {
    throw opError('model', context, `${name} has ${values.length} numbers, ${count} are needed`);
  }
  const wrong = values.find(value => value < least);
  if (wrong !== undefined) throw opError('model', context, `${name} holds ${wrong}, at least ${least} is needed`);
}

/** Pads beside an auto_pad other than NOTSET do not count, as in onnxruntime. */
function readWindow(context: OpContext, kernel: readonly number[]): Window {
  const { attributes } = context;
  const rank = kernel.length;
  const autoPad = attributes.choice('auto_pad', 'NOTSET', autoPads);
  const strides = attributes.ints('strides') ?? kernel.map(() => 1);
  const dilations = attributes.ints('dilations') ?? kernel.map(() => 1);
  const givenPads = attributes.ints('pads') ?? kernel.flatMap(() => [0, 0]);
  const pads = autoPad === 'explicit' ? givenPads : kernel.flatMap(() => [0, 0]);
  if (rank < 1 || rank > 3) {
    throw opError('unsupported', context, `has ${rank} spatial dimensions, 1, 2 or 3 are supported`);
  }
  checkList(context, 'kernel_shape', kernel, rank, 1);
  checkList(context, 'strides', strides, rank, 1);
  checkList(context, 'dilations', dilations, rank, 1);
  checkList(context, 'pads', pads, 2 * rank, 0);
  return { kernel, strides, dilations, padsBegin: pads.slice(0, rank), padsEnd: pads.slice(rank), autoPad };
}

/** Sizes of the kernel; where they are not given they are those of the weights, which must be a constant then. */
function convKernel(context: OpContext, weights: string): readonly number[] {
  const given = context.attributes.ints('kernel_shape');
  if (given) return given;
  const constant = context.constant(weights);
  if (!constant) {
    throw opError('unsupported', context, `has no kernel_shape, and its weights '${weights}' are no constant`);
  }
  return constant.dims.slice(2);
}

const conv: Converter = context => {
  const [x, weights, bias] = takeInputs(context, 2, 3) as [string, string, string];
  const window = readWindow(context, convKernel(context, weights));
  const groups = context.attributes.int('group', 1);
  if (groups < 1) throw opError('model', context, `group is ${groups}, at least 1 is needed`);
  return [{ ...baseOf(context, [x, weights, bias, '']), op: 'Conv', window, groups, activation: null, pool: null }];
};

function readPoolWindow(context: OpContext): Window {
  const kernel = context.attributes.ints('kernel_shape');
  if (!kernel) throw opError('model', context, 'kernel_shape is missing');
  return readWindow(context, kernel);
}

const maxPool: Converter = context => {
  const window = readPoolWindow(context);
  const ceilMode = context.attributes.flag('ceil_mode', false);
  // The order of the Indices, an output that is refused where it is used.
  context.attributes.flag('storage_order', false);
  return [{ ...baseOf(context, takeInputs(context, 1)), op: 'MaxPool', window, ceilMode, countIncludePad: false }];
};

const averagePool: Converter = context => {
  const window = readPoolWindow(context);
  const ceilMode = context.attributes.flag('ceil_mode', false);
  const countIncludePad = context.attributes.flag('count_include_pad', false);
  return [{ ...baseOf(context, takeInputs(context, 1)), op: 'AveragePool', window, ceilMode, countIncludePad }];
};

const globalPool =
  (op: 'GlobalAveragePool' | 'GlobalMaxPool'): Converter =>
  context => [{ ...baseOf(context, takeInputs(context, 1)), op }];

export const windowConverters: Readonly<Record<string, Converter>> = {
  Conv: conv,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalPool('GlobalAveragePool'),
  GlobalMaxPool: globalPool('GlobalMaxPool'),
};
