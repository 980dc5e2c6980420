// The guests that the test boots, by the tool's names, and what each of them must look like from inside. Invariant: CPUs
// are numbered node by node, cluster by cluster, one per core.

/** Near nodes come in pairs, as on a machine with two packages. */
const distances = [
  [10, 12, 21, 21],
  [12, 10, 21, 21],
  [21, 21, 10, 12],
  [21, 21, 12, 10],
];

export const machines = {
  '4n2c': { distances, clustersPerNode: 1, coresPerCluster: 2 },
  '4n2l2c': { distances, clustersPerNode: 2, coresPerCluster: 2 },
};

/** Per node: its CPUs, and the same by cluster. */
export function nodesOf({ distances, clustersPerNode, coresPerCluster }) {
  return distances.map((_, node) => {
    const clusters = Array.from({ length: clustersPerNode }, (_, cluster) => {
      const first = (node * clustersPerNode + cluster) * coresPerCluster;
      return Array.from({ length: coresPerCluster }, (_, core) => first + core);
    });
    return { node, clusters, cpus: clusters.flat() };
  });
}
