import type { Shapes } from '../graph/bind.js';
import { graphFlops } from '../graph/cost.js';
import { inferShapes } from '../graph/infer.js';
import type { Graph, TypedGraph } from '../graph/ir.js';
import { lower } from '../lower/lower.js';
import type { Program } from '../lower/program.js';
import { optimize } from '../passes/optimize.js';
import { type Plan, planWhole } from '../plan/plan.js';
import type { TeamTree } from '../plan/team.js';
import type { Algorithm } from './options.js';

/** A model made ready for one set of input sizes. */
export interface Prepared {
  readonly graph: TypedGraph;
  readonly plan: Plan;
  readonly program: Program;
  /** 2 per multiply-add, of the optimised graph. */
  readonly flops: number;
}

/** infer -> optimize -> plan -> lower, for inputs of these sizes. */
export function prepare(graph: Graph, shapes: Shapes, teams: TeamTree, algorithm: Algorithm): Prepared {
  const { graph: optimized } = optimize(inferShapes(graph, shapes));
  const plan = planWhole(optimized, teams);
  const program = lower(optimized, plan, {
    reference: algorithm === 'reference',
    exact: algorithm !== 'auto',
  });
  return { graph: optimized, plan, program, flops: graphFlops(optimized) };
}
