import { type Box, intersect, overlaps, subtract } from './box.js';

/** A box that one memory fetches from another. */
export interface Transfer {
  readonly from: number;
  readonly box: Box;
}

/** How far memory b is from memory a: only the order counts. */
export type Distance = (a: number, b: number) => number;

/**
 * What memory `to` fetches to have `need` of a value whose parts lie as `parts` says (by memory). Each element comes from one
 * place: its own part, which is not fetched, then the nearest memory, among equals the next one counted from `to`.
 */
export function transfers(need: Box, to: number, parts: readonly (Box | null)[], distance: Distance): Transfer[] {
  const own = parts[to];
  let missing = own ? subtract(need, own) : [need];
  if (missing.length === 0) return [];
  const count = parts.length;
  const order = parts
    .map((_, memory) => memory)
    .filter(memory => memory !== to && parts[memory] && overlaps(need, parts[memory]))
    .sort((a, b) => distance(to, a) - distance(to, b) || ((a - to + count) % count) - ((b - to + count) % count));
  const found: Transfer[] = [];
  for (const from of order) {
    const part = parts[from]!;
    missing = missing.flatMap(box => {
      const common = intersect(box, part);
      if (!common) return [box];
      found.push({ from, box: common });
      return subtract(box, common);
    });
  }
  if (missing.length > 0) throw new RangeError('a value is read where no memory has computed it');
  return found;
}
