/** The steps at which something is in memory: written at `first`, last read at `last` (both included). */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export const alignment = 64;
export const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/**
 * Places every lifetime at an offset so that two that overlap in time never overlap in space: largest first, each into the
 * lowest gap among those already placed that live at the same time.
 *
 * @returns the offset of each lifetime and the size of the whole arena, in bytes.
 */
export function planArena(lifetimes: readonly Lifetime[]): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const bySize = lifetimes.map((_, i) => i).sort((a, b) => lifetimes[b]!.bytes - lifetimes[a]!.bytes || a - b);
  const placed: number[] = [];
  let total = 0;
  for (const i of bySize) {
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
