import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import { optimize } from '../../../src/passes/optimize.js';
import { execute } from '../../support/execute.js';
import { interpret } from '../../support/interpret.js';
import { graphOf } from '../../support/ir.js';
import { expectSame, feedsOf, programOf } from './compare.js';
import { randomGraph } from './random_graph.js';

/** One spatial dimension is long enough, now and then, for rows of vectors. */
const sizes = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    channels: fc.constantFrom(1, 1, 2, 3, 4, 6, 8, 9),
    outer: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 2 }),
    width: fc.constantFrom(1, 3, 8, 16, 17, 20, 25),
  })
  .map(({ batch, channels, outer, width }) => [batch, channels, ...outer, width]);

const steps = fc.array(fc.array(fc.nat(1e6), { minLength: 24, maxLength: 24 }), { minLength: 1, maxLength: 12 });

const property = fc.property(sizes, steps, (dims, list) => {
  const graph = inferShapes(graphOf(randomGraph(dims, list)));
  const feeds = feedsOf(graph);
  const wanted = interpret(graph, feeds);
  const optimised = programOf(optimize(graph).graph);
  const runs = {
    'as it is': execute(programOf(graph), feeds),
    simd: execute(optimised, feeds),
    relaxed: execute(optimised, feeds, 'relaxed'),
  };
  for (const [run, outputs] of Object.entries(runs)) {
    expect([...outputs.keys()]).toEqual(graph.outputs);
    for (const [name, values] of outputs) expectSame(values, wanted.get(name)!, `${run}, '${name}'`, 1e-4);
  }
});

const numRuns = Number(process.env.NUMAVOX_RANDOM_GRAPHS ?? 150);
const newSeed = Math.floor(Math.random() * 2 ** 31);

it.each([
  ['the same', 1],
  ['new', newSeed],
])('random graphs compute what the interpreter does: %s ones, seed %i', (_, seed) => {
  fc.assert(property, { numRuns, seed });
});
