/** Boxes of constants that are constants themselves: nothing is read, the source is narrowed. */
import { bytesPerElement } from './constant.js';
import type { ByteSource, Constant } from './ir.js';
import { sizeOf } from './shape.js';

/**
 * The box [begin, end) per axis of a constant, where its elements lie in one run; null where they do not.
 */
export function sliceConstant(constant: Constant, box: readonly (readonly [number, number])[]): Constant | null {
  const { dims, scale } = constant;
  const sizes = box.map(([begin, end]) => end - begin);
  if (sizes.every((size, axis) => size === dims[axis])) return constant;
  const cut = sizes.findLastIndex((size, axis) => size !== dims[axis]);
  if (sizes.slice(0, cut).some(size => size !== 1)) return null;
  const start = box.reduce((at, [begin], axis) => at * dims[axis]! + begin, 0);
  const factors = scale?.factors.slice(...box[scale.axis]!);
  return {
    dtype: constant.dtype,
    dims: sizes,
    source: sliceSource(constant, start, sizeOf(sizes)),
    ...(scale && factors && { scale: { axis: scale.axis, factors } }),
  };
}

function sliceSource({ source, dtype }: Constant, start: number, count: number): ByteSource {
  const [offset, length] = [start * bytesPerElement[dtype], count * bytesPerElement[dtype]];
  switch (source.kind) {
    case 'bytes':
      return { kind: 'bytes', bytes: source.bytes.subarray(offset, offset + length) };
    case 'file':
      return { ...source, offset: source.offset + offset, length: Math.min(length, source.length - offset) };
    case 'generated':
      return { ...source, first: (source.first ?? 0) + start };
  }
}
