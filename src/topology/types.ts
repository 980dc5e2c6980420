/**
 * A machine as Linux shows it. CPU sets are sorted lists of logical CPU numbers.
 */
export interface Topology {
  readonly online: readonly number[];
  readonly nodes: readonly NumaNode[];
  /** Data and unified caches by level: the sets of online CPUs that share one. */
  readonly caches: Readonly<Record<string, readonly (readonly number[])[]>>;
  /** Sizes seen, by cache name (L1, L1i, L2, ...), as the kernel writes them ("32K"). */
  readonly cacheSizes: Readonly<Record<string, readonly string[]>>;
  /** SMT siblings. */
  readonly cores: readonly (readonly number[])[];
  readonly packages: readonly (readonly number[])[];
  readonly allowed: Allowed;
  /** Node -> clusters -> cores over all online CPUs. */
  readonly hierarchy: readonly NodeHierarchy[];
  /** The same, over the CPUs this process may use. */
  readonly hierarchyAllowed: readonly NodeHierarchy[];
}

export interface NumaNode {
  readonly id: number;
  readonly cpus: readonly number[];
  readonly memoryMB: number | null;
  /** To every online node, in their order; empty where the kernel does not say. */
  readonly distances: readonly number[];
}

/** What the process may use, and by whose word. */
export interface Allowed {
  readonly kind: string;
  readonly cpus: readonly number[];
  readonly mems: readonly number[];
  /** Whether this is less than the machine. */
  readonly restricts: boolean;
}

export interface NodeHierarchy {
  readonly node: number;
  readonly clusters: readonly Cluster[];
}

/** Cores that share a cache; `via` says which one ("L3", "L2", "cluster_cpus", "node", ...). */
export interface Cluster {
  readonly via: string;
  readonly cores: readonly (readonly number[])[];
}
