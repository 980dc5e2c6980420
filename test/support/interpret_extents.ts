/** What ONNX says of Pad and Resize, one output position after another. */
import type { PadNode, ResizeNode } from '../../src/graph/ir.js';
import { stridesOf } from '../../src/graph/shape.js';
import { indices, type Tensor } from './tensor.js';

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Negative pads cut off; `begin` and `end` have one entry per dimension. */
export function pad(
  node: PadNode,
  dims: readonly number[],
  x: Tensor,
  { begin, value }: { readonly begin: readonly number[]; readonly value: number },
): number[] {
  const strides = stridesOf(x.dims);
  const sources = dims.map((size, axis) =>
    Array.from({ length: size }, (_, i) => padSource(node.mode, i - begin[axis]!, x.dims[axis]!)),
  );
  return indices(dims).map(index => {
    const from = index.map((i, axis) => sources[axis]![i]!);
    return from.includes(-1) ? value : x.data[dot(from, strides)]!;
  });
}

/** The element of an axis that position i, counted from the input's first element, shows; -1: the padding value. */
function padSource(mode: PadNode['mode'], i: number, size: number): number {
  if (i >= 0 && i < size) return i;
  if (mode === 'constant') return -1;
  if (mode === 'edge') return i < 0 ? 0 : size - 1;
  return padSource(mode, i < 0 ? -i : 2 * (size - 1) - i, size);
}

export function resize(node: ResizeNode, dims: readonly number[], x: Tensor, scales: readonly number[]): number[] {
  const strides = stridesOf(x.dims);
  const axes = dims.map((size, axis) =>
    Array.from({ length: size }, (_, i) =>
      contributions(node, position(node, { i, size, from: x.dims[axis]!, scale: scales[axis]! }), x.dims[axis]!),
    ),
  );
  const along = (axis: number, offset: number, index: readonly number[]): number => {
    if (axis === dims.length) return x.data[offset]!;
    const parts = axes[axis]![index[axis]!]!;
    return parts.reduce(
      (sum, part) => sum + part.weight * along(axis + 1, offset + part.at * strides[axis]!, index),
      0,
    );
  };
  return indices(dims).map(index => along(0, 0, index));
}

interface Output {
  readonly i: number;
  readonly size: number;
  readonly from: number;
  readonly scale: number;
}

/** In float32, as in onnxruntime: ONNX does not say in which precision, and on a boundary the nearest element depends on it. */
function position({ coordinates }: ResizeNode, { i, size, from, scale: given }: Output): number {
  const scale = Math.fround(given);
  const halfPixel = () => Math.fround(Math.fround((i + 0.5) / scale) - 0.5);
  switch (coordinates) {
    case 'asymmetric':
      return Math.fround(i / scale);
    case 'align_corners':
      return size === 1 ? 0 : Math.fround((i * (from - 1)) / (size - 1));
    case 'pytorch_half_pixel':
      return size === 1 ? 0 : halfPixel();
    case 'half_pixel':
      return halfPixel();
  }
}

const roundings: Readonly<Record<ResizeNode['nearest'], (value: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: value => (value - Math.floor(value) > 0.5 ? Math.ceil(value) : Math.floor(value)),
  round_prefer_ceil: value => (value - Math.floor(value) < 0.5 ? Math.floor(value) : Math.ceil(value)),
};

/** Which elements of an axis make up the value at a position on it; beyond the ends the last element goes on. */
function contributions(node: ResizeNode, at: number, size: number): { at: number; weight: number }[] {
  const inside = (index: number) => Math.min(Math.max(index, 0), size - 1);
  if (node.mode === 'nearest') return [{ at: inside(roundings[node.nearest](at)), weight: 1 }];
  const lower = Math.floor(at);
  const parts = [
    { at: inside(lower), weight: 1 - (at - lower) },
    { at: inside(lower + 1), weight: at - lower },
  ];
  return parts.filter(({ weight }) => weight !== 0);
}
