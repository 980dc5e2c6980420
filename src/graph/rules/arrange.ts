/**
 * Inference for ops that only rearrange elements within the same shape or rank (ONNX Reshape, Flatten, Squeeze, Unsqueeze,
 * Transpose, Concat, Shape, Gather).
 */
import type { ConcatNode, FlattenNode, GatherNode, ReshapeNode, ShapeNode, SqueezeNode, TransposeNode } from '../ir.js';
import { showDims, sizeOf } from '../shape.js';
import {
  axesOf,
  axisOf,
  type Inferred,
  integers,
  modelError,
  type Operands,
  optional,
  required,
  sameType,
  show,
} from './rule.js';

/** Axis may equal the rank: everything goes to the left. */
export function inferFlatten(node: FlattenNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const rank = x.dims.length;
  const axis = node.axis === rank ? rank : axisOf(node, node.axis, x);
  const dims = [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))];
  return { node: { ...node, axis }, dtype: x.dtype, dims };
}

/** 0 copies the input's size (unless allowzero), -1 takes what is left. */
export function inferReshape(node: ReshapeNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const target = integers(node, required(node, operands, 1, 'shape'), 'shape');
  const mismatch = () => modelError(node, `input ${show(x)} does not take the shape ${showDims(target)}`);
  const free = target.indexOf(-1);
  if (target.some(size => size < -1) || free !== target.lastIndexOf(-1)) throw mismatch();
  if (node.allowZero && free >= 0 && target.includes(0)) throw mismatch();
  const dims = target.map((size, i) => {
    if (size !== 0 || node.allowZero) return size;
    if (i >= x.dims.length) throw mismatch();
    return x.dims[i]!;
  });
  const total = sizeOf(x.dims);
  if (free >= 0) {
    const rest = sizeOf(dims.filter((_, i) => i !== free));
    if (rest === 0 || total % rest !== 0) throw mismatch();
    dims[free] = total / rest;
  }
  if (sizeOf(dims) !== total) throw mismatch();
  return { node, dtype: x.dtype, dims };
}

export function inferTranspose(node: TransposeNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const rank = x.dims.length;
  const perm = node.perm.length > 0 ? node.perm : x.dims.map((_, i) => rank - 1 - i);
  const valid = perm.length === rank && x.dims.every((_, i) => perm.includes(i));
  if (!valid) throw modelError(node, `perm ${perm.join(', ')} does not order the dimensions of ${show(x)}`);
  return { node: { ...node, perm }, dtype: x.dtype, dims: perm.map(axis => x.dims[axis]!) };
}

export function inferSqueeze(node: SqueezeNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const given = optional(operands, 1);
  if (node.op === 'Unsqueeze') {
    const list = integers(node, required(node, operands, 1, 'axes'), 'axes');
    const rank = x.dims.length + list.length;
    const axes = axesOf(node, list, x, rank);
    const rest = [...x.dims];
    const dims = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!));
    return { node, dtype: x.dtype, dims };
  }
  const axes = given ? axesOf(node, integers(node, given, 'axes'), x) : null;
  const wrong = axes?.find(axis => x.dims[axis] !== 1);
  if (wrong !== undefined) throw modelError(node, `axis ${wrong} of ${show(x)} is ${x.dims[wrong]} long, not 1`);
  const dims = x.dims.filter((size, i) => (axes ? !axes.includes(i) : size !== 1));
  return { node, dtype: x.dtype, dims };
}

export function inferConcat(node: ConcatNode, operands: Operands): Inferred {
  const first = required(node, operands, 0, 'data');
  const parts = operands.map((_, i) => required(node, operands, i, 'data'));
  const dtype = sameType(node, parts);
  const axis = axisOf(node, node.axis, first);
  for (const part of parts) {
    const fits =
      part.dims.length === first.dims.length && part.dims.every((size, i) => i === axis || size === first.dims[i]);
    if (!fits) throw modelError(node, `${show(first)} and ${show(part)} differ in another axis than ${axis}`);
  }
  const length = parts.reduce((total, part) => total + part.dims[axis]!, 0);
  return { node: { ...node, axis }, dtype, dims: first.dims.map((size, i) => (i === axis ? length : size)) };
}

export function inferShape(node: ShapeNode, operands: Operands): Inferred {
  const rank = required(node, operands, 0, 'data').dims.length;
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + rank : at, 0), rank);
  const start = clamp(node.start);
  const end = clamp(node.end ?? rank);
  return { node: { ...node, start, end }, dtype: 'int64', dims: [Math.max(end - start, 0)] };
}

export function inferGather(node: GatherNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const indices = required(node, operands, 1, 'indices');
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32') {
    throw modelError(node, `wrong type: indices ${show(indices)} are ${indices.dtype}, int64 or int32 is needed`);
  }
  const axis = axisOf(node, node.axis, x);
  const size = x.dims[axis]!;
  const wrong = Array.from(indices.numbers() ?? []).find(index => index < -size || index >= size);
  if (wrong !== undefined) throw modelError(node, `index ${wrong} does not exist along axis ${axis} of ${show(x)}`);
  return {
    node: { ...node, axis },
    dtype: x.dtype,
    dims: [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)],
  };
}
