/**
 * From the machine to the team tree: every worker that the seating places gets its rank, in the order of the tree.
 */
import { type SeatOptions, seatWorkers } from '../topology/seats.js';
import type { Topology } from '../topology/types.js';
import type { NodeTeam, TeamTree } from './team.js';

/**
 * Seats workers on a machine (`seatWorkers` says where and throws `usage`) and ranks them. `warnings` are for the
 * user, one line each.
 */
export function buildTeams(topology: Topology, options: SeatOptions = {}): { teams: TeamTree; warnings: string[] } {
  const { nodes, logical, distances, warnings } = seatWorkers(topology, options);
  let rank = 0;
  const teams: NodeTeam[] = nodes.map(({ node, clusters }) => ({
    node: node ?? (topology.nodes.length === 0 ? 0 : -1),
    clusters: clusters.map(({ via, cpus }) => ({ via, workers: cpus.map(cpu => ({ rank: rank++, cpu })) })),
  }));
  const tree = { nodes: teams, logical, ...(distances === null ? {} : { distances }) };
  return { teams: tree, warnings: [...warnings] };
}
