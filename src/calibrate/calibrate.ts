/**
 * Measures a machine's rates: the cases on one worker and on all workers of one node, through the runtime that inference uses.
 * Invariant: the workers are those of one node, pinned as in a session, so that rates say nothing of distances.
 */
import type { ModuleName } from '../assets.js';
import { defaultRates } from '../cost/default_rates.js';
import type { Rates } from '../cost/rates.js';
import { buildTeams } from '../plan/build_teams.js';
import type { NodeTeam, TeamTree } from '../plan/team.js';
import { startRuntime } from '../runtime/index.js';
import { hostTopology } from '../topology/index.js';
import { convolutionCases } from './convolution_cases.js';
import type { KernelCase } from './kernel_case.js';
import { cacheSizesOf, machineKey } from './machine.js';
import { ratesFrom } from './rates_from.js';
import { streamingCases } from './streaming_cases.js';
import { teamTimes } from './team_times.js';
import { winogradCases } from './winograd_cases.js';

export interface CalibrateOptions {
  /** How many workers to measure together: all of the node that has most unless given. */
  readonly workers?: number;
  /** As for sessions: the better one that the host has unless given. */
  readonly module?: ModuleName;
  /** About how long the cases are measured on one worker, and again on all; 6 seconds unless given. */
  readonly budgetMs?: number;
  /** What is measured in place of the built-in cases; for tests. */
  readonly cases?: readonly KernelCase[];
  readonly signal?: AbortSignal;
  readonly onWarning?: (message: string) => void;
}

const defaultBudgetMs = 6_000;

/** Measures; keeps nothing. @throws NumavoxError as starting and running a session does, `aborted` among them */
export async function calibrate(options: CalibrateOptions = {}): Promise<Rates> {
  const { workers, module, budgetMs = defaultBudgetMs, signal, onWarning = () => {} } = options;
  const { cases = [...convolutionCases, ...winogradCases, ...streamingCases] } = options;
  const topology = hostTopology();
  const { teams } = buildTeams(topology, workers === undefined ? {} : { workers });
  const largest = teams.nodes.reduce((a, b) => (cpusOf(b).length > cpusOf(a).length ? b : a));
  const cpus = cpusOf(largest);
  const caches = cacheSizesOf(topology, defaultRates.caches);

  const timesOf = async (count: number) => {
    const team = oneNode(largest.node, cpus.slice(0, count));
    const runtime = await startRuntime({ teams: team, onWarning, ...(module === undefined ? {} : { module }) });
    try {
      return { module: runtime.module, times: await teamTimes({ runtime, cases, caches, budgetMs, signal }) };
    } finally {
      await runtime.close();
    }
  };
  const one = await timesOf(1);
  const all = cpus.length > 1 ? (await timesOf(cpus.length)).times : null;
  return ratesFrom({ one: one.times, all, workers: cpus.length, caches, machine: machineKey(one.module) });
}

const cpusOf = (node: NodeTeam): number[] => node.clusters.flatMap(({ workers }) => workers.map(({ cpu }) => cpu));

const oneNode = (node: number, cpus: readonly number[]): TeamTree => ({
  nodes: [{ node, clusters: [{ via: 'node', workers: cpus.map((cpu, rank) => ({ rank, cpu })) }] }],
  logical: false,
});
