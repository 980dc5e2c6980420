import { NumavoxError } from '../errors.js';
import { nodeFlops } from '../graph/cost.js';
import { bindInputs, inferShapes } from '../graph/index.js';
import type { Graph, TypedGraph } from '../graph/ir.js';
import { lower } from '../lower/lower.js';
import type { Program } from '../lower/program.js';
import { optimize } from '../passes/index.js';
import { type Plan, planWhole } from '../plan/plan.js';
import type { TeamTree } from '../plan/team.js';

/** A model made ready for one set of input sizes. */
export interface Prepared {
  readonly graph: TypedGraph;
  readonly plan: Plan;
  readonly program: Program;
  /** 2 per multiply-add, of the optimised graph. */
  readonly flops: number;
}

export type Shapes = Readonly<Record<string, readonly number[]>>;

/** infer -> optimize -> plan -> lower, for inputs of these sizes. */
export function prepare(graph: Graph, shapes: Shapes, teams: TeamTree, reference: boolean): Prepared {
  for (const name of Object.keys(shapes)) {
    if (graph.inputs.some(input => input.name === name)) continue;
    const names = graph.inputs.map(input => input.name).join(', ');
    throw new NumavoxError('usage', `a shape is given for '${name}', which is no input; inputs: ${names}`);
  }
  const { graph: optimized } = optimize(inferShapes(bindInputs(graph, shapes)));
  const plan = planWhole(optimized, teams);
  const program = lower(optimized, plan, { reference });
  const flops = optimized.nodes.reduce((sum, node) => sum + nodeFlops(optimized, node), 0);
  return { graph: optimized, plan, program, flops };
}

/** The names of symbolic sizes that nothing binds yet. */
export function unboundDims(graph: Graph, shapes: Shapes): string[] {
  const open = graph.inputs.filter(({ name }) => !shapes[name]).flatMap(({ type }) => type.dims);
  return [...new Set(open.filter(dim => typeof dim === 'string'))];
}
