/**
 * Boxes: pieces of a tensor, as one half-open range [begin, end) per logical axis. Invariant: none is empty; where there is
 * nothing, there is null.
 */
export type Range = readonly [begin: number, end: number];
export type Box = readonly Range[];

export const wholeBox = (dims: readonly number[]): Box => dims.map(size => [0, size]);

/** Sizes along each axis. */
export const boxDims = (box: Box): number[] => box.map(([begin, end]) => end - begin);

export const boxElements = (box: Box): number => box.reduce((product, [begin, end]) => product * (end - begin), 1);

export const sameRange = (a: Range, b: Range): boolean => a[0] === b[0] && a[1] === b[1];

export const sameBox = (a: Box, b: Box): boolean =>
  a.length === b.length && a.every((range, axis) => sameRange(range, b[axis]!));

export const containsBox = (outer: Box, inner: Box): boolean =>
  inner.every(([begin, end], axis) => outer[axis]![0] <= begin && end <= outer[axis]![1]);

/** What two boxes of one tensor have in common; null where that is nothing. */
export function intersect(a: Box, b: Box): Box | null {
  const common: Range[] = [];
  for (const [axis, [begin, end]] of a.entries()) {
    const range: Range = [Math.max(begin, b[axis]![0]), Math.min(end, b[axis]![1])];
    if (range[0] >= range[1]) return null;
    common.push(range);
  }
  return common;
}

export const overlaps = (a: Box, b: Box): boolean =>
  a.every(([begin, end], axis) => begin < b[axis]![1] && b[axis]![0] < end);

/** The smallest box that contains both. */
export const hull = (a: Box, b: Box): Box =>
  a.map(([begin, end], axis): Range => [Math.min(begin, b[axis]![0]), Math.max(end, b[axis]![1])]);

/** `a` without `b`, as boxes that do not overlap: at most two per axis, the outer axes' first. */
export function subtract(a: Box, b: Box): Box[] {
  const common = intersect(a, b);
  if (!common) return [a];
  const rest: Box[] = [];
  let left = a;
  common.forEach(([begin, end], axis) => {
    const [from, to] = left[axis]!;
    const along = (range: Range): Box => left.map((other, at) => (at === axis ? range : other));
    if (from < begin) rest.push(along([from, begin]));
    if (end < to) rest.push(along([end, to]));
    left = along([begin, end]);
  });
  return rest;
}
