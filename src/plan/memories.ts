/** The memories of a partition: one per node with workers, in the nodes' order. */
import type { Distance } from './exchange.js';
import type { Plan, PlannedMemory } from './plan.js';
import { distanceOf, seats, type TeamTree } from './team.js';

/** One memory for each node team that has workers, in which the ranks of that node work. */
export function memoriesOf(teams: TeamTree): PlannedMemory[] {
  const all = seats(teams);
  return teams.nodes
    .map((_, nodeIndex) => ({
      nodeIndex,
      ranks: all.filter(seat => seat.nodeIndex === nodeIndex).map(seat => seat.rank),
    }))
    .filter(({ ranks }) => ranks.length > 0);
}

/** How far apart the memories of a plan are: as far as their nodes. */
export const memoryDistance =
  ({ teams, memories }: Pick<Plan, 'teams' | 'memories'>): Distance =>
  (a, b) =>
    distanceOf(teams, memories[a]!.nodeIndex, memories[b]!.nodeIndex);
