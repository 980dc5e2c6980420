/** Made-up machines as {path: content}, in the formats of the kernel. */
import { formatCpuList } from '../../../src/topology/index.js';

export interface Machine {
  readonly online: readonly number[];
  readonly nodes?: readonly {
    readonly id: number;
    readonly cpus: readonly number[];
    readonly memoryKiB?: number;
    readonly distances?: readonly number[];
  }[];
  readonly cores?: readonly (readonly number[])[];
  readonly packages?: readonly (readonly number[])[];
  readonly dies?: readonly (readonly number[])[];
  readonly clusters?: readonly (readonly number[])[];
  readonly caches?: Readonly<Record<string, { readonly size: string; readonly sets: readonly (readonly number[])[] }>>;
  /** Maps in place of lists. */
  readonly maps?: boolean;
  readonly files?: Readonly<Record<string, string>>;
}

/** [from, from + 1, ..., to - 1] in steps. */
export function span(from: number, to: number, step = 1): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);
}

/** `cpus` in consecutive parts of `size`. */
export function parts(cpus: readonly number[], size: number): number[][] {
  return span(0, cpus.length, size).map(start => cpus.slice(start, start + size));
}

export function mapOf(cpus: readonly number[], groups = 12): string {
  return span(0, groups)
    .reverse()
    .map(group => {
      const bits = cpus.filter(cpu => cpu >> 5 === group).reduce((sum, cpu) => sum + 2 ** (cpu & 31), 0);
      return bits.toString(16).padStart(8, '0');
    })
    .join(',');
}

export function filesOf(machine: Machine): Record<string, string> {
  const cpuRoot = '/sys/devices/system/cpu';
  const files: Record<string, string> = { [`${cpuRoot}/online`]: `${formatCpuList(machine.online)}\n` };
  const put = (path: string, listName: string, mapName: string, set: readonly number[]) => {
    if (machine.maps === true) files[`${path}/${mapName}`] = `${mapOf(set)}\n`;
    else files[`${path}/${listName}`] = `${formatCpuList(set)}\n\0`;
  };
  for (const cpu of machine.online) {
    const topology = `${cpuRoot}/cpu${cpu}/topology`;
    const sets = {
      core_cpus: machine.cores,
      package_cpus: machine.packages,
      die_cpus: machine.dies,
      cluster_cpus: machine.clusters,
    };
    for (const [name, all] of Object.entries(sets)) {
      const set = all?.find(candidate => candidate.includes(cpu));
      if (set !== undefined) put(topology, `${name}_list`, name, set);
    }
    for (const [index, [name, { size, sets: all }]] of Object.entries(machine.caches ?? {}).entries()) {
      const set = all.find(candidate => candidate.includes(cpu));
      const cache = `${cpuRoot}/cpu${cpu}/cache/index${index}`;
      if (set === undefined) continue;
      put(cache, 'shared_cpu_list', 'shared_cpu_map', set);
      files[`${cache}/level`] = `${name.slice(1, 2)}\n`;
      files[`${cache}/type`] = name.endsWith('i') ? 'Instruction\n' : 'Unified\n';
      if (size !== '') files[`${cache}/size`] = `${size}\n`;
    }
  }
  for (const { id, cpus, memoryKiB, distances } of machine.nodes ?? []) {
    const node = `/sys/devices/system/node/node${id}`;
    put(node, 'cpulist', 'cpumap', cpus);
    if (memoryKiB !== undefined) files[`${node}/meminfo`] = `Node ${id} MemTotal:       ${memoryKiB} kB\n`;
    if (distances !== undefined) files[`${node}/distance`] = `${distances.join(' ')}\n`;
  }
  return { ...files, ...machine.files };
}

/** Phytium FT-2000+/64: 8 nodes of 2 L2 clusters of 4 cores, no L3. */
export const ft2000: Machine = {
  online: span(0, 64),
  nodes: parts(span(0, 64), 8).map((cpus, id) => ({
    id,
    cpus,
    memoryKiB: 16 * 1024 * 1024,
    distances: span(0, 8).map(other => (other === id ? 10 : 20 + 10 * (Math.abs(other - id) % 3))),
  })),
  cores: parts(span(0, 64), 1),
  packages: [span(0, 64)],
  caches: {
    L1: { size: '32K', sets: parts(span(0, 64), 1) },
    L1i: { size: '32K', sets: parts(span(0, 64), 1) },
    L2: { size: '2048K', sets: parts(span(0, 64), 4) },
  },
};

/** Two sockets, two nodes each, three L3 of four SMT2 cores per node: CPU c and c + 48 share a core. */
export const epyc: Machine = {
  online: span(0, 96),
  nodes: span(0, 4).map(id => ({
    id,
    cpus: [...span(id * 12, id * 12 + 12), ...span(48 + id * 12, 60 + id * 12)],
    memoryKiB: 67_108_864,
    distances: span(0, 4).map(other => (other === id ? 10 : other >> 1 === id >> 1 ? 12 : 32)),
  })),
  cores: span(0, 48).map(cpu => [cpu, cpu + 48]),
  packages: span(0, 2).map(socket => [
    ...span(socket * 24, socket * 24 + 24),
    ...span(48 + socket * 24, 72 + socket * 24),
  ]),
  caches: {
    L1: { size: '32K', sets: span(0, 48).map(cpu => [cpu, cpu + 48]) },
    L2: { size: '512K', sets: span(0, 48).map(cpu => [cpu, cpu + 48]) },
    L3: { size: '32768K', sets: parts(span(0, 48), 4).map(cpus => [...cpus, ...cpus.map(cpu => cpu + 48)]) },
  },
};

/** Two Kunpeng 920-4826: two nodes of 24 cores under one L3 each per socket; the kernel's clusters of 4 share no cache. */
export const kunpeng: Machine = {
  online: span(0, 96),
  nodes: parts(span(0, 96), 24).map((cpus, id) => ({
    id,
    cpus,
    memoryKiB: 193_000 * 1024,
    distances: [
      [10, 12, 20, 22],
      [12, 10, 22, 24],
      [20, 22, 10, 12],
      [22, 24, 12, 10],
    ][id]!,
  })),
  cores: parts(span(0, 96), 1),
  packages: parts(span(0, 96), 48),
  clusters: parts(span(0, 96), 4),
  caches: {
    L1: { size: '64K', sets: parts(span(0, 96), 1) },
    L1i: { size: '64K', sets: parts(span(0, 96), 1) },
    L2: { size: '512K', sets: parts(span(0, 96), 1) },
    L3: { size: '24576K', sets: parts(span(0, 96), 24) },
  },
};

/** Two EPYC 9654 (12 L3 of eight SMT2 cores per socket), a socket set to so many nodes (NPS1, NPS2, NPS4; 12: each L3). */
export function genoa(nodesPerSocket: number): Machine {
  const both = (cpus: readonly number[]) => [...cpus, ...cpus.map(cpu => cpu + 192)];
  const firsts = parts(span(0, 192), 96 / nodesPerSocket);
  return {
    online: span(0, 384),
    nodes: firsts.map((cpus, id) => ({
      id,
      cpus: both(cpus),
      memoryKiB: (768 / nodesPerSocket) * 1024 * 1024,
      distances: firsts.map((_, other) => {
        const sameSocket = Math.floor(other / nodesPerSocket) === Math.floor(id / nodesPerSocket);
        return other === id ? 10 : sameSocket ? 12 : 32;
      }),
    })),
    cores: span(0, 192).map(cpu => [cpu, cpu + 192]),
    packages: parts(span(0, 192), 96).map(both),
    caches: {
      L1: { size: '32K', sets: span(0, 192).map(cpu => [cpu, cpu + 192]) },
      L1i: { size: '32K', sets: span(0, 192).map(cpu => [cpu, cpu + 192]) },
      L2: { size: '1024K', sets: span(0, 192).map(cpu => [cpu, cpu + 192]) },
      L3: { size: '32768K', sets: parts(span(0, 192), 8).map(both) },
    },
  };
}
