/**
 * The cluster rule: which cores of a NUMA node work together, because they share a cache inside it.
 * Every CPU of the node ends up in exactly one core of exactly one cluster.
 */
import { disjoint, intersection } from './cpu_sets.js';
import type { CacheSets, Cluster, CpuSet, NodeHierarchy } from './types.js';

export interface Sharing {
  readonly caches: CacheSets;
  readonly cores: readonly CpuSet[];
  readonly packages: readonly CpuSet[];
  readonly dies: readonly CpuSet[];
  readonly clusters: readonly CpuSet[];
}

/**
 * Splits a node's CPUs by the highest data or unified cache level whose sets all lie inside the node and of which at
 * least one holds more than one core. Where there is none: by the kernel's clusters when nothing beyond L1 is shown,
 * then by die, then by package, where they split the node. Otherwise the node is one cluster.
 *
 * CPUs that the chosen level leaves out (low-power cores beside the last-level cache) are split by the same rule.
 */
export function clustersOf(cpus: CpuSet, sharing: Sharing): Cluster[] {
  const rest = new Set(cpus);
  const found: Cluster[] = [];
  while (rest.size > 0) {
    const remaining = [...rest];
    const { via, sets } = split(remaining, sharing);
    for (const set of sets) {
      found.push({ via, cores: coresIn(set, sharing.cores) });
      for (const cpu of set) rest.delete(cpu);
    }
  }
  return found.sort((a, b) => a.cores[0]![0]! - b.cores[0]![0]!);
}

/** At least one set, and none of them empty. */
function split(cpus: CpuSet, sharing: Sharing): { via: string; sets: readonly CpuSet[] } {
  const levels = Object.keys(sharing.caches)
    .map(Number)
    .sort((a, b) => b - a);
  for (const level of levels) {
    const sets = touching(cpus, sharing.caches[level]!);
    if (liesInside(sets, cpus) && joinsCores(sets, sharing.cores)) return { via: `L${level}`, sets };
  }
  const fallbacks: [string, readonly CpuSet[]][] = [
    ['cluster', levels.some(level => level > 1) ? [] : sharing.clusters],
    ['die', sharing.dies],
    ['package', sharing.packages],
  ];
  for (const [via, all] of fallbacks) {
    const sets = touching(cpus, all);
    const splits = sets.length > 1 && liesInside(sets, cpus);
    if (splits && joinsCores(sets, sharing.cores)) return { via, sets };
  }
  return { via: 'node', sets: [cpus] };
}

/** `hierarchy` over fewer CPUs; what has none left is gone. */
export function restrict(hierarchy: readonly NodeHierarchy[], cpus: CpuSet): NodeHierarchy[] {
  return hierarchy
    .map(({ node, clusters }) => ({
      node,
      clusters: clusters
        .map(({ via, cores }) => ({
          via,
          cores: cores.map(core => intersection(core, cpus)).filter(core => core.length > 0),
        }))
        .filter(({ cores }) => cores.length > 0),
    }))
    .filter(({ clusters }) => clusters.length > 0);
}

function touching(cpus: CpuSet, sets: readonly CpuSet[]): CpuSet[] {
  const members = new Set(cpus);
  return sets.filter(set => set.some(cpu => members.has(cpu)));
}

function liesInside(sets: readonly CpuSet[], cpus: CpuSet): boolean {
  const members = new Set(cpus);
  return sets.every(set => set.every(cpu => members.has(cpu)));
}

function joinsCores(sets: readonly CpuSet[], cores: readonly CpuSet[]): boolean {
  return sets.some(set => coresIn(set, cores).length > 1);
}

function coresIn(cpus: CpuSet, cores: readonly CpuSet[]): number[][] {
  return disjoint(cores.map(core => intersection(core, cpus)));
}
