import fc from 'fast-check';
import { describe, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import { optimize } from '../../../src/passes/optimize.js';
import { type GraphSpec, graphOf } from '../../support/ir.js';
import { checkPlan, nodes, planBy } from './partitioned.js';
import { type Limits, randomGraph } from './random_graph.js';
import { winogradLayers } from './winograd_layers.js';

const sizes = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    channels: fc.constantFrom(1, 2, 3, 8, 16, 17, 24),
    outer: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 2 }),
    width: fc.constantFrom(1, 3, 8, 16, 17, 20, 25),
  })
  .map(({ batch, channels, outer, width }) => [batch, channels, ...outer, width]);
const steps = fc.array(fc.array(fc.nat(1e6), { minLength: 24, maxLength: 24 }), { minLength: 1, maxLength: 12 });
const teams = fc.constantFrom(
  ...[
    [1, 1],
    [2, 1],
    [1, 1, 1],
    [1, 3, 2],
    [1, 1, 1, 1],
    [1, 1, 2, 5],
    [2, 1, 1, 1, 1],
  ],
  ...[[1, 1, 1, 1, 1, 1, 1], new Array<number>(8).fill(1)],
);
const choices = fc.array(fc.nat(1e6), { minLength: 8, maxLength: 8 });

/** Images with room for Winograd's method, for groups that are panels, and for slabs with an inner part. */
const largeSizes = fc
  .record({
    channels: fc.constantFrom(16, 24, 32),
    depth: fc.integer({ min: 1, max: 20 }),
    height: fc.integer({ min: 1, max: 20 }),
    width: fc.constantFrom(1, 3, 5, 17),
  })
  .map(({ channels, depth, height, width }) => [1, channels, depth, height, width]);
const largeSteps = fc.array(fc.array(fc.nat(1e6), { minLength: 24, maxLength: 24 }), { minLength: 1, maxLength: 6 });
const largeLimits: Limits = { elements: 60_000, work: 40_000_000 };

const propertyOf = (specs: fc.Arbitrary<GraphSpec>) =>
  fc.property(specs, teams, choices, (spec, workers, picks) => {
    const { graph } = optimize(inferShapes(graphOf(spec)));
    let at = 0;
    const plan = planBy(graph, nodes(workers), (_, cuts) => cuts[picks[at++ % picks.length]! % cuts.length]!);
    checkPlan(graph, plan);
  });
const small = propertyOf(fc.tuple(sizes, steps).map(([input, recipes]) => randomGraph(input, recipes)));
const large = propertyOf(
  fc.tuple(largeSizes, largeSteps).map(([input, recipes]) => randomGraph(input, recipes, largeLimits)),
);
const winograd = propertyOf(winogradLayers);

const numRuns = Number(process.env.NUMAVOX_RANDOM_GRAPHS ?? 150);
const newSeed = Math.floor(Math.random() * 2 ** 31);

describe('layers cut in any way, every one in another', () => {
  it.each([
    ['the same', 1],
    ['new', newSeed],
  ])('give the bits of one memory: %s random graphs, seed %i', (_, seed) => {
    fc.assert(small, { numRuns, seed });
    fc.assert(large, { numRuns: Math.ceil(numRuns / 4), seed });
    fc.assert(winograd, { numRuns: Math.ceil(numRuns / 4), seed });
  });
});
