/**
 * Inference for ops that slide a window over spatial dimensions: convolution and pooling (ONNX Conv, MaxPool, AveragePool).
 */
import type { ConvNode, GlobalPoolNode, Node, PoolNode, Window } from '../ir.js';
import { sameDims, showDims } from '../shape.js';
import {
  floatType,
  type Inferred,
  modelError,
  type Operand,
  type Operands,
  optional,
  required,
  show,
  unsupportedError,
} from './rule.js';

/** Number of outputs along one axis; `extent` is the dilated kernel, and fits into the padded input. */
export interface AxisWindow {
  readonly size: number;
  readonly extent: number;
  readonly stride: number;
  readonly padBegin: number;
  readonly padEnd: number;
}

/**
 * Window positions along an axis. With `ceilMode` a last, partial window counts if it begins inside the input or the padding
 * before it (as in onnxruntime and the reference of ONNX from opset 22 on).
 */
export function outputSize({ size, extent, stride, padBegin, padEnd }: AxisWindow, ceilMode: boolean): number {
  const span = size + padBegin + padEnd - extent;
  if (!ceilMode) return Math.floor(span / stride) + 1;
  const count = Math.ceil(span / stride) + 1;
  return (count - 1) * stride >= size + padBegin ? count - 1 : count;
}

/** Padding that makes the output ceil(size / stride) long; the odd one goes after the input for `same_upper`. */
export function samePads(size: number, extent: number, stride: number, upper: boolean): [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + extent - size, 0);
  const less = Math.floor(total / 2);
  return upper ? [less, total - less] : [total - less, less];
}

function checkAttribute(node: Node, what: string, list: readonly number[], rank: number, least: number): void {
  if (list.length !== rank) throw modelError(node, `${what} ${list.join('x')} for ${rank} spatial dimensions`);
  if (!list.every(value => Number.isInteger(value) && value >= least)) {
    throw modelError(node, `${what} ${list.join('x')}: each must be at least ${least}`);
  }
}

/** The window with explicit pads, and the spatial sizes of the output. Lists that are empty take ONNX's defaults. */
function slide(node: Node, given: Window, x: Operand, kernel: readonly number[], ceilMode: boolean) {
  const sizes = x.dims.slice(2);
  const rank = sizes.length;
  const filled = (list: readonly number[], value: number) => (list.length > 0 ? list : sizes.map(() => value));
  const strides = filled(given.strides, 1);
  const dilations = filled(given.dilations, 1);
  checkAttribute(node, 'kernel', kernel, rank, 1);
  checkAttribute(node, 'strides', strides, rank, 1);
  checkAttribute(node, 'dilations', dilations, rank, 1);
  const extents = kernel.map((taps, i) => (taps - 1) * dilations[i]! + 1);
  let padsBegin = filled(given.autoPad === 'valid' ? [] : given.padsBegin, 0);
  let padsEnd = filled(given.autoPad === 'valid' ? [] : given.padsEnd, 0);
  if (given.autoPad === 'same_upper' || given.autoPad === 'same_lower') {
    const upper = given.autoPad === 'same_upper';
    const pairs = sizes.map((size, i) => samePads(size, extents[i]!, strides[i]!, upper));
    padsBegin = pairs.map(([begin]) => begin);
    padsEnd = pairs.map(([, end]) => end);
  }
  checkAttribute(node, 'pads', padsBegin, rank, 0);
  checkAttribute(node, 'pads', padsEnd, rank, 0);
  const padded = sizes.map((size, i) => size + padsBegin[i]! + padsEnd[i]!);
  if (sizes.some((size, i) => size === 0 || padded[i]! < extents[i]!)) {
    const shown = sameDims(kernel, extents)
      ? showDims(kernel)
      : `${showDims(kernel)} (dilated to ${showDims(extents)})`;
    throw modelError(node, `window ${shown} is larger than the input ${show(x)} padded to ${showDims(padded)}`);
  }
  const window: Window = { kernel, strides, dilations, padsBegin, padsEnd, autoPad: 'explicit' };
  const output = sizes.map((size, i) =>
    outputSize(
      { size, extent: extents[i]!, stride: strides[i]!, padBegin: padsBegin[i]!, padEnd: padsEnd[i]! },
      ceilMode,
    ),
  );
  return { window, output, extents };
}

function checkSpatial(node: Node, x: Operand): void {
  if (x.dims.length < 3) {
    throw modelError(node, `input ${show(x)} must have batch, channels and at least one spatial dimension`);
  }
  if (x.dims.length > 5) throw unsupportedError(node, `input ${show(x)} has more than three spatial dimensions`);
}

export function inferConv(node: ConvNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const w = required(node, operands, 1, 'weights');
  const bias = optional(operands, 2);
  const residual = optional(operands, 3);
  const dtype = floatType(node, operands);
  checkSpatial(node, x);
  if (w.dims.length !== x.dims.length) {
    throw modelError(node, `input ${show(x)} has rank ${x.dims.length}, weights ${show(w)} have rank ${w.dims.length}`);
  }
  const [outC, groupC, ...taps] = w.dims as [number, number, ...number[]];
  const kernel = node.window.kernel.length > 0 ? node.window.kernel : taps;
  if (!sameDims(kernel, taps)) {
    throw modelError(node, `kernel_shape ${showDims(kernel)} differs from that of the weights ${show(w)}`);
  }
  const { groups } = node;
  if (!Number.isInteger(groups) || groups < 1 || outC % groups !== 0) {
    throw modelError(node, `${groups} groups do not divide the outputs of the weights ${show(w)}`);
  }
  if (x.dims[1] !== groupC * groups) {
    throw modelError(
      node,
      `input ${show(x)} has ${x.dims[1]} channels, weights ${show(w)} take ${groupC} for each of ${groups} groups`,
    );
  }
  if (bias && !sameDims(bias.dims, [outC])) {
    throw modelError(node, `bias ${show(bias)} does not fit the ${outC} outputs of the weights ${show(w)}`);
  }
  const { window, output } = slide(node, node.window, x, kernel, false);
  const dims = [x.dims[0]!, outC, ...pooled(node, output)];
  if (residual && !sameDims(residual.dims, dims)) {
    throw modelError(node, `residual ${show(residual)} differs from the output ${showDims(dims)}`);
  }
  return { node: { ...node, window }, dtype, dims };
}

/** Sizes behind the Conv's own pool. */
function pooled(node: ConvNode, sizes: readonly number[]): readonly number[] {
  const { pool, activation } = node;
  if (!pool) return sizes;
  checkAttribute(node, 'pool', pool, sizes.length, 1);
  if (node.inputs[3] || (activation && activation.kind !== 'relu')) {
    throw modelError(node, 'has a pool behind a residual or an activation other than ReLU');
  }
  if (sizes.some((size, i) => size < pool[i]!)) {
    throw modelError(node, `pool ${showDims(pool)} is larger than what is convolved, ${showDims(sizes)}`);
  }
  return sizes.map((size, i) => Math.floor(size / pool[i]!));
}

export function inferPool(node: PoolNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const dtype = floatType(node, operands);
  checkSpatial(node, x);
  const { window, output, extents } = slide(node, node.window, x, node.window.kernel, node.ceilMode);
  if (extents.some((extent, i) => window.padsBegin[i]! >= extent || window.padsEnd[i]! >= extent)) {
    const pads = `${showDims(window.padsBegin)} and ${showDims(window.padsEnd)}`;
    throw modelError(node, `pads ${pads} leave windows ${showDims(extents)} wholly outside of the input ${show(x)}`);
  }
  return { node: { ...node, window }, dtype, dims: [...x.dims.slice(0, 2), ...output] };
}

export function inferGlobalPool(node: GlobalPoolNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const dtype = floatType(node, operands);
  checkSpatial(node, x);
  return { node, dtype, dims: x.dims.map((size, i) => (i < 2 ? size : 1)) };
}
