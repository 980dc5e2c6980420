import { NumavoxError } from '../errors.js';
import { copy, copyRowBlock, fill, fillBlock } from '../kernels/copy.js';
import type { Address, Emitter } from './emitter.js';

/** A box of elements read with one set of strides and written with another (elements, one per dimension). */
export interface BoxCopy {
  readonly dims: readonly number[];
  readonly x: Address;
  readonly xStrides: readonly number[];
  readonly y: Address;
  readonly yStrides: readonly number[];
}

interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/**
 * Rewrites nested loops with as few dimensions as possible: unit ones go, neighbours that step alike in every operand
 * merge. `strides` holds one list per operand. At least one dimension remains.
 */
export function mergeLoops(
  dims: readonly number[],
  strides: readonly (readonly number[])[],
): { dims: number[]; strides: number[][] } {
  const axes: Axis[] = [];
  dims.forEach((size, axis) => {
    if (size === 1) return;
    const here = strides.map(operand => operand[axis]!);
    const outer = axes.at(-1);
    if (outer?.strides.every((stride, operand) => stride === here[operand]! * size)) {
      axes[axes.length - 1] = { size: outer.size * size, strides: here };
    } else {
      axes.push({ size, strides: here });
    }
  });
  if (axes.length === 0) axes.push({ size: 1, strides: strides.map(() => 1) });
  return {
    dims: axes.map(axis => axis.size),
    strides: strides.map((_, operand) => axes.map(axis => axis.strides[operand]!)),
  };
}

/** The loops of `mergeLoops` as six, outermost first, padded with unit ones in front; null where more than six remain. */
export function mergeAxes(
  dims: readonly number[],
  strides: readonly (readonly number[])[],
): { dims: number[]; strides: number[][] } | null {
  const merged = mergeLoops(dims, strides);
  const missing = 6 - merged.dims.length;
  if (missing < 0) return null;
  const front = (value: number) => new Array<number>(missing).fill(value);
  return {
    dims: [...front(1), ...merged.dims],
    strides: merged.strides.map(own => [...front(0), ...own]),
  };
}

/** Six values as descriptor fields: prefix0 ... prefix5. */
export function six<P extends string>(prefix: P, values: readonly number[]) {
  return Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value])) as Record<
    `${P}${0 | 1 | 2 | 3 | 4 | 5}`,
    number
  >;
}

/** Emits a copy, looping in the order in which the target lies in memory. */
export function emitCopy(emitter: Emitter, where: { name: string; op: string }, box: BoxCopy): void {
  const order = box.dims.map((_, axis) => axis).sort((a, b) => box.yStrides[b]! - box.yStrides[a]! || a - b);
  const along = (values: readonly number[]) => order.map(axis => values[axis]!);
  const ordered = { dims: along(box.dims), xStrides: along(box.xStrides), yStrides: along(box.yStrides) };
  emitLoops(emitter, where, { ...box, ...ordered });
}

/** Emits a copy, looping in the order of its dimensions. */
export function emitLoops(emitter: Emitter, where: { name: string; op: string }, box: BoxCopy): void {
  if (box.dims.includes(0)) return;
  const merged = mergeAxes(box.dims, [box.xStrides, box.yStrides]);
  if (!merged) {
    throw new NumavoxError('unsupported', `${where.op} '${where.name}': a copy of [${box.dims}] needs over six loops`);
  }
  emitter.step(where, copy, {
    xPtr: box.x,
    yPtr: box.y,
    ...six('dim', merged.dims),
    ...six('xStride', merged.strides[0]!),
    ...six('yStride', merged.strides[1]!),
    rowBlock: copyRowBlock(merged.dims),
  });
}

/** Emits y[0 .. count) = value. */
export function emitFill(
  emitter: Emitter,
  where: { name: string; op: string },
  y: Address,
  count: number,
  value: number,
): void {
  if (count > 0) emitter.step(where, fill, { yPtr: y, count, value, block: fillBlock(count) });
}
