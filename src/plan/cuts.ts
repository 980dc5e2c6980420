/**
 * Cuts: the ways to divide a layer among memories, and the boxes that follow. Invariant: the boxes of a `parts` cut have every
 * element exactly once, and cuts lie on the layer's grid.
 */
import { type Box, type Range, wholeBox } from './box.js';
import type { Cut } from './plan.js';

/**
 * What partitions are made of.
 *
 * - `auto`: whatever is cheapest, layer by layer
 * - `frugal`: as few bytes between memories as a plan can have that takes at most a tenth longer than the cheapest
 * - `none`: one memory for everything, in which the workers of all nodes work
 * - `one`: every layer in one memory, by the workers of its node
 * - `channel`, `depth`, `height`: cut along this axis alone
 * - `grid`: cut along depth and height
 * - `mix`: cut along the channels and in space
 *
 * A layer that cannot be cut as wished is planned as in `auto`.
 */
export const partitions = ['auto', 'frugal', 'none', 'one', 'channel', 'depth', 'height', 'grid', 'mix'] as const;
export type Partition = (typeof partitions)[number];

/** Axes that may be cut, in the order in which a memory's index counts through their parts: channels, height, depth. */
function cutAxes(grid: readonly number[]): number[] {
  const spatial = grid.map((_, axis) => axis).slice(2);
  return [1, ...spatial.reverse()].filter(axis => (grid[axis] ?? 0) > 0);
}

const cellsAlong = (dims: readonly number[], grid: readonly number[], axis: number): number =>
  Math.ceil(dims[axis]! / grid[axis]!);

/** Both grids at once: multiples of both, 0 where either is. */
export const combineGrids = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((step, axis) => leastCommonMultiple(step, b[axis]!));

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return x === 0 ? 0 : (a / x) * b;
}

/**
 * Every way to divide an output of these sizes among the memories: in the `home` memory alone, in all of them, and every grid
 * of as many boxes as there are memories. One memory has one way.
 */
export function candidateCuts(
  dims: readonly number[],
  grid: readonly number[],
  memories: number,
  home = 0,
): readonly Cut[] {
  const one: Cut = { kind: 'one', memory: home };
  if (memories === 1) return [one];
  let grids = [{ parts: dims.map(() => 1), left: memories }];
  for (const axis of cutAxes(grid)) {
    grids = grids.flatMap(({ parts, left }) =>
      divisors(left)
        .filter(count => count <= cellsAlong(dims, grid, axis))
        .map(count => ({ parts: parts.with(axis, count), left: left / count })),
    );
  }
  const cuts = grids.filter(({ left }) => left === 1).map(({ parts }): Cut => ({ kind: 'parts', parts }));
  return [one, { kind: 'all' }, ...cuts];
}

const divisors = (n: number): number[] =>
  Array.from({ length: n }, (_, index) => index + 1).filter(count => n % count === 0);

/** Those of the candidates that a partition asks for; all of them where it asks for none of them. */
export function partitionCuts(partition: Partition, candidates: readonly Cut[]): readonly Cut[] {
  const fitting = candidates.filter(
    cut => partition === 'auto' || partition === 'frugal' || cutName(cut) === partition,
  );
  return fitting.length > 0 ? fitting : candidates;
}

/** How a cut divides a layer, in a word. Depth is an axis of images with three spatial axes, height of those with two or three. */
export function cutName(cut: Cut): 'one' | 'all' | 'channel' | 'depth' | 'height' | 'grid' | 'mix' {
  if (cut.kind !== 'parts') return cut.kind;
  const { parts } = cut;
  const channels = (parts[1] ?? 1) > 1;
  const depth = parts.length === 5 && parts[2]! > 1;
  const height = parts.length >= 4 && parts.at(-2)! > 1;
  if (channels) return depth || height ? 'mix' : 'channel';
  if (depth) return height ? 'grid' : 'depth';
  return 'height';
}

/**
 * The box of each memory. Along an axis, parts are as long as the workers behind them are many (`weights`: workers of each
 * memory), rounded to the grid. Null for a memory that gets nothing.
 */
export function boxesOf(
  cut: Cut,
  dims: readonly number[],
  grid: readonly number[],
  weights: readonly number[],
): (Box | null)[] {
  if (cut.kind === 'one') return weights.map((_, memory) => (memory === cut.memory ? wholeBox(dims) : null));
  if (cut.kind === 'all') return weights.map(() => wholeBox(dims));
  const { parts } = cut;
  const place = weights.map((_, memory) => placeOf(memory, parts));
  const ranges = dims.map((size, axis) => {
    const counts = new Array<number>(parts[axis]!).fill(0);
    weights.forEach((weight, memory) => {
      counts[place[memory]![axis]!]! += weight;
    });
    return divide(size, grid[axis]!, counts);
  });
  return place.map(indices => {
    const box = indices.map((index, axis) => ranges[axis]![index]!);
    return box.every(([begin, end]) => begin < end) ? box : null;
  });
}

/** Which part along each axis the memory has. */
function placeOf(memory: number, parts: readonly number[]): number[] {
  const indices = parts.map(() => 0);
  let left = memory;
  for (const axis of cutAxes(parts)) {
    indices[axis] = left % parts[axis]!;
    left = Math.floor(left / parts[axis]!);
  }
  return indices;
}

/** [0, size) in one range per weight, bounds on multiples of `step`. */
function divide(size: number, step: number, weights: readonly number[]): Range[] {
  if (weights.length === 1) return [[0, size]];
  const cells = Math.ceil(size / step);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  const bounds = weights.map(weight => {
    const bound = Math.min(Math.round((cells * before) / total) * step, size);
    before += weight;
    return bound;
  });
  return bounds.map((begin, index): Range => [begin, bounds[index + 1] ?? size]);
}
