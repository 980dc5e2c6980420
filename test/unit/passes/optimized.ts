import { expect } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Constant, TypedGraph } from '../../../src/graph/ir.js';
import { sizeOf } from '../../../src/graph/shape.js';
import { optimize, passes } from '../../../src/passes/optimize.js';
import { checkTypedGraph } from '../../support/check.js';
import { interpret } from '../../support/interpret.js';
import { constantOf, type GraphSpec, graphOf } from '../../support/ir.js';

export type Nodes = GraphSpec['nodes'];

/** Optimizes, checks the graph after every pass, and compares the outputs with those of the graph as it was. */
export function optimized(spec: GraphSpec) {
  const before = inferShapes(graphOf(spec));
  checkTypedGraph(before);
  let each: TypedGraph = before;
  for (const pass of passes) {
    const was = JSON.stringify([...each.constants.keys(), each.nodes]);
    const after = pass(each).graph;
    checkTypedGraph(after);
    expect(JSON.stringify([...each.constants.keys(), each.nodes])).toBe(was);
    each = after;
  }
  const { graph, report } = optimize(before);
  expect(graph).toEqual(each);
  const feeds = Object.fromEntries(
    before.inputs.map(({ name }) => [name, feed(sizeOf(before.types.get(name)!.dims), name.length, name === 'v')]),
  );
  const expected = interpret(before, feeds);
  for (const [name, values] of interpret(graph, feeds)) {
    const reference = Array.from(expected.get(name)!);
    const scale = Math.max(...reference.map(Math.abs), 1);
    expect(values.length).toBe(reference.length);
    for (const [i, value] of Array.from(values).entries()) {
      expect(Math.abs(value - reference[i]!) / scale).toBeLessThan(1e-6);
    }
  }
  const ops = graph.nodes.map(node => node.op);
  const reasons = report.filter(entry => !entry.fired).map(entry => entry.reason);
  return { graph, report, ops, reasons };
}

/** A variance has no negative elements. */
export const feed = (count: number, seed: number, isVariance = false) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i) + (isVariance ? 2 : 0));

export const norm = (channels: number): Record<string, Constant> => ({
  s: constantOf([channels], [0.5, -1.25, 3, 0, 1].slice(0, channels)),
  beta: constantOf([channels], [1, 2, -3, 0.25, 0].slice(0, channels)),
  mean: constantOf([channels], [0.1, -0.2, 0.3, 4, -5].slice(0, channels)),
  v: constantOf([channels], [1, 0.5, 2, 3, 0].slice(0, channels)),
});
export const normInputs = ['s', 'beta', 'mean', 'v'];

export const x = { x: [2, 4, 3, 3, 2] };
export const w = constantOf([4, 4, 2, 1, 1]);
export const one = constantOf([4, 4, 1, 1, 1]);
export const relu = { kind: 'relu' } as const;
