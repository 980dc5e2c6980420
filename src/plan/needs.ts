/**
 * The geometry of each op: what it reads for a box of its output, and where its output may be cut. Invariant: a box of an
 * output, computed from the needed boxes alone, has the values that it has in the whole layer.
 */
import type { ConvNode, GemmNode, Node, SoftmaxNode, TypedGraph, Window } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { type Box, type Range, wholeBox } from './box.js';

const sizesOf = (graph: TypedGraph, name: string): readonly number[] => graph.types.get(name)!.dims;

/**
 * The box of each operand, constants included, that is read to compute `out` of the node's output. Null for an absent operand
 * ('') and for one of which nothing is read. Windows are cut off at the tensor; where they lie in padding alone, one element
 * of the tensor is named all the same.
 */
export function needsOf(graph: TypedGraph, node: Node, out: Box): (Box | null)[] {
  const boxes = operandBoxes(graph, node, out);
  return node.inputs.map((name, index) => (name === '' || sizeOf(sizesOf(graph, name)) === 0 ? null : boxes(index)));
}

/** The rule of the node's op: from the index of a present operand to its box. */
function operandBoxes(graph: TypedGraph, node: Node, out: Box): (index: number) => Box | null {
  const dims = (index: number) => sizesOf(graph, node.inputs[index]!);
  const whole = (index: number) => wholeBox(dims(index));
  const first = (box: Box) => (index: number) => (index === 0 ? box : whole(index));
  switch (node.op) {
    case 'Conv': {
      const w = dims(1);
      const channels = out[1]!;
      const boxes = [convInput(graph, node, out), [channels, ...wholeBox(w.slice(1))], [channels], out];
      return index => boxes[index]!;
    }
    case 'Gemm':
      return index => gemmOperand(node, dims(index), index, out);
    case 'MaxPool':
    case 'AveragePool':
      return first([out[0]!, out[1]!, ...windowRanges(node.window, dims(0).slice(2), out.slice(2))]);
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
      return first([out[0]!, out[1]!, ...wholeBox(dims(0).slice(2))]);
    case 'BatchNormalization':
      return index => (index === 0 ? out : [out[1]!]);
    case 'Activation':
    case 'Identity':
    case 'Cast':
      return first(out);
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
    case 'PRelu':
      return index => broadcastBox(dims(index), out);
    case 'Softmax':
    case 'LogSoftmax':
      return first(out.map((range, axis) => (isNormalised(node, axis) ? [0, dims(0)[axis]!] : range)));
    case 'Concat':
      return index => concatPart(graph, node.inputs, node.axis, index, out);
    case 'Resize': {
      const outSizes = sizesOf(graph, node.outputs[0]!);
      return first(out.map((range, axis) => (axis < 2 ? range : resizeRange(range, dims(0)[axis]!, outSizes[axis]!))));
    }
    default:
      return whole;
  }
}

/**
 * A box at an edge of the output needs the input up to its edge, though no window may reach there (strides, and outputs that fill no
 * window of a pool): tiles that hang over the output read it, and their bits are not to depend on what is held.
 */
function convInput(graph: TypedGraph, node: ConvNode, out: Box): Box {
  const [x, w, y] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!].map(name => sizesOf(graph, name));
  const [outC, groupInC] = w as [number, number];
  const groupOutC = outC / node.groups;
  const [begin, end] = out[1]!;
  const channels: Range = [Math.floor(begin / groupOutC) * groupInC, Math.ceil(end / groupOutC) * groupInC];
  const [sizes, outSizes, outRanges] = [x!.slice(2), y!.slice(2), out.slice(2)];
  const { pool } = node;
  const convolved = outRanges.map(([from, to], i): Range => (pool ? [from * pool[i]!, to * pool[i]!] : [from, to]));
  const read = windowRanges(node.window, sizes, convolved).map(([first, last], i): Range => {
    const [from, to] = outRanges[i]!;
    return [from === 0 ? 0 : first, to === outSizes[i] ? sizes[i]! : last];
  });
  return [out[0]!, channels, ...read];
}

/** What windows at the output positions `out` reach of the input, one range per spatial axis. */
const windowRanges = (window: Window, sizes: readonly number[], out: readonly Range[]): Range[] =>
  sizes.map((size, i) =>
    tappedRange({ taps: window.kernel[i]!, stride: window.strides[i]!, dilation: window.dilations[i]! }, out[i]!, {
      size,
      pad: window.padsBegin[i]!,
    }),
  );

/** From the first to the last element that any tap of any of these windows falls on. */
function tappedRange(
  { taps, stride, dilation }: { readonly taps: number; readonly stride: number; readonly dilation: number },
  [begin, end]: Range,
  { size, pad }: { readonly size: number; readonly pad: number },
): Range {
  let first = size;
  let last = -1;
  for (let tap = 0; tap < taps; tap++) {
    const shift = tap * dilation - pad;
    const lowest = Math.max(begin, Math.ceil(-shift / stride));
    const highest = Math.min(end - 1, Math.floor((size - 1 - shift) / stride));
    if (lowest > highest) continue;
    first = Math.min(first, lowest * stride + shift);
    last = Math.max(last, highest * stride + shift);
  }
  if (first <= last) return [first, last + 1];
  const nearest = Math.min(Math.max(begin * stride - pad, 0), size - 1);
  return [nearest, nearest + 1];
}

function gemmOperand({ transA, transB }: GemmNode, dims: readonly number[], index: number, out: Box): Box {
  const [rows, columns] = out as [Range, Range];
  if (index === 0) return transA ? [[0, dims[0]!], rows] : [rows, [0, dims[1]!]];
  if (index === 1) return transB ? [columns, [0, dims[1]!]] : [[0, dims[0]!], columns];
  return broadcastBox(dims, out);
}

/** An operand of these sizes, broadcast to the output: aligned at the last axis, sizes of 1 stay. */
const broadcastBox = (dims: readonly number[], out: Box): Box =>
  dims.map((size, axis) => (size === 1 ? [0, 1] : out[axis + out.length - dims.length]!));

/** Whether a softmax combines the elements along this axis. */
const isNormalised = ({ axis, flattened }: SoftmaxNode, at: number): boolean => (flattened ? at >= axis : at === axis);

function concatPart(graph: TypedGraph, inputs: readonly string[], axis: number, index: number, out: Box): Box | null {
  const length = (name: string) => sizesOf(graph, name)[axis]!;
  const start = inputs.slice(0, index).reduce((sum, name) => sum + length(name), 0);
  const begin = Math.max(out[axis]![0] - start, 0);
  const end = Math.min(out[axis]![1] - start, length(inputs[index]!));
  return begin < end ? out.map((range, at) => (at === axis ? [begin, end] : range)) : null;
}

/**
 * Enough for every mode of Resize: its positions, scales other than the ratio of the sizes, and interpolation reach less than
 * the margin beyond the range in proportion.
 */
function resizeRange([begin, end]: Range, inSize: number, outSize: number): Range {
  const ratio = inSize / outSize;
  const margin = Math.ceil(ratio) + 2;
  return [Math.max(Math.floor(begin * ratio) - margin, 0), Math.min(Math.ceil(end * ratio) + margin, inSize)];
}

/** Columns of a packed panel of weights: a cut between panels leaves none half empty. */
const panelChannels = 8;

/**
 * Where the node's output may be cut, one number per axis: 0 where it may not be, otherwise cuts may lie at its multiples.
 * The batch is never cut, and of an image neither is its last axis, along which kernels vectorise. Groups of a convolution
 * stay whole. A layer that reads one value in two ways is not cut: its parts would need two boxes of it.
 */
export function cutGrid(graph: TypedGraph, node: Node): readonly number[] {
  const dims = sizesOf(graph, node.outputs[0]!);
  const channels = readsInTwoWays(graph, node) ? 0 : channelGrid(node, dims);
  return dims.map((_, axis) => {
    if (channels === 0 || dims.length > 5 || axis === 0) return 0;
    if ((node.op === 'Softmax' || node.op === 'LogSoftmax') && isNormalised(node, axis)) return 0;
    if (axis === 1) return channels;
    return axis < dims.length - 1 ? 1 : 0;
  });
}

/**
 * Whether operands that are read by different rules are one value. What a convolution convolves and adds counts where it is
 * constant: a computed residual is an operand of its own.
 */
function readsInTwoWays({ constants }: TypedGraph, { op, inputs }: Node): boolean {
  if (op !== 'Gemm' && op !== 'Conv') return false;
  const names = inputs.filter(name => name !== '' && (op === 'Gemm' || constants.has(name)));
  return new Set(names).size < names.length;
}

/** Along the channels; 0 for ops that are not cut at all. */
function channelGrid(node: Node, dims: readonly number[]): number {
  switch (node.op) {
    case 'Gemm':
      return panelChannels;
    case 'Conv': {
      const groupOutC = node.groups === 1 ? 1 : dims[1]! / node.groups;
      return Math.ceil(panelChannels / groupOutC) * groupOutC;
    }
    case 'MaxPool':
    case 'AveragePool':
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
    case 'BatchNormalization':
    case 'Activation':
    case 'Identity':
    case 'Cast':
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
    case 'PRelu':
    case 'Softmax':
    case 'LogSoftmax':
    case 'Concat':
    case 'Resize':
      return 1;
    default:
      return 0;
  }
}
