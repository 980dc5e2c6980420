/** Holds lowered programs to the reference interpreter. */
import { expect } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { TypedGraph } from '../../../src/graph/ir.js';
import { lower } from '../../../src/lower/lower.js';
import type { Program, Step } from '../../../src/lower/program.js';
import { optimize } from '../../../src/passes/optimize.js';
import { planWhole } from '../../../src/plan/plan.js';
import type { TeamTree } from '../../../src/plan/team.js';
import { checkTypedGraph } from '../../support/check.js';
import { execute } from '../../support/execute.js';
import { interpret } from '../../support/interpret.js';
import { type GraphSpec, graphOf } from '../../support/ir.js';

/** So many workers of one memory. */
const teamOf = (workers: number): TeamTree => ({
  logical: false,
  nodes: [
    { node: 0, clusters: [{ via: 'L3', workers: Array.from({ length: workers }, (_, i) => ({ rank: i, cpu: i })) }] },
  ],
});

export const oneWorker: TeamTree = teamOf(1);

export const programOf = (graph: TypedGraph, reference = false, workers = 1): Program =>
  lower(graph, planWhole(graph, teamOf(workers)), { reference });

/** The kernels of a step's shares, in order. */
export const kernelsOf = ({ shares }: Step): string[] =>
  shares.flatMap(share => (share.kind === 'kernel' ? [share.kernel] : []));

/** Numbers without a period or a symmetry that a wrong stride could hide in. */
export const wave = (count: number, phase = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(phase + 1.3 * i + 0.01 * i * i));

export function feedsOf(graph: TypedGraph): Record<string, Float32Array> {
  const sizes = graph.inputs.map(({ name }) => graph.types.get(name)!.dims.reduce((all, size) => all * size, 1));
  return Object.fromEntries(graph.inputs.map(({ name }, i) => [name, wave(sizes[i]!, 1 + i)]));
}

/** Equal to `tolerance` times the largest (of at least 1), NaN and infinities in the same places. */
export function expectSame(
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  title: string,
  tolerance = 1e-5,
): void {
  expect(actual.length, `${title}: elements`).toBe(wanted.length);
  const finite = Array.from(wanted).filter(Number.isFinite);
  const allowed = tolerance * finite.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [actual[i]!, wanted[i]!];
    if (Object.is(a, b) || Math.abs(a - b) <= allowed) continue;
    expect.fail(`${title}: element ${i} is ${a}, not ${b}`);
  }
}

/**
 * Runs the graph as it is and optimised, on both modules and on twins, and compares every output with the interpreter's.
 * `workers`: those of the memory. Returns the kernels of the optimised program, in order.
 */
export function checkGraph(
  spec: GraphSpec,
  feeds?: Readonly<Record<string, ArrayLike<number>>>,
  tolerance?: number,
  workers?: number,
): string[] {
  const graph = inferShapes(graphOf(spec));
  const fed = feeds ?? feedsOf(graph);
  const wanted = interpret(graph, fed);
  const { graph: optimised } = optimize(graph);
  checkTypedGraph(optimised);
  const program = programOf(optimised, false, workers);
  const runs = {
    'as it is': execute(programOf(graph, false, workers), fed),
    'optimised, simd': execute(program, fed),
    'optimised, relaxed': execute(program, fed, 'relaxed'),
    'optimised, twins': execute(programOf(optimised, true, workers), fed),
  };
  for (const [run, outputs] of Object.entries(runs)) {
    expect([...outputs.keys()]).toEqual(graph.outputs);
    for (const [name, values] of outputs) expectSame(values, wanted.get(name)!, `${run}, '${name}'`, tolerance);
  }
  return program.steps.flatMap(kernelsOf);
}
