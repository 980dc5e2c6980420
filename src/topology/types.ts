/**
 * A machine as Linux shows it. CPU sets are sorted lists of logical CPU numbers that are online.
 */
export interface Topology {
  readonly online: readonly number[];
  /** CPUs that the machine has, but that are switched off. In no other set. */
  readonly offline: readonly number[];
  /** Empty where the kernel has no NUMA: then the hierarchy has one implicit node. */
  readonly nodes: readonly NumaNode[];
  /** Data and unified caches by level: the sets of CPUs that share one. */
  readonly caches: CacheSets;
  /** Instruction caches by level. */
  readonly icaches: CacheSets;
  /** Sizes seen, largest first, by cache name (L1, L1i, L2, ...), as the kernel writes them ("32K"). */
  readonly cacheSizes: Readonly<Record<string, readonly string[]>>;
  /** SMT siblings. Every online CPU is in exactly one. */
  readonly cores: readonly CpuSet[];
  readonly packages: readonly CpuSet[];
  readonly dies: readonly CpuSet[];
  /** The kernel's own clusters (`cluster_cpus`), which need not share a cache. */
  readonly clusters: readonly CpuSet[];
  /** CPUs by the kernel's `cpu_capacity` (1024: the fastest); empty where all are alike. */
  readonly cpuKinds: Readonly<Record<string, CpuSet>>;
  readonly allowed: Allowed;
  /** The CPUs of the cgroup cpuset; null where there is none. */
  readonly cgroupCpus: CpuSet | null;
  /** CPUs' worth of time that the cgroup grants, rounded down but at least 1; null where it sets no limit. */
  readonly quotaCpus: number | null;
  /** What numactl set for memory; null where it is the kernel's default (the node of the first touch). */
  readonly memoryPolicy: MemoryPolicy | null;
  /** Node -> clusters -> cores over all online CPUs. */
  readonly hierarchy: readonly NodeHierarchy[];
  /** The same, over the CPUs this process may use. */
  readonly hierarchyAllowed: readonly NodeHierarchy[];
  /** What is odd about the machine's own description, one line each. */
  readonly notes: readonly string[];
}

export type CpuSet = readonly number[];

export type CacheSets = Readonly<Record<string, readonly CpuSet[]>>;

export interface NumaNode {
  readonly id: number;
  /** As the kernel lists them: a broken machine may list a CPU in several nodes. */
  readonly cpus: CpuSet;
  readonly memoryMB: number | null;
  /** The kernel's row: to every online node in their order; null where it does not say. */
  readonly distances: readonly number[] | null;
}

/** What the process may use, and by whose word. */
export interface Allowed {
  /** `proc/self/status`, a cgroup cpuset (`v1`, `v2`), or `none`: nobody says, so everything. */
  readonly kind: 'proc/self/status' | 'v1' | 'v2' | 'none';
  readonly cpus: CpuSet;
  readonly mems: readonly number[];
  /** Whether this is less than the machine. */
  readonly restricts: boolean;
  /** The cgroup's folder, where its word is the one that counts. */
  readonly dir?: string;
  /** The cgroup cpuset, where the process mask is the one that counts. */
  readonly cgroup?: { readonly kind: 'v1' | 'v2'; readonly dir: string };
}

/** `mode` in the kernel's words: bind, interleave, prefer, ... */
export interface MemoryPolicy {
  readonly mode: string;
  readonly nodes: readonly number[];
}

export interface NodeHierarchy {
  /** null: CPUs that are in no node. */
  readonly node: number | null;
  readonly clusters: readonly Cluster[];
}

/** Cores that share a cache; `via` says which one ("L3", "L2"), or what else holds them together ("cluster", "die", "package", "node"). */
export interface Cluster {
  readonly via: string;
  readonly cores: readonly CpuSet[];
}
