/** Copies of a region between two parts of one value, in different memories, as runs of bytes. */
import type { Box } from '../plan/box.js';
import { mergeLoops } from './copying.js';
import type { Address } from './emitter.js';
import { type Held, loopsOver, offset, type Part } from './held.js';
import { memoryOrder } from './layout.js';

/** A piece of an exchange before its addresses are known: `source` is in another memory, `target` in this one. */
export interface PendingPiece {
  readonly from: number;
  readonly source: Address;
  readonly fromPitch: number;
  readonly target: Address;
  readonly toPitch: number;
  readonly runs: number;
  readonly bytes: number;
}

/** Most bytes of a piece: several workers share a large one, and an abort is seen soon. */
const pieceBytes = 256 * 1024;

export const sameLayout = (a: Held, b: Held): boolean =>
  a.layout.kind === b.layout.kind &&
  (a.layout.kind !== 'planar' ||
    (b.layout.kind === 'planar' && a.layout.halo === b.layout.halo && a.layout.pitch === b.layout.pitch));

/** Bytes that lie together in both parts, for each run of a copy. The layouts are the same. */
export const runBytes = (source: Part, target: Part, region: Box): number => {
  const { dims, fromStrides, toStrides } = loopsOf(source, target, region);
  return fromStrides.at(-1) === 1 && toStrides.at(-1) === 1 ? 4 * dims.at(-1)! : 4;
};

function loopsOf(source: Part, target: Part, region: Box) {
  const from = loopsOver(source, region);
  const to = loopsOver(target, region);
  const order = memoryOrder(from.dims, source.layout);
  const along = (values: readonly number[]) => order.map(axis => values[axis]!);
  const { dims, strides } = mergeLoops(along(from.dims), [along(from.strides), along(to.strides)]);
  return { dims, fromStrides: strides[0]!, toStrides: strides[1]!, from: from.start, to: to.start };
}

/** The region's copy from `source`, in memory `memory`, to `target`. The layouts are the same. */
export function piecesBetween(memory: number, source: Part, target: Part, region: Box): PendingPiece[] {
  const loops = loopsOf(source, target, region);
  const contiguous = loops.fromStrides.at(-1) === 1 && loops.toStrides.at(-1) === 1;
  const dims = contiguous ? loops.dims : [...loops.dims, 1];
  const strides = (own: readonly number[]) => (contiguous ? own : [...own, 1]);
  const [fromStrides, toStrides] = [strides(loops.fromStrides), strides(loops.toStrides)];
  const length = dims.at(-1)!;
  const [rows, fromPitch, toPitch] = [dims.at(-2) ?? 1, fromStrides.at(-2) ?? 0, toStrides.at(-2) ?? 0];
  const rowsAtOnce = Math.max(1, Math.floor(pieceBytes / (4 * length)));
  const lengthAtOnce = Math.min(length, pieceBytes / 4);

  const pieces: PendingPiece[] = [];
  forEachIndex(dims.slice(0, -2), index => {
    const outer = (own: readonly number[]) => index.reduce((sum, i, axis) => sum + i * own[axis]!, 0);
    for (let row = 0; row < rows; row += rowsAtOnce) {
      for (let at = 0; at < length; at += lengthAtOnce) {
        pieces.push({
          from: memory,
          source: offset(loops.from, outer(fromStrides) + row * fromPitch + at),
          fromPitch: 4 * fromPitch,
          target: offset(loops.to, outer(toStrides) + row * toPitch + at),
          toPitch: 4 * toPitch,
          runs: Math.min(rowsAtOnce, rows - row),
          bytes: 4 * Math.min(lengthAtOnce, length - at),
        });
      }
    }
  });
  return pieces;
}

function forEachIndex(dims: readonly number[], visit: (index: readonly number[]) => void): void {
  const count = dims.reduce((product, size) => product * size, 1);
  for (let i = 0; i < count; i++) {
    let rest = i;
    const index = dims.map(() => 0);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = rest % dims[axis]!;
      rest = Math.floor(rest / dims[axis]!);
    }
    visit(index);
  }
}
