import { createCostModel } from '../cost/model.js';
import type { Rates } from '../cost/rates.js';
import type { Shapes } from '../graph/bind.js';
import { graphFlops } from '../graph/cost.js';
import { inferShapes } from '../graph/infer.js';
import type { Graph, TypedGraph } from '../graph/ir.js';
import { layerGrid } from '../lower/layer_grid.js';
import { layerSteps, type StepsOf } from '../lower/layer_steps.js';
import { lower } from '../lower/lower.js';
import type { Program } from '../lower/program.js';
import { optimize } from '../passes/optimize.js';
import type { Partition } from '../plan/cuts.js';
import { memoriesOf } from '../plan/memories.js';
import { type Plan, planWhole } from '../plan/plan.js';
import { type Planned, planPartition } from '../plan/search.js';
import type { TeamTree } from '../plan/team.js';
import type { Algorithm, WeightFormat } from './options.js';

/** Everything that the way from a graph to a program depends on. */
export interface PrepareOptions {
  readonly teams: TeamTree;
  readonly algorithm: Algorithm;
  /** `f32` unless given. */
  readonly weights?: WeightFormat;
  readonly weightGrowth?: number | undefined;
  readonly partition: Partition;
  /** What plans are compared by; they never change a result. */
  readonly rates: Rates;
}

/** A model made ready for one set of input sizes. */
export interface Prepared {
  readonly graph: TypedGraph;
  readonly plan: Plan;
  readonly program: Program;
  /** 2 per multiply-add, of the optimised graph. */
  readonly flops: number;
}

/** infer -> optimize -> plan -> lower, for inputs of these sizes. */
export function prepare(graph: Graph, shapes: Shapes, options: PrepareOptions): Prepared {
  const optimized = optimizeFor(graph, shapes);
  const isWhole = options.partition === 'none' || memoriesOf(options.teams).length < 2;
  const plan = isWhole ? planWhole(optimized, options.teams) : planWithCosts(optimized, options).plan;
  const program = lower(optimized, plan, lowerOptions(options));
  return { graph: optimized, plan, program, flops: graphFlops(optimized) };
}

export const optimizeFor = (graph: Graph, shapes: Shapes): TypedGraph => optimize(inferShapes(graph, shapes)).graph;

export const lowerOptions = ({
  algorithm,
  weights = 'f32',
  weightGrowth,
}: Pick<PrepareOptions, 'algorithm' | 'weights' | 'weightGrowth'>) => ({
  reference: algorithm === 'reference',
  exact: algorithm !== 'auto',
  bf16: weights === 'bf16',
  weightGrowth,
});

/** What layers are priced by: their steps where a memory has as many workers as the largest node. */
export const pricedSteps = (graph: TypedGraph, options: PrepareOptions): StepsOf =>
  layerSteps(graph, {
    ...lowerOptions(options),
    workers: Math.max(...memoriesOf(options.teams).map(({ ranks }) => ranks.length)),
  });

/** The cheapest plan, with what every layer of it should take. `stepsOf` may be kept from one plan of a graph to another. */
export function planWithCosts(
  graph: TypedGraph,
  options: PrepareOptions,
  stepsOf: StepsOf = pricedSteps(graph, options),
): Planned {
  const { teams, partition, rates } = options;
  const memories = partition === 'none' ? planWhole(graph, teams).memories : memoriesOf(teams);
  return planPartition(graph, {
    teams,
    partition,
    cost: createCostModel({ rates, teams, memories, stepsOf }),
    extraGrid: node => layerGrid(graph, node, lowerOptions(options)),
  });
}
