/**
 * How far NUMA nodes are from each other, in the kernel's numbers (ACPI SLIT): 10 is a node's own memory. Row k of a
 * machine belongs to its k-th online node, and so does column k; a row of another length says nothing.
 */

export const ownDistance = 10;

/** For nodes of which nobody says how far they are. */
export const unknownDistance = 20;

export interface DistanceRow {
  readonly id: number;
  readonly distances: readonly number[] | null;
}

/** A number for every two nodes, by their ids; null: CPUs that are in no node. */
export type NodeDistance = (from: number | null, to: number | null) => number;

/** By the rows of all nodes of a machine; `ownDistance` and `unknownDistance` where they do not say. */
export function distanceIn(rows: readonly DistanceRow[]): NodeDistance {
  const position = new Map(rows.map(({ id }, index) => [id, index]));
  return (from, to) => {
    const row = from === null ? null : (rows[position.get(from) ?? -1]?.distances ?? null);
    const column = to === null ? undefined : position.get(to);
    const known = row?.length === rows.length && column !== undefined ? row[column] : undefined;
    return known ?? (from === to ? ownDistance : unknownDistance);
  };
}

/** nodes x nodes, in the order of `ids`; null where it would hold nothing but what holds without it. */
export function distanceMatrix(ids: readonly (number | null)[], rows: readonly DistanceRow[]): number[][] | null {
  const known = new Map(rows.map(({ id, distances }) => [id, distances?.length === rows.length]));
  if (!ids.some(id => id !== null && known.get(id) === true)) return null;
  const distance = distanceIn(rows);
  return ids.map(from => ids.map(to => distance(from, to)));
}
