import { stridesOf as denseStrides, sizeOf } from '../graph/shape.js';

/**
 * How a tensor lies in memory. A property of the buffer, not of the value: lowering may hold one value in several layouts.
 *
 * - `rowMajor`: ONNX's own order.
 * - `channelsLast`: [N, spatial..., C], what most kernels work on. Ranks 3 to 5 only.
 * - `planar`: [N, spatial but the last..., C, last], and each row of the last dimension starts `halo` zeros into a pitch of
 *   `pitch` floats.
 */
export type Layout =
  | { readonly kind: 'rowMajor' }
  | { readonly kind: 'channelsLast' }
  | { readonly kind: 'planar'; readonly halo: number; readonly pitch: number };

export const rowMajor: Layout = { kind: 'rowMajor' };
export const channelsLast: Layout = { kind: 'channelsLast' };

/** The tensor's dimensions from outermost to innermost in memory. */
export function memoryOrder(dims: readonly number[], layout: Layout): number[] {
  const order = dims.map((_, axis) => axis);
  switch (layout.kind) {
    case 'rowMajor':
      return order;
    case 'channelsLast':
      return [0, ...order.slice(2), 1];
    case 'planar':
      return [0, ...order.slice(2, -1), 1, order.length - 1];
  }
}

/** Stride in elements of each logical dimension. */
export function stridesOf(dims: readonly number[], layout: Layout): number[] {
  const order = memoryOrder(dims, layout);
  const sizes = order.map(axis => dims[axis]!);
  if (layout.kind === 'planar') sizes[sizes.length - 1] = layout.pitch;
  const dense = denseStrides(sizes);
  const strides = new Array<number>(dims.length);
  order.forEach((axis, i) => {
    strides[axis] = dense[i]!;
  });
  return strides;
}

/** Elements before the first one: the left halo of a planar tensor. */
export const leadOf = (layout: Layout): number => (layout.kind === 'planar' ? layout.halo : 0);

/** Elements from the first to the last, halos included. */
export function extentOf(dims: readonly number[], layout: Layout): number {
  return layout.kind === 'planar' ? sizeOf(dims.slice(0, -1)) * layout.pitch : sizeOf(dims);
}

/** Whether a buffer in one layout is one in the other too: every element at the same place, and no halo in one of them only. */
export function sameBytes(dims: readonly number[], a: Layout, b: Layout): boolean {
  if (leadOf(a) !== leadOf(b) || extentOf(dims, a) !== extentOf(dims, b)) return false;
  const left = stridesOf(dims, a);
  const right = stridesOf(dims, b);
  return dims.every((size, axis) => size === 1 || left[axis] === right[axis]);
}
