import type { ResizeNode } from '../graph/ir.js';
import { resizeScales } from '../graph/rules/extent.js';
import { resize, resizeRowBlock } from '../kernels/resize.js';
import type { Range } from '../plan/box.js';
import { type Context, whereOf } from './context.js';
import { channelsLast } from './layout.js';
import { ndhwcFields } from './spatial.js';

interface Axis {
  readonly inSize: number;
  readonly outSize: number;
  /** Output size per input size, as the model says it: not always outSize / inSize. */
  readonly scale: number;
}

/**
 * Position on the input axis that output index i asks for (ONNX Resize, coordinate_transformation_mode). In float32, as
 * onnxruntime has it: where a position falls on a boundary, its rounding decides which element is the nearest.
 */
function coordinate(node: ResizeNode, { inSize, outSize, scale }: Axis, i: number): number {
  const round = Math.fround;
  const halfPixel = () => round(round((i + 0.5) / round(scale)) - 0.5);
  switch (node.coordinates) {
    case 'half_pixel':
      return halfPixel();
    case 'pytorch_half_pixel':
      return outSize > 1 ? halfPixel() : 0;
    case 'asymmetric':
      return round(i / round(scale));
    case 'align_corners':
      return outSize > 1 ? round((i * (inSize - 1)) / (outSize - 1)) : 0;
  }
}

function nearestIndex(mode: ResizeNode['nearest'], position: number): number {
  switch (mode) {
    case 'round_prefer_floor':
      return Math.ceil(position - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(position + 0.5);
    case 'floor':
      return Math.floor(position);
    case 'ceil':
      return Math.ceil(position);
  }
}

/** Three words per index of the whole output: lower input index, upper input index, weight of the upper one. */
export function resizeTable(node: ResizeNode, axis: Axis): Int32Array {
  const words = new Int32Array(3 * axis.outSize);
  const weights = new Float32Array(words.buffer);
  const clamp = (index: number) => Math.min(Math.max(index, 0), axis.inSize - 1);
  for (let i = 0; i < axis.outSize; i++) {
    const position = coordinate(node, axis, i);
    if (node.mode === 'nearest') {
      const index = clamp(nearestIndex(node.nearest, position));
      words[3 * i] = index;
      words[3 * i + 1] = index;
      continue;
    }
    const inside = Math.min(Math.max(position, 0), axis.inSize - 1);
    const lower = Math.floor(inside);
    words[3 * i] = lower;
    words[3 * i + 1] = clamp(lower + 1);
    weights[3 * i + 2] = inside - lower;
  }
  return words;
}

/** The rows of a table for the outputs [begin, end), with input indices counted from `origin`. */
function localTable(table: Int32Array, [begin, end]: Range, origin: number): Int32Array {
  return table.slice(3 * begin, 3 * end).map((word, i) => (i % 3 === 2 ? word : word - origin));
}

export function lowerResize(context: Context, node: ResizeNode): void {
  const yName = node.outputs[0]!;
  const { scales } = resizeScales(node, context.operands(node));
  const x = context.inLayout(node.inputs[0]!, channelsLast);
  const y = context.output(yName, channelsLast);
  const shape = ndhwcFields(x.dims, y.dims);
  const inSizes = context.fullDims(node.inputs[0]!);
  const outSizes = context.fullDims(yName);
  const tables = scales.slice(2).map((scale, i) => {
    const axis = i + 2;
    const whole = resizeTable(node, { inSize: inSizes[axis]!, outSize: outSizes[axis]!, scale });
    return localTable(whole, context.out[axis]!, x.box[axis]![0]);
  });
  while (tables.length < 3) tables.unshift(Int32Array.of(0, 0, 0));
  const [tableDPtr, tableHPtr, tableWPtr] = tables.map(table => context.emitter.words(table));
  context.emitter.step(whereOf(node), resize, {
    ...shape,
    xPtr: x.address,
    yPtr: y.address,
    tableDPtr: tableDPtr!,
    tableHPtr: tableHPtr!,
    tableWPtr: tableWPtr!,
    mBlock: resizeRowBlock(shape),
  });
  context.define(yName, y);
}
