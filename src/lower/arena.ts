/** The steps at which something is in memory: written at `first`, last read at `last` (both included). */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface Arena {
  /** Offset of each lifetime, in bytes. */
  readonly offsets: readonly number[];
  readonly bytes: number;
}

export const alignment = 64;
export const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** Orders tried before the best arena so far is taken. */
const patience = 64;

/**
 * Places every lifetime so that two that overlap in time never overlap in space.
 *
 * One after another, each into the lowest gap among those placed before that live at the same time: largest first, and
 * then again with the one that reached highest moved to the front, until no arena can be smaller or patience ends.
 */
export function planArena(lifetimes: readonly Lifetime[]): Arena {
  const least = largestMoment(lifetimes);
  let order = lifetimes.map((_, i) => i).sort((a, b) => lifetimes[b]!.bytes - lifetimes[a]!.bytes || a - b);
  let best: Arena | null = null;
  for (let attempt = 0; attempt < patience; attempt++) {
    const arena = placeInOrder(lifetimes, order);
    if (!best || arena.bytes < best.bytes) best = arena;
    if (best.bytes <= least) break;
    const highest = order.find(i => arena.offsets[i]! + align(lifetimes[i]!.bytes) === arena.bytes)!;
    order = [highest, ...order.filter(i => i !== highest)];
  }
  return best!;
}

/** What lives at the busiest step: no arena is smaller. */
function largestMoment(lifetimes: readonly Lifetime[]): number {
  const at = (step: number) =>
    lifetimes.reduce((sum, { bytes, first, last }) => sum + (first <= step && step <= last ? align(bytes) : 0), 0);
  return Math.max(0, ...new Set(lifetimes.map(({ first }) => at(first))));
}

function placeInOrder(lifetimes: readonly Lifetime[], order: readonly number[]): Arena {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const placed: number[] = [];
  let total = 0;
  for (const i of order) {
    const { bytes, first, last } = lifetimes[i]!;
    const neighbours = placed
      .filter(j => lifetimes[j]!.first <= last && first <= lifetimes[j]!.last)
      .sort((a, b) => offsets[a]! - offsets[b]!);
    let offset = 0;
    for (const j of neighbours) {
      if (offset + bytes <= offsets[j]!) break;
      offset = Math.max(offset, offsets[j]! + align(lifetimes[j]!.bytes));
    }
    offsets[i] = offset;
    placed.push(i);
    total = Math.max(total, offset + align(bytes));
  }
  return { offsets, bytes: total };
}
