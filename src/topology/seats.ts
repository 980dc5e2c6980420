/**
 * Which CPUs the workers of a session sit on, and why the others stay free. A worker never sits on a CPU that the
 * process may not use.
 */
import { NumavoxError } from '../errors.js';
import { ascending } from './cpu_sets.js';
import { distanceIn, distanceMatrix, type NodeDistance } from './distances.js';
import { memoryWarnings } from './memory_warnings.js';
import { distancesOfShape, hierarchyOfShape, maxWorkers, type Shape } from './shape.js';
import type { CpuSet, NodeHierarchy, Topology } from './types.js';

export interface SeatOptions {
  /** How many workers; one per core unless given. */
  readonly workers?: number | undefined;
  /** A topology to arrange the workers in, in place of the machine's own. */
  readonly shape?: Shape | undefined;
  /** One worker per CPU in place of one per core, where `workers` does not say. */
  readonly smt?: boolean | undefined;
  /** The CPU quota to keep to where `workers` does not say, in place of the cgroup's; null: none. */
  readonly quota?: number | null | undefined;
}

/** The CPUs of the workers, one each, in rank order; nodes and clusters without a worker are left out. */
export interface SeatedNode {
  readonly node: number | null;
  readonly clusters: readonly { readonly via: string; readonly cpus: readonly number[] }[];
}

export interface Seating {
  readonly nodes: readonly SeatedNode[];
  /** Arranged in another topology than the machine's own. */
  readonly logical: boolean;
  /** Between `nodes`, in their order and the kernel's numbers; null where nobody says. */
  readonly distances: readonly (readonly number[])[] | null;
  /** For people, one line each. */
  readonly warnings: readonly string[];
}

export interface ExcludedCpu {
  readonly cpu: number;
  readonly reason: string;
  /** The CPU of the same core that comes first, where that is the reason. */
  readonly siblingOf?: number;
}

/**
 * Seats the workers. By default there is one on the first allowed CPU of every allowed core, but no more than the CPU
 * quota. A number of them is placed so:
 *
 * - as few nodes as hold them with a core each: the ones with most cores first, then the ones nearest to those;
 * - in these nodes one at a time to the cluster with the fewest workers, so that clusters (and nodes) are even;
 * - beyond one per core, on the other CPUs of the cores, over all clusters evenly;
 * - beyond one per CPU, round again, with a warning.
 *
 * Given a shape that is not the machine's own, the same is done in the shape, and then the allowed CPUs are handed out
 * in turn: one of every core, then the cores' other CPUs, then from the start.
 *
 * Throws `usage`: workers that is no whole number from 1 to 4096, a shape that is none, a
 * quota below 1.
 */
export function seatWorkers(topology: Topology, options: SeatOptions = {}): Seating {
  const own = topology.hierarchyAllowed;
  const given = options.shape === undefined ? null : hierarchyOfShape(options.shape);
  const logical = given !== null && !(typeof options.shape === 'string' ? sameShape(given, own) : sameCpus(given, own));
  const hierarchy = logical && given !== null ? given : own;
  const quota = options.quota === undefined ? topology.quotaCpus : options.quota;
  if (quota !== null && !(quota >= 1))
    throw new NumavoxError('usage', `quota is ${quota}: it should be at least 1 CPU`);
  const workers = workerCount(hierarchy, options, given === null ? quota : null);

  const rows = logical && options.shape !== undefined ? distancesOfShape(options.shape) : topology.nodes;
  const spread = spreadWorkers(hierarchy, workers, distanceIn(rows));
  const inTurn = cpusByThread(own);
  let next = 0;
  const nodes = !logical
    ? spread
    : spread.map((node, index) => ({
        node: index,
        clusters: node.clusters.map(({ via, cpus }) => ({
          via,
          cpus: cpus.map(() => inTurn[next++ % inTurn.length]!),
        })),
      }));

  const warnings: string[] = [];
  if (workers > inTurn.length) {
    warnings.push(`${workers} workers on ${counted(inTurn.length, 'CPU')}: they take turns`);
  } else if (quota !== null && workers > quota) {
    warnings.push(`${workers} workers under a CPU quota of ${quota}: they will be held back`);
  }
  if (!logical) {
    warnings.push(
      ...memoryWarnings(
        topology,
        nodes.flatMap(({ node }) => node ?? []),
      ),
    );
  }
  const distances = distanceMatrix(
    spread.map(({ node }) => node),
    rows,
  );
  return { nodes, logical, distances, warnings };
}

/** Every CPU of the machine that no worker sits on, with the reason. Throws as `seatWorkers` does. */
export function excludedCpus(topology: Topology, options: SeatOptions = {}): ExcludedCpu[] {
  const { nodes } = seatWorkers(topology, options);
  const taken = new Set(nodes.flatMap(node => node.clusters.flatMap(cluster => cluster.cpus)));
  const allowed = new Set(topology.allowed.cpus);
  const firstOfCore = new Map<number, number>();
  for (const core of topology.hierarchyAllowed.flatMap(node => node.clusters.flatMap(cluster => cluster.cores))) {
    for (const cpu of core.slice(1)) firstOfCore.set(cpu, core[0]!);
  }
  const inCgroup = topology.cgroupCpus === null ? null : new Set(topology.cgroupCpus);
  const offline = new Set(topology.offline);
  return ascending([...topology.online, ...topology.offline])
    .filter(cpu => !taken.has(cpu))
    .map(cpu => {
      if (offline.has(cpu)) return { cpu, reason: 'offline' };
      if (!allowed.has(cpu)) return { cpu, reason: inCgroup?.has(cpu) === false ? 'cgroup cpuset' : 'process mask' };
      const first = firstOfCore.get(cpu);
      if (first !== undefined && options.smt !== true) {
        return { cpu, reason: `SMT sibling of CPU ${first}`, siblingOf: first };
      }
      const asked = options.workers !== undefined || options.shape !== undefined;
      return { cpu, reason: asked ? 'more CPUs than workers' : 'CPU quota' };
    });
}

function workerCount(hierarchy: readonly NodeHierarchy[], options: SeatOptions, quota: number | null): number {
  const { workers, smt } = options;
  if (workers === undefined) {
    const cores = coresOf(hierarchy);
    const count = smt === true ? cores.flat().length : cores.length;
    return Math.min(count, Math.floor(quota ?? count), maxWorkers);
  }
  if (!Number.isInteger(workers) || workers < 1 || workers > maxWorkers) {
    throw new NumavoxError('usage', `workers is ${workers}: it should be a whole number from 1 to ${maxWorkers}`);
  }
  return workers;
}

function spreadWorkers(hierarchy: readonly NodeHierarchy[], workers: number, distance: NodeDistance): SeatedNode[] {
  const seats = hierarchy.map(node => node.clusters.map(cluster => cluster.cores.map(() => [] as number[])));
  const threads = Math.max(...coresOf(hierarchy).map(core => core.length));
  let left = workers;
  for (let round = 0; left > 0; round++) {
    const thread = round % threads;
    const places = hierarchy.map(node =>
      node.clusters.map(cluster => cluster.cores.flatMap((core, index) => (thread < core.length ? [index] : []))),
    );
    const chosen = round === 0 ? fewestNodes(hierarchy, left, distance) : hierarchy.map((_, index) => index);
    const takes = dealEvenly(
      chosen.map(index => places[index]!.map(cores => cores.length)),
      left,
    );
    for (const [order, nodeIndex] of chosen.entries()) {
      for (const [clusterIndex, take] of takes[order]!.entries()) {
        for (const core of places[nodeIndex]![clusterIndex]!.slice(0, take)) {
          seats[nodeIndex]![clusterIndex]![core]!.push(
            hierarchy[nodeIndex]!.clusters[clusterIndex]!.cores[core]![thread]!,
          );
        }
        left -= take;
      }
    }
  }
  return hierarchy
    .map(({ node, clusters }, nodeIndex) => ({
      node,
      clusters: clusters
        .map(({ via }, clusterIndex) => ({ via, cpus: seats[nodeIndex]![clusterIndex]!.flat() }))
        .filter(({ cpus }) => cpus.length > 0),
    }))
    .filter(({ clusters }) => clusters.length > 0);
}

/** Indices, ascending, of the fewest nodes whose cores hold `workers`; all of them where none do. */
function fewestNodes(hierarchy: readonly NodeHierarchy[], workers: number, distance: NodeDistance): number[] {
  const open = new Map(hierarchy.map((node, index) => [index, { cores: coresOf([node]).length, farness: 0 }]));
  const chosen: number[] = [];
  for (let held = 0; held < workers && open.size > 0; ) {
    const [best, { cores }] = [...open].reduce((a, b) => {
      const better = b[1].cores - a[1].cores || a[1].farness - b[1].farness;
      return better > 0 ? b : a;
    });
    open.delete(best);
    chosen.push(best);
    held += cores;
    for (const [index, node] of open) node.farness += distance(hierarchy[best]!.node, hierarchy[index]!.node);
  }
  return chosen.sort((a, b) => a - b);
}

/**
 * How many of `count` each cluster of each node takes, of what it can: in turns of one each, and within a turn the
 * first clusters of all nodes before the second ones.
 */
function dealEvenly(capacities: readonly (readonly number[])[], count: number): number[][] {
  const places = capacities.flatMap((clusters, node) =>
    clusters.flatMap((capacity, cluster) => Array.from({ length: capacity }, (_, turn) => ({ turn, cluster, node }))),
  );
  places.sort((a, b) => a.turn - b.turn || a.cluster - b.cluster || a.node - b.node);
  const takes = capacities.map(clusters => clusters.map(() => 0));
  for (const { node, cluster } of places.slice(0, count)) takes[node]![cluster]!++;
  return takes;
}

/** Every CPU: the first of every core in order, then the second of every core that has one, and so on. */
function cpusByThread(hierarchy: readonly NodeHierarchy[]): number[] {
  const cores = coresOf(hierarchy);
  const threads = Math.max(...cores.map(core => core.length));
  return Array.from({ length: threads }, (_, thread) =>
    cores.filter(core => thread < core.length).map(core => core[thread]!),
  ).flat();
}

function coresOf(hierarchy: readonly NodeHierarchy[]): CpuSet[] {
  return hierarchy.flatMap(node => node.clusters.flatMap(cluster => cluster.cores));
}

function sameShape(a: readonly NodeHierarchy[], b: readonly NodeHierarchy[]): boolean {
  const counts = (hierarchy: readonly NodeHierarchy[]) =>
    JSON.stringify(hierarchy.map(node => node.clusters.map(cluster => cluster.cores.length)));
  return counts(a) === counts(b);
}

function sameCpus(a: readonly NodeHierarchy[], b: readonly NodeHierarchy[]): boolean {
  const numbers = (hierarchy: readonly NodeHierarchy[]) =>
    JSON.stringify(hierarchy.map(({ node, clusters }) => [node, clusters.map(cluster => cluster.cores)]));
  return numbers(a) === numbers(b);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
