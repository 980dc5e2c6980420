/**
 * Folds y * factor + term, one factor and term per channel, into the Conv or Gemm that computes y. No weight is read: the factors go to
 * the weights' `scale`; the new bias is a small float32 constant, computed in float64.
 */
import { makeConstant, readNumbers } from '../graph/constant.js';
import type { Constant, ConvNode, GemmNode, Node } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { type Attempt, isFloat32, notAlone, type View } from './fusion.js';

/** Per channel (axis 1 of y); null where it is 1 or 0 for all. */
export interface Affine {
  readonly factors: Float64Array | null;
  readonly terms: Float64Array | null;
}

/** Folds `node`, which applies the affine to `value`, into the node that computes `value`. */
export function foldAffine(view: View, node: Node, value: string, affine: Affine): Attempt {
  const target = view.producer(value)?.node;
  if (target?.op !== 'Conv' && target?.op !== 'Gemm')
    return { refused: `'${value}' is not computed by a Conv or Gemm` };
  const label = `${target.op} '${target.name}'`;
  const shared = notAlone(view, value);
  if (shared) return { refused: shared };
  if (!isFloat32(view, value)) return { refused: `${label} is not in float32` };
  if (target.op === 'Conv' && target.pool) return { refused: `${label} has its pool before it` };
  if (target.activation) return { refused: `${label} has its activation before it` };
  if (target.op === 'Conv' && target.inputs[3] && affine.factors)
    return { refused: `${label} has its residual before it` };
  const wrong = [affine.factors, affine.terms].map(list => firstNotFinite(list)).find(at => at !== -1);
  if (wrong !== undefined) return { refused: `the factor or term of channel ${wrong} is not finite in float32` };

  const constants: (readonly [string, Constant])[] = [];
  const inputs = [...target.inputs];
  if (affine.factors) {
    const weights = view.constant(inputs[1]!);
    const scaled = weights ? scaleWeights(weights, target, affine.factors) : 'are not constant';
    if (typeof scaled === 'string') return { refused: `the weights '${inputs[1]}' of ${label} ${scaled}` };
    inputs[1] = view.fresh(`${inputs[1]}/${node.name}`);
    constants.push([inputs[1], scaled]);
  }
  const channels = view.graph.types.get(value)!.dims[1]!;
  const given = inputs[2] ? biasValues(view, target, inputs[2], channels) : null;
  if (typeof given === 'string') return { refused: `the bias '${inputs[2]}' of ${label} ${given}` };
  if (given || affine.terms) {
    const bias = Float64Array.from(
      { length: channels },
      (_, i) => (given?.[i] ?? 0) * (affine.factors?.[i] ?? 1) + (affine.terms?.[i] ?? 0),
    );
    if (firstNotFinite(bias) !== -1) return { refused: `the new bias of ${label} is not finite in float32` };
    inputs[2] = view.fresh(`${inputs[2] || target.name}/${node.name}/bias`);
    constants.push([inputs[2], makeConstant('float32', [channels], bias)]);
  }
  const fused: ConvNode | GemmNode =
    target.op === 'Conv'
      ? { ...target, inputs, outputs: node.outputs }
      : { ...target, inputs, outputs: node.outputs, beta: 1 };
  return { absorbed: target, node: fused, constants, reason: `into ${label}` };
}

/** The weights with one factor per output channel, or why that is not possible. */
function scaleWeights(weights: Constant, target: ConvNode | GemmNode, factors: Float64Array): Constant | string {
  if (weights.dtype !== 'float32') return `are ${weights.dtype}`;
  const axis = target.op === 'Gemm' && !target.transB ? 1 : 0;
  const before = weights.scale;
  if (before && before.axis !== axis) return `are scaled along axis ${before.axis} already`;
  const product = factors.map((factor, i) => factor * (before?.factors[i] ?? 1));
  if (firstNotFinite(product) !== -1) return 'take a factor that is not finite in float32';
  return { ...weights, scale: { axis, factors: Float32Array.from(product) } };
}

/** What the node adds to each channel so far (beta * c of a Gemm), or why that is not known. */
function biasValues(view: View, target: ConvNode | GemmNode, name: string, channels: number): Float64Array | string {
  const bias = view.constant(name);
  if (!bias) return 'is not constant';
  const values = perChannel(bias, target.op === 'Conv' ? [channels] : [1, channels], target.op === 'Conv' ? 0 : 1);
  if (!values) return 'is not one value per channel';
  return target.op === 'Gemm' ? values.map(value => value * target.beta) : values;
}

/**
 * The constant as one value per index of `axis`, where it broadcasts to a tensor of shape `dims` and varies along that axis
 * alone; otherwise null.
 */
export function perChannel(constant: Constant, dims: readonly number[], axis: number): Float64Array | null {
  const count = sizeOf(constant.dims);
  const at = axis - dims.length + constant.dims.length;
  const single = count === 1;
  if (!constant.dtype.startsWith('float') || constant.dims.length > dims.length) return null;
  if (!single && (count !== dims[axis] || constant.dims[at] !== count)) return null;
  const values = readNumbers(constant);
  return single ? new Float64Array(dims[axis]!).fill(values[0]!) : values;
}

const firstNotFinite = (values: Float64Array | null): number =>
  values ? values.findIndex(value => !Number.isFinite(Math.fround(value))) : -1;
