/**
 * How a memory's work is laid over the cache clusters of its team: each cluster has a contiguous range of the units, as
 * long as it has workers, so that neighbouring units, which share packed weights, stay in one cache.
 */
import { NumavoxError } from '../errors.js';
import type { Step } from '../lower/program.js';
import type { PlannedMemory } from '../plan/plan.js';
import { seats, type TeamTree } from '../plan/team.js';

/** The ranks of a memory's team, cluster by cluster in the tree's order; clusters without one of them are left out. */
export function clustersOf(teams: TeamTree, ranks: readonly number[]): number[][] {
  const found = new Map<string, number[]>();
  for (const { rank, nodeIndex, clusterIndex } of seats(teams)) {
    if (!ranks.includes(rank)) continue;
    const key = `${nodeIndex}.${clusterIndex}`;
    const cluster = found.get(key);
    if (cluster) cluster.push(rank);
    else found.set(key, [rank]);
  }
  return [...found.values()];
}

/** One range of [0, count) per cluster, in proportion to its workers. */
export function rangesOf(count: number, clusters: readonly (readonly number[])[]): { begin: number; end: number }[] {
  const workers = clusters.reduce((sum, cluster) => sum + cluster.length, 0);
  let before = 0;
  return clusters.map(cluster => {
    const begin = Math.floor((count * before) / workers);
    before += cluster.length;
    return { begin, end: Math.floor((count * before) / workers) };
  });
}

/**
 * Units of a share go to any worker of its memory, so all of them have to meet before the next step.
 * @throws NumavoxError `runtime` where the barrier of a step is narrower than the team of a memory that has a share in it
 */
export function checkScopes(steps: readonly Step[], memories: readonly PlannedMemory[], teams: TeamTree): void {
  const all = seats(teams);
  const teamsOf = memories.map(({ ranks }) => {
    const members = all.filter(seat => ranks.includes(seat.rank));
    const nodes = new Set(members.map(({ nodeIndex }) => nodeIndex)).size;
    return { machine: 1, node: nodes, cluster: clustersOf(teams, ranks).length };
  });
  for (const { name, barrier, shares } of steps) {
    const torn = shares.find(({ memory }) => teamsOf[memory]![barrier] > 1);
    if (!torn) continue;
    throw new NumavoxError(
      'runtime',
      `step "${name}" ends at a ${barrier} barrier, and memory ${torn.memory} has workers of several`,
    );
  }
}
