import { ownDistance, unknownDistance } from '../topology/distances.js';

/**
 * The team tree: the workers of a session, arranged as the machine is (node -> cluster -> core). Ranks count through
 * the tree in order, so that a team is always a contiguous range of ranks.
 */
export interface TeamTree {
  readonly nodes: readonly NodeTeam[];
  /** Nodes that the machine does not have: same program, same exchanges, no locality. */
  readonly logical: boolean;
  /** Between `nodes`, in their order, in the kernel's numbers (10: a node's own memory). Read through `distanceOf`. */
  readonly distances?: readonly (readonly number[])[];
}

export interface NodeTeam {
  /**
   * The machine's node, or the ordinal of a logical one. 0 on a machine without NUMA; -1 (the kernel's "no node") for
   * CPUs that are in none of its nodes.
   */
  readonly node: number;
  readonly clusters: readonly ClusterTeam[];
}

export interface ClusterTeam {
  readonly via: string;
  readonly workers: readonly WorkerSeat[];
}

/** One worker's place. */
export interface WorkerSeat {
  readonly rank: number;
  /** The CPU it is pinned to. */
  readonly cpu: number;
}

/** Every seat in rank order, with the index of its node and cluster. */
export function seats(tree: TeamTree): (WorkerSeat & { readonly nodeIndex: number; readonly clusterIndex: number })[] {
  return tree.nodes.flatMap((node, nodeIndex) =>
    node.clusters.flatMap((cluster, clusterIndex) =>
      cluster.workers.map(seat => ({ ...seat, nodeIndex, clusterIndex })),
    ),
  );
}

/** How far node `to`'s memory is for workers of node `from` (indices into `nodes`); 10 and 20 where nobody says. */
export function distanceOf(tree: TeamTree, from: number, to: number): number {
  return tree.distances?.[from]?.[to] ?? (from === to ? ownDistance : unknownDistance);
}
