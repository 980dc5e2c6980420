/** Resampling (ONNX Resize of opsets 10, 11, 13, 18 and 19, Upsample of opsets 7 and 9). */
import { makeConstant, readNumbers } from '../../graph/constant.js';
import type { Node, ResizeNode } from '../../graph/ir.js';
import { baseOf, type Converter, type OpContext, opError, takeInputs } from './context.js';

const modes: Readonly<Record<string, ResizeNode['mode']>> = { nearest: 'nearest', linear: 'linear' };
const coordinateModes: Readonly<Record<string, ResizeNode['coordinates']>> = {
  half_pixel: 'half_pixel',
  pytorch_half_pixel: 'pytorch_half_pixel',
  asymmetric: 'asymmetric',
  align_corners: 'align_corners',
};
const nearestModes: Readonly<Record<string, ResizeNode['nearest']>> = {
  round_prefer_floor: 'round_prefer_floor',
  round_prefer_ceil: 'round_prefer_ceil',
  floor: 'floor',
  ceil: 'ceil',
};

/** Sizes or scales for every dimension, and the nodes that compute them where they are not at hand. */
interface Extents {
  readonly scales: string;
  readonly sizes: string;
  readonly nodes: readonly Node[];
}

/** A constant without elements stands for an absent input (opset 11 and 13). */
function present(context: OpContext, value: string): string {
  return value !== '' && context.constant(value)?.dims.includes(0) ? '' : value;
}

/**
 * Before opset 11 coordinates are asymmetric. `nearest` rounds down where all scales enlarge, and up where all reduce, as in
 * onnxruntime; ONNX itself does not say.
 */
function legacyNearest(context: OpContext, scales: string): ResizeNode['nearest'] {
  const constant = context.constant(scales);
  if (!constant) return 'floor';
  const numbers = readNumbers(constant);
  if (!numbers.some(scale => scale < 1)) return 'floor';
  if (numbers.some(scale => scale > 1)) {
    throw opError('unsupported', context, `scales ${numbers.join(', ')} reduce and enlarge, in opset ${context.opset}`);
  }
  return 'ceil';
}

function legacy(context: OpContext, x: string, scales: string): readonly Node[] {
  const mode = context.attributes.choice('mode', 'nearest', modes);
  const nearest = mode === 'nearest' ? legacyNearest(context, scales) : 'floor';
  return [{ ...baseOf(context, [x, scales, '']), op: 'Resize', mode, coordinates: 'asymmetric', nearest }];
}

/** Opset 7 has scales as an attribute, opset 9 as an input; opset 10 replaced the op. */
const upsample: Converter = context => {
  if (context.opset >= 10) throw opError('model', context, `does not exist in opset ${context.opset}`);
  if (context.opset < 7) throw opError('unsupported', context, `is not supported in opset ${context.opset}`);
  if (context.opset >= 9) {
    const [x, scales] = takeInputs(context, 2) as [string, string];
    return legacy(context, x, scales);
  }
  const [x] = takeInputs(context, 1) as [string];
  const numbers = context.attributes.floats('scales');
  if (!numbers) throw opError('model', context, "attribute 'scales' is missing");
  return legacy(context, x, context.addConstant('scales', makeConstant('float32', [numbers.length], numbers)));
};

/** `axes`, ascending neighbours counted from the front, of an input of that rank: [first, end). */
function axisRange(context: OpContext, axes: readonly number[], rank: number): { first: number; end: number } {
  const positive = axes.map(axis => (axis < 0 ? axis + rank : axis));
  const first = positive[0] ?? 0;
  const end = first + positive.length;
  if (first < 0 || end > rank || positive.some((axis, i) => axis !== first + i)) {
    throw opError('unsupported', context, `axes ${axes.join(', ')} are not ascending neighbours below rank ${rank}`);
  }
  return { first, end };
}

/** Dimensions [first, end) of `rank`. */
interface Range {
  readonly first: number;
  readonly end: number;
  readonly rank: number;
}

/** Sizes of all dimensions: those of x before and behind the axes, the given ones between. */
function sizesOfAll(context: OpContext, x: string, sizes: string, { first, end, rank }: Range): Extents {
  const int64Shape = (role: string, start: number, stop: number): Node => {
    const name = context.freshName(role);
    return { op: 'Shape', name, inputs: [x], outputs: [name], start, end: stop };
  };
  const before = first > 0 ? [int64Shape('sizes_before', 0, first)] : [];
  const behind = end < rank ? [int64Shape('sizes_behind', end, rank)] : [];
  const name = context.freshName('sizes');
  const parts = [...before.map(node => node.outputs[0]!), sizes, ...behind.map(node => node.outputs[0]!)];
  const concat: Node = { op: 'Concat', name, inputs: parts, outputs: [name], axis: 0 };
  return { scales: '', sizes: name, nodes: [...before, ...behind, concat] };
}

function scalesOfAll(context: OpContext, scales: string, { first, end, rank }: Range): Extents {
  const constant = context.constant(scales);
  if (!constant) throw opError('unsupported', context, `has axes, and its scales '${scales}' are no constant`);
  const given = readNumbers(constant);
  if (given.length !== end - first) {
    throw opError('model', context, `has ${given.length} scales for ${end - first} axes`);
  }
  const all = new Array<number>(rank).fill(1);
  for (let i = first; i < end; i++) all[i] = given[i - first]!;
  return { scales: context.addConstant('scales', makeConstant('float32', [rank], all)), sizes: '', nodes: [] };
}

/** From opset 18 on scales and sizes may be given for some axes only. */
function extentsOf(context: OpContext, x: string, scales: string, sizes: string): Extents {
  const axes = context.opset >= 18 ? context.attributes.ints('axes') : null;
  if (!axes) return { scales, sizes, nodes: [] };
  const rank = context.rank(x);
  if (rank === null) throw opError('unsupported', context, `has axes, and the rank of '${x}' is not known`);
  const range = { ...axisRange(context, axes, rank), rank };
  return scales === '' ? sizesOfAll(context, x, sizes, range) : scalesOfAll(context, scales, range);
}

/** Attributes that change the result of the supported modes must have the value that does not. */
function refuseVariants(context: OpContext): void {
  const { attributes, opset } = context;
  attributes.ignore('cubic_coeff_a', 'extrapolation_value');
  if (attributes.flag('exclude_outside', false))
    throw opError('unsupported', context, 'exclude_outside is not supported');
  if (opset < 18) return;
  if (attributes.flag('antialias', false)) throw opError('unsupported', context, 'antialias is not supported');
  attributes.choice('keep_aspect_ratio_policy', 'stretch', { stretch: true });
}

const resize: Converter = context => {
  const { attributes, opset } = context;
  if (opset < 10) throw opError('model', context, `does not exist in opset ${opset}`);
  if (opset === 10) {
    const [x, scales] = takeInputs(context, 2) as [string, string];
    return legacy(context, x, scales);
  }
  const inputs = takeInputs(context, 1, 4) as [string, string, string, string];
  const mode = attributes.choice('mode', 'nearest', modes);
  const coordinates = attributes.choice('coordinate_transformation_mode', 'half_pixel', coordinateModes);
  const nearest = attributes.choice('nearest_mode', 'round_prefer_floor', nearestModes);
  refuseVariants(context);
  const [x] = inputs;
  const sizes = present(context, inputs[3]);
  const scales = present(context, inputs[2]);
  if ((scales === '') === (sizes === '')) {
    throw opError('model', context, scales === '' ? 'has neither scales nor sizes' : 'has both scales and sizes');
  }
  const extents = extentsOf(context, x, scales, sizes);
  const node: ResizeNode = {
    ...baseOf(context, [x, extents.scales, extents.sizes]),
    op: 'Resize',
    mode,
    coordinates,
    nearest,
  };
  return [...extents.nodes, node];
};

export const resizeConverters: Readonly<Record<string, Converter>> = { Resize: resize, Upsample: upsample };
