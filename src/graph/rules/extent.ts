/**
 * Inference for ops whose operands say how far the output extends (ONNX Slice, Pad, Resize), and the meaning of those operands.
 */
import type { Node, PadNode, ResizeNode, SliceNode } from '../ir.js';
import { showDims } from '../shape.js';
import {
  axesOf,
  type Inferred,
  integers,
  modelError,
  numbers,
  type Operand,
  type Operands,
  optional,
  required,
  sameType,
  show,
  unsupportedError,
} from './rule.js';

/** Indices start, start + step, ... (count of them) along one dimension. */
export interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/**
 * One dimension of a Slice: negative bounds count from the end, bounds beyond the ends are cut off. Backwards, a start before the
 * first element is moved onto it (ONNX Slice, opset 10 on; numpy would give nothing).
 */
export function sliceRange(size: number, start: number, end: number, step: number): Range {
  const forwards = step > 0;
  const clamp = (at: number, lowest: number) =>
    Math.min(Math.max(at < 0 ? at + size : at, lowest), forwards ? size : size - 1);
  const first = clamp(start, 0);
  const count = Math.max(Math.ceil((clamp(end, forwards ? 0 : -1) - first) / step), 0);
  return { start: count > 0 ? first : 0, step, count };
}

/** One range per dimension of x, whole ones where the node does not slice. */
export function sliceRanges(node: SliceNode, operands: Operands): Range[] {
  const x = required(node, operands, 0, 'data');
  const starts = integers(node, required(node, operands, 1, 'starts'), 'starts');
  const ends = integers(node, required(node, operands, 2, 'ends'), 'ends');
  const axes = axesOf(node, optionalIntegers(node, operands, 3, 'axes') ?? starts.map((_, i) => i), x);
  const steps = optionalIntegers(node, operands, 4, 'steps') ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    const lengths = `${starts.length}, ${ends.length}, ${axes.length} and ${steps.length}`;
    throw modelError(node, `starts, ends, axes and steps differ in length: ${lengths}`);
  }
  if (steps.includes(0)) throw modelError(node, `a step of 0 in ${show(x)}`);
  const ranges: Range[] = x.dims.map(count => ({ start: 0, step: 1, count }));
  for (const [i, axis] of axes.entries()) {
    ranges[axis] = sliceRange(x.dims[axis]!, starts[i]!, ends[i]!, steps[i]!);
  }
  return ranges;
}

export function inferSlice(node: SliceNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  return { node, dtype: x.dtype, dims: sliceRanges(node, operands).map(range => range.count) };
}

/** Elements added (negative: cut off) before and after each dimension of x. */
export function padAmounts(node: PadNode, operands: Operands): { begin: number[]; end: number[] } {
  const x = required(node, operands, 0, 'data');
  const pads = integers(node, required(node, operands, 1, 'pads'), 'pads');
  const axes = axesOf(node, optionalIntegers(node, operands, 3, 'axes') ?? x.dims.map((_, i) => i), x);
  if (pads.length !== 2 * axes.length) {
    throw modelError(node, `${pads.length} pads for ${axes.length} axes of the input ${show(x)}`);
  }
  const begin = x.dims.map(() => 0);
  const end = x.dims.map(() => 0);
  for (const [i, axis] of axes.entries()) {
    begin[axis] = pads[i]!;
    end[axis] = pads[i + axes.length]!;
  }
  return { begin, end };
}

export function inferPad(node: PadNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const value = optional(operands, 2);
  if (value) sameType(node, [x, value]);
  const { begin, end } = padAmounts(node, operands);
  const dims = x.dims.map((size, i) => size + begin[i]! + end[i]!);
  const shown = `pads ${showDims(begin)} and ${showDims(end)}`;
  if (dims.some(size => size < 0)) throw modelError(node, `${shown} cut off more than the input ${show(x)} has`);
  const reach = node.mode === 'reflect' ? 1 : 0;
  const tooFar = x.dims.some((size, i) => begin[i]! > size - reach || end[i]! > size - reach);
  if (node.mode === 'reflect' && tooFar) throw modelError(node, `${shown} reflect beyond the input ${show(x)}`);
  return { node, dtype: x.dtype, dims };
}

/** Output size over input size for each dimension of x: the given scales, or what the given sizes come to. */
export function resizeScales(node: ResizeNode, operands: Operands): { scales: number[]; dims: number[] } {
  const x = required(node, operands, 0, 'data');
  const scales = presentList(operands, 1);
  const sizes = presentList(operands, 2);
  if ((scales === null) === (sizes === null)) throw modelError(node, 'needs either scales or sizes');
  const list = scales
    ? Array.from(numbers(node, scales, 'scales'))
    : integers(node, sizes!, 'sizes').map((size, i) => size / x.dims[i]!);
  if (list.length !== x.dims.length) {
    throw modelError(node, `${list.length} ${scales ? 'scales' : 'sizes'} for the input ${show(x)}`);
  }
  if (!list.every(scale => scale > 0 && Number.isFinite(scale))) {
    throw modelError(node, `scales ${list.join(', ')} of the input ${show(x)} must be positive`);
  }
  // The product in float32, as onnxruntime has it: 2.3f * 10 is 23.
  const dims = scales
    ? x.dims.map((size, i) => Math.floor(Math.fround(size * list[i]!)))
    : [...integers(node, sizes!, 'sizes')];
  return { scales: list, dims };
}

export function inferResize(node: ResizeNode, operands: Operands): Inferred {
  const x = required(node, operands, 0, 'data');
  const { dims } = resizeScales(node, operands);
  if (x.dims.length < 3 || x.dims.length > 5 || dims[0] !== x.dims[0] || dims[1] !== x.dims[1]) {
    const sizes = `${show(x)} to ${showDims(dims)}`;
    throw unsupportedError(node, `${sizes}: only one to three spatial dimensions can be resized`);
  }
  return { node, dtype: x.dtype, dims };
}

/** The operand, unless it is absent or, as older exporters write it, empty. */
function presentList(operands: Operands, index: number): Operand | null {
  const operand = optional(operands, index);
  return operand && !(operand.dims.length === 1 && operand.dims[0] === 0) ? operand : null;
}

function optionalIntegers(node: Node, operands: Operands, index: number, what: string): readonly number[] | null {
  const operand = optional(operands, index);
  return operand ? integers(node, operand, what) : null;
}
