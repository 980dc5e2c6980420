/**
 * Arithmetic on shapes: pure functions on lists of sizes, row-major.
 */

/** Number of elements; 1 for a scalar. */
export const sizeOf = (dims: readonly number[]): number => dims.reduce((total, size) => total * size, 1);

/** For messages: "1x3x16x112x112"; a scalar is "scalar". */
export const showDims = (dims: readonly (number | string)[]): string => (dims.length > 0 ? dims.join('x') : 'scalar');

export const sameDims = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/** Elements from one index to the next along each dimension. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let i = dims.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * dims[i + 1]!;
  return strides;
}

/** The shape that both broadcast to (ONNX: multidirectional, numpy's rule), or null where they do not fit. */
export function broadcastDims(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const dims: number[] = [];
  for (let i = 0; i < rank; i++) {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return null;
    dims.push(left === 1 ? right : left);
  }
  return dims;
}

/** Whether `from` broadcasts to `to` without making it larger (ONNX: unidirectional). */
export function broadcastsTo(from: readonly number[], to: readonly number[]): boolean {
  const both = broadcastDims(from, to);
  return both !== null && sameDims(both, to);
}

/** Strides that read a tensor of shape `from` as if it had shape `to`: 0 along broadcast dimensions. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from);
  return to.map((_, i) => {
    const at = i - to.length + from.length;
    return at < 0 || from[at] === 1 ? 0 : strides[at]!;
  });
}

/** The axis counted from the front, or null where it is out of [-rank, rank). */
export function positiveAxis(axis: number, rank: number): number | null {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) return null;
  return axis < 0 ? axis + rank : axis;
}

/** For each element of a tensor of shape `dims`, row-major: offset + the sum of index times stride. */
export function stridedOffsets(dims: readonly number[], strides: readonly number[], offset: number): Float64Array {
  const offsets = new Float64Array(sizeOf(dims));
  const index = new Array<number>(dims.length).fill(0);
  let at = offset;
  for (let i = 0; i < offsets.length; i++) {
    offsets[i] = at;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      at -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return offsets;
}
