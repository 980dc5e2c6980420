/** Who works in a memory, and from how far. */
import type { Plan } from '../plan/plan.js';
import { distanceOf, seats } from '../plan/team.js';
import type { Crew } from './kernel_time.js';

/** The crew of each memory of a plan. */
export function crewsOf({ teams, memories }: Pick<Plan, 'teams' | 'memories'>): Crew[] {
  const nodeOf = new Map(seats(teams).map(({ rank, nodeIndex }) => [rank, nodeIndex]));
  return memories.map(({ nodeIndex: home, ranks }) => {
    const own = distanceOf(teams, home, home);
    const remoteness = ranks.map(rank => distanceOf(teams, nodeOf.get(rank)!, home) / own);
    return { workers: ranks.length, remoteness: remoteness.reduce((sum, value) => sum + value, 0) / ranks.length };
  });
}
