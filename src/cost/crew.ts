/** Who works in a memory, and from how far. */
import type { Plan } from '../plan/plan.js';
import { distanceOf, seats } from '../plan/team.js';

/** The workers of one memory. */
export interface Crew {
  readonly workers: number;
  /** How much longer a byte takes than from the own node's memory, on average over the workers; 1 where all sit there. */
  readonly remoteness: number;
  /** Clusters, and so shared caches, that they have among them. */
  readonly clusters: number;
  /** Where they sit: one entry per node. */
  readonly nodes: readonly CrewNode[];
}

export interface CrewNode {
  readonly workers: number;
  /** To the memory, and whether it is the node's own. */
  readonly distance: number;
  readonly isHome: boolean;
}

/** The crew of each memory of a plan. */
export function crewsOf({ teams, memories }: Pick<Plan, 'teams' | 'memories'>): Crew[] {
  const seatOf = new Map(seats(teams).map(seat => [seat.rank, seat]));
  return memories.map(({ nodeIndex: home, ranks }) => {
    const own = distanceOf(teams, home, home);
    const places = ranks.map(rank => seatOf.get(rank)!);
    const remoteness = places.map(({ nodeIndex }) => distanceOf(teams, nodeIndex, home) / own);
    const nodeIndices = [...new Set(places.map(({ nodeIndex }) => nodeIndex))];
    return {
      workers: ranks.length,
      remoteness: remoteness.reduce((sum, value) => sum + value, 0) / ranks.length,
      clusters: new Set(places.map(({ nodeIndex, clusterIndex }) => `${nodeIndex}.${clusterIndex}`)).size,
      nodes: nodeIndices.map(index => ({
        workers: places.filter(({ nodeIndex }) => nodeIndex === index).length,
        distance: distanceOf(teams, index, home),
        isHome: index === home,
      })),
    };
  });
}

/** Workers that are not on the node where most of them are. */
export const farWorkers = (nodes: readonly Pick<CrewNode, 'workers'>[]): number =>
  nodes.reduce((sum, { workers }) => sum + workers, 0) - Math.max(...nodes.map(({ workers }) => workers));
