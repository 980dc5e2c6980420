/** Boxes, teams and graphs for tests of plans. */
import fc from 'fast-check';
import { inferShapes } from '../../../src/graph/infer.js';
import type { TypedGraph } from '../../../src/graph/ir.js';
import { optimize } from '../../../src/passes/optimize.js';
import type { Box } from '../../../src/plan/box.js';
import type { TeamTree } from '../../../src/plan/team.js';
import { type ZooName, type ZooOptions, zooGraph } from '../../../src/zoo/zoo.js';
import { indices } from '../../support/tensor.js';

/** Nodes of one cluster with this many workers each. */
export function teamsOf(workers: readonly number[], distances?: number[][]): TeamTree {
  let rank = 0;
  const nodes = workers.map((count, node) => ({
    node,
    clusters: [{ via: 'L3', workers: Array.from({ length: count }, () => ({ rank: rank++, cpu: 0 })) }],
  }));
  return { nodes, logical: true, ...(distances ? { distances } : {}) };
}

export const optimizedZoo = (name: ZooName, options: ZooOptions = {}): TypedGraph =>
  optimize(inferShapes(zooGraph(name, options))).graph;

/** Every index in the box, as text. */
export const cellsOf = (box: Box): string[] =>
  indices(box.map(([begin, end]) => end - begin)).map(index => index.map((i, axis) => i + box[axis]![0]).join());

const rangeIn = (size: number) =>
  fc.tuple(fc.nat(size - 1), fc.nat(size - 1)).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b) + 1]);

export const boxIn = (dims: readonly number[]): fc.Arbitrary<Box> => fc.tuple(...dims.map(rangeIn));

export const smallDims = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });
