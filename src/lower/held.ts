import { type Box, boxDims } from '../plan/box.js';
import type { Address } from './emitter.js';
import { type Layout, memoryOrder, stridesOf } from './layout.js';

/** Elements in memory: where, and how they lie there. */
export interface Held {
  readonly dims: readonly number[];
  readonly layout: Layout;
  readonly address: Address;
}

/** A value, or a box of it, as one memory holds it. Invariant: `dims` are the sizes of `box`. */
export interface Part extends Held {
  readonly box: Box;
}

export const offset = (address: Address, elements: number): Address => ({
  at: address.at,
  offsetBytes: address.offsetBytes + 4 * elements,
});

export const partOf = (box: Box, layout: Layout, address: Address): Part => ({
  box,
  dims: boxDims(box),
  layout,
  address,
});

/** A region of a part as nested loops, one per logical axis; planar rows with their halos. */
export interface Loops {
  readonly dims: readonly number[];
  readonly start: Address;
  readonly strides: readonly number[];
}

export function loopsOver(part: Part, region: Box): Loops {
  const strides = stridesOf(part.dims, part.layout);
  const dims = boxDims(region);
  const start = region.reduce((sum, [begin], axis) => sum + (begin - part.box[axis]![0]) * strides[axis]!, 0);
  if (part.layout.kind === 'planar') dims[dims.length - 1] = part.layout.pitch;
  return { dims, start: offset(part.address, start), strides };
}

/** Whether the elements of `inner`, a box in `outer`, lie in one run of a tensor that holds `outer` in this layout. */
export function isRun(inner: Box, outer: Box, layout: Layout): boolean {
  const sizes = boxDims(outer);
  const parts = boxDims(inner);
  const order = memoryOrder(sizes, layout);
  const cut = order.findLastIndex(axis => parts[axis] !== sizes[axis]);
  return order.slice(0, Math.max(0, cut)).every(axis => parts[axis] === 1);
}
