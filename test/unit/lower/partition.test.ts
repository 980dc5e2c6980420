import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Node, TypedGraph } from '../../../src/graph/ir.js';
import { layerGrid } from '../../../src/lower/layer_grid.js';
import { lower } from '../../../src/lower/lower.js';
import { optimize } from '../../../src/passes/optimize.js';
import { boxesOf, candidateCuts, combineGrids } from '../../../src/plan/cuts.js';
import { memoriesOf } from '../../../src/plan/memories.js';
import { cutGrid } from '../../../src/plan/needs.js';
import type { Cut, Plan } from '../../../src/plan/plan.js';
import type { TeamTree } from '../../../src/plan/team.js';
import { execute } from '../../support/execute.js';
import { graphOf } from '../../support/ir.js';
import { feedsOf, programOf } from './compare.js';
import { randomGraph } from './random_graph.js';

/** One worker per node, or as many as `workers` says. */
const nodes = (workers: readonly number[]): TeamTree => {
  let rank = 0;
  return {
    logical: true,
    nodes: workers.map((count, node) => ({
      node,
      clusters: [{ via: 'test', workers: Array.from({ length: count }, () => ({ rank: rank++, cpu: 0 })) }],
    })),
  };
};

/** A plan that takes whichever cut `choose` likes for each layer. */
function planBy(graph: TypedGraph, teams: TeamTree, choose: (node: Node, cuts: readonly Cut[]) => Cut): Plan {
  const memories = memoriesOf(teams);
  const weights = memories.map(({ ranks }) => ranks.length);
  const layers = graph.nodes.map(node => {
    const { dims } = graph.types.get(node.outputs[0]!)!;
    const grid = combineGrids(cutGrid(graph, node), layerGrid(graph, node, false));
    const cut = choose(node, candidateCuts(dims, grid, memories.length));
    return { name: node.name, cut, boxes: boxesOf(cut, dims, grid, weights) };
  });
  return { teams, memories, layers };
}

const bits = (values: Float32Array) => new Int32Array(values.buffer, values.byteOffset, values.length);

function expectSameBits(actual: Map<string, Float32Array>, wanted: Map<string, Float32Array>, title: string): void {
  expect([...actual.keys()]).toEqual([...wanted.keys()]);
  for (const [name, values] of actual) {
    const other = bits(wanted.get(name)!);
    const at = bits(values).findIndex((word, i) => word !== other[i]);
    if (at >= 0) expect.fail(`${title}: '${name}' differs at ${at}: ${values[at]} is not ${wanted.get(name)![at]}`);
  }
}

const sizes = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    channels: fc.constantFrom(1, 2, 3, 8, 16, 17, 24),
    outer: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 2 }),
    width: fc.constantFrom(1, 3, 8, 16, 17, 20, 25),
  })
  .map(({ batch, channels, outer, width }) => [batch, channels, ...outer, width]);
const steps = fc.array(fc.array(fc.nat(1e6), { minLength: 24, maxLength: 24 }), { minLength: 1, maxLength: 12 });
const teamsOf = fc.constantFrom([1, 1], [1, 1, 1], [1, 1, 1, 1], [2, 1], [1, 3, 2], [1, 1, 1, 1, 1, 1, 1, 1]);
const choices = fc.array(fc.nat(1e6), { minLength: 8, maxLength: 8 });

const property = fc.property(sizes, steps, teamsOf, choices, (dims, list, workers, picks) => {
  const { graph } = optimize(inferShapes(graphOf(randomGraph(dims, list))));
  const feeds = feedsOf(graph);
  const teams = nodes(workers);
  let at = 0;
  const plan = planBy(graph, teams, (_, cuts) => cuts[picks[at++ % picks.length]! % cuts.length]!);
  const program = lower(graph, plan);
  for (const module of ['simd', 'relaxed'] as const) {
    const wanted = execute(programOf(graph), feeds, module);
    for (const first of [0, workers.length - 1]) {
      expectSameBits(execute(program, feeds, module, first), wanted, `${module}, memory ${first} ahead`);
    }
  }
});

const numRuns = Number(process.env.NUMAVOX_RANDOM_GRAPHS ?? 150);
const newSeed = Math.floor(Math.random() * 2 ** 31);

describe('layers cut in any way, every one in another', () => {
  it.each([
    ['the same', 1],
    ['new', newSeed],
  ])('give the bits of one memory: %s random graphs, seed %i', (_, seed) => {
    fc.assert(property, { numRuns, seed });
  });
});
