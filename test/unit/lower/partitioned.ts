/** Plans in which every layer is cut as a test wishes, and results held to those of one memory, bit for bit. */
import { expect } from 'vitest';
import type { Node, TypedGraph } from '../../../src/graph/ir.js';
import { layerGrid } from '../../../src/lower/layer_grid.js';
import { lower } from '../../../src/lower/lower.js';
import type { Program } from '../../../src/lower/program.js';
import { boxesOf, candidateCuts, combineGrids } from '../../../src/plan/cuts.js';
import { memoriesOf } from '../../../src/plan/memories.js';
import { cutGrid } from '../../../src/plan/needs.js';
import type { Cut, Plan } from '../../../src/plan/plan.js';
import type { TeamTree } from '../../../src/plan/team.js';
import { execute } from '../../support/execute.js';
import { feedsOf, programOf } from './compare.js';

/** Logical nodes with these numbers of workers. */
export function nodes(workers: readonly number[]): TeamTree {
  let rank = 0;
  const team = (count: number) => Array.from({ length: count }, () => ({ rank: rank++, cpu: 0 }));
  return {
    logical: true,
    nodes: workers.map((count, node) => ({ node, clusters: [{ via: 'test', workers: team(count) }] })),
  };
}

/** A plan that takes whichever cut `choose` likes for each layer. */
export function planBy(graph: TypedGraph, teams: TeamTree, choose: (node: Node, cuts: readonly Cut[]) => Cut): Plan {
  const memories = memoriesOf(teams);
  const weights = memories.map(({ ranks }) => ranks.length);
  const layers = graph.nodes.map(node => {
    const { dims } = graph.types.get(node.outputs[0]!)!;
    const grid = combineGrids(cutGrid(graph, node), layerGrid(graph, node, { exact: false }));
    const cut = choose(node, candidateCuts(dims, grid, memories.length));
    return { name: node.name, cut, boxes: boxesOf(cut, dims, grid, weights) };
  });
  return { teams, memories, layers };
}

const bits = (values: Float32Array) => new Int32Array(values.buffer, values.byteOffset, values.length);

export function expectSameBits(
  actual: Map<string, Float32Array>,
  wanted: Map<string, Float32Array>,
  title: string,
): void {
  expect([...actual.keys()]).toEqual([...wanted.keys()]);
  for (const [name, values] of actual) {
    const other = bits(wanted.get(name)!);
    const at = bits(values).findIndex((word, i) => word !== other[i]);
    if (at >= 0) expect.fail(`${title}: '${name}' differs at ${at}: ${values[at]} is not ${wanted.get(name)![at]}`);
  }
}

/** Lowers the graph by the plan and runs it on both modules, each memory in turn ahead of the others. */
export function checkPlan(graph: TypedGraph, plan: Plan): Program {
  const program = lower(graph, plan);
  const feeds = feedsOf(graph);
  for (const module of ['simd', 'relaxed'] as const) {
    const wanted = execute(programOf(graph), feeds, module);
    for (const first of new Set([0, plan.memories.length - 1])) {
      expectSameBits(execute(program, feeds, module, first), wanted, `${module}, memory ${first} ahead`);
    }
  }
  return program;
}
