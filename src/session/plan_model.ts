/**
 * What goes where, before anything runs: a model's plan and its program, priced. Invariant: it is the plan that a session with these
 * options and rates would run, and no worker is started.
 */
import { loadRates } from '../calibrate/index.js';
import { defaultRates } from '../cost/default_rates.js';
import { type ProgramPrediction, predictProgram } from '../cost/predict.js';
import { NumavoxError } from '../errors.js';
import { graphFlops } from '../graph/cost.js';
import type { TypedGraph } from '../graph/ir.js';
import type { StepsOf } from '../lower/layer_steps.js';
import { lower } from '../lower/lower.js';
import type { BarrierScope, Program } from '../lower/program.js';
import { buildTeams } from '../plan/build_teams.js';
import { cutName, type Partition } from '../plan/cuts.js';
import { memoriesOf } from '../plan/memories.js';
import type { Planned } from '../plan/search.js';
import type { NodeTeam, TeamTree } from '../plan/team.js';
import { hostTopology } from '../topology/index.js';
import { loadGraph, type ModelSource, withSymbols } from './load.js';
import { type NumavoxOptions, resolveOptions } from './options.js';
import { type LayerSteps, stepsByLayer } from './plan_layers.js';
import type { ComparedPlan, PlannedLayerInfo, PlanReport, PlanSummary } from './plan_report.js';
import { lowerOptions, optimizeFor, type PrepareOptions, planWithCosts, pricedSteps } from './prepare.js';
import { isExchange } from './step_layers.js';

export type PlanModelOptions = Omit<NumavoxOptions, 'module'>;

/**
 * Plans a model as a session would, and says what that would exchange, hold and take.
 *
 * @throws NumavoxError as making a session does; `usage` too where a size of an input is open
 */
export function planModel(source: ModelSource, options: PlanModelOptions = {}): PlanReport {
  const resolved = resolveOptions(options);
  const { workers, topology, smt, rates, algorithm = 'auto', partition = 'auto', ...rest } = resolved;
  const { weights = 'f32', weightGrowth } = resolved;
  const { teams, warnings } = buildTeams(hostTopology(), { workers, shape: topology, smt });
  // Of another machine, it does not matter what this one has too little of.
  const warn = rest.onWarning ?? (message => process.emitWarning(message, 'NumavoxWarning'));
  if (!teams.logical) for (const warning of warnings) warn(warning);
  const graph = optimizeFor(withSymbols(loadGraph(source), rest.freeDimensionOverrides ?? {}), rest.shapes ?? {});
  const kept = rates === undefined ? loadRates() : null;
  const prepare = { teams, algorithm, weights, weightGrowth, partition, rates: rates ?? kept ?? defaultRates };
  const planner = plannerOf(graph, prepare);
  const best = planner.plan(partition, teams);
  const summary = summaryOf(best);
  const nodes = best.planned.plan.memories.map(({ nodeIndex }) => teams.nodes[nodeIndex]!.node);
  const names = graph.nodes.map(({ name }) => name);
  const layers = stepsByLayer({ ...best, names, nodes });
  const first = teams.nodes[0]!;

  const compared = (alone: NodeTeam) => {
    const { compared: other } = planner.compare('none', onlyNode(teams, alone));
    return { ...other, speedUp: other.problem === null && summary.ms > 0 ? other.ms / summary.ms : null };
  };
  const others = memoriesOf(teams).length < 2 ? [] : kinds.filter(kind => kind !== partition);
  const { machine } = prepare.rates;
  const { secondMs, totalMs } = best.planned;
  return {
    model: graph.name,
    inputs: graph.inputs.map(({ name }) => ({ name, dims: graph.types.get(name)!.dims })),
    gflop: graphFlops(graph) / 1e9,
    algorithm,
    partition,
    machine: {
      nodes: teams.nodes.length,
      clusters: teams.nodes.reduce((sum, { clusters }) => sum + clusters.length, 0),
      workers: teams.nodes.reduce((sum, node) => sum + workersOf(node), 0),
      logical: teams.logical,
    },
    rates: {
      source: rates ? 'given' : kept ? 'calibrated' : 'default',
      cpu: machine.cpu,
      node: machine.node,
      module: machine.module,
    },
    memories: best.program.memories.map(({ bytes, weightBytes, arenaBytes }, memory) => {
      const own = best.planned.plan.memories[memory]!.ranks.length;
      return { node: nodes[memory]!, workers: own, bytes, weightBytes, arenaBytes };
    }),
    layers: best.planned.layers.map((layer, index) => layerInfo(graph, layer, layers[index]!)),
    steps: countSteps(best.program),
    totals: { ...totalTimes(layers), ...summary, runMs: best.prediction.runMs },
    secondBest: secondMs === null ? null : { ms: summary.ms + (secondMs - totalMs) },
    oneCore: compared({ ...first, clusters: [firstWorker(first)] }),
    oneNode: { ...compared(first), node: first.node, workers: workersOf(first) },
    alternatives: others.map(kind => alternative(planner, kind, teams)),
  };
}

/** What a plan may be compared with. */
const kinds: readonly Partition[] = ['auto', 'frugal', 'channel', 'depth', 'height', 'one', 'none'];

interface Priced {
  readonly planned: Planned;
  readonly program: Program;
  readonly prediction: ProgramPrediction;
}

/** Plans of one graph that differ in partition and workers. */
function plannerOf(graph: TypedGraph, options: PrepareOptions) {
  const stepsOf: StepsOf = pricedSteps(graph, options);

  function plan(partition: Partition, teams: TeamTree): Priced {
    const planned = planWithCosts(graph, { ...options, partition, teams }, stepsOf);
    const program = lower(graph, planned.plan, lowerOptions(options));
    return { planned, program, prediction: predictProgram(program, planned.plan, options.rates) };
  }

  /** Of a plan that may turn out too large for its memories. */
  function compare(partition: Partition, teams: TeamTree): { compared: ComparedPlan; planned: Planned | null } {
    try {
      const priced = plan(partition, teams);
      return { compared: { ...summaryOf(priced), problem: null }, planned: priced.planned };
    } catch (error) {
      if (!(error instanceof NumavoxError && error.kind === 'resource')) throw error;
      return { compared: { ms: null, problem: error.message }, planned: null };
    }
  }

  return { plan, compare };
}

function alternative(planner: ReturnType<typeof plannerOf>, partition: Partition, teams: TeamTree) {
  const { planned, compared } = planner.compare(partition, teams);
  const wished = partition === 'none' ? 'one' : partition;
  const layersCut = planned?.layers.filter(({ cut }) => cutName(cut) === wished).length ?? 0;
  return { partition, layersCut: wished === 'auto' || wished === 'frugal' ? null : layersCut, ...compared };
}

const workersOf = ({ clusters }: NodeTeam): number => clusters.reduce((sum, { workers }) => sum + workers.length, 0);

const firstWorker = ({ clusters }: NodeTeam) => ({ ...clusters[0]!, workers: clusters[0]!.workers.slice(0, 1) });

/** A tree of its first node alone, or of some of that node's workers: their ranks begin at 0 as well. */
const onlyNode = ({ logical, distances }: TeamTree, node: NodeTeam): TeamTree => ({
  nodes: [node],
  logical,
  ...(distances ? { distances: [[distances[0]![0]!]] } : {}),
});

function summaryOf({ program, prediction }: Priced): PlanSummary {
  const shares = program.steps.flatMap(step => step.shares);
  const pieces = shares.flatMap(share => (share.kind === 'exchange' ? share.pieces : []));
  return {
    ms: prediction.totalMs,
    exchangeBytes: pieces.reduce((sum, { runs, bytes }) => sum + runs * bytes, 0),
    weightBytes: program.memories.reduce((sum, { weightBytes }) => sum + weightBytes, 0),
    memoryBytes: program.memories.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function layerInfo(graph: TypedGraph, planned: Planned['layers'][number], steps: LayerSteps): PlannedLayerInfo {
  const { name, op, cut, boxes, weightBytes } = planned;
  const node = graph.nodes.find(other => other.name === name)!;
  return {
    name,
    op,
    dims: graph.types.get(node.outputs[0]!)!.dims,
    cut: cutName(cut),
    parts: cut.kind === 'parts' ? cut.parts : null,
    boxes,
    weightBytes,
    ...steps,
  };
}

function countSteps({ steps }: Program): PlanReport['steps'] {
  const barriers: Record<BarrierScope, number> = { cluster: 0, node: 0, machine: 0 };
  for (const { barrier } of steps) barriers[barrier] += 1;
  return { total: steps.length, exchanges: steps.filter(isExchange).length, barriers };
}

function totalTimes(layers: readonly LayerSteps[]) {
  const sum = (field: 'computeMs' | 'memoryMs' | 'exchangeMs' | 'barrierMs') =>
    layers.reduce((all, layer) => all + layer[field], 0);
  return {
    computeMs: sum('computeMs'),
    memoryMs: sum('memoryMs'),
    exchangeMs: sum('exchangeMs'),
    barrierMs: sum('barrierMs'),
  };
}
