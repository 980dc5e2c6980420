/**
 * Reads a machine from its files under /sys and /proc. Any of them may be missing, empty or odd: the result always has
 * at least one CPU, every online CPU is in exactly one core, and every core in one cluster of one node.
 */
import { readLimits } from './allowed.js';
import { clustersOf, restrict, type Sharing } from './clusters.js';
import { ascending, disjoint, formatCpuList, intersection, parseCpuList, readCpuSet } from './cpu_sets.js';
import { type Files, hostFiles } from './files.js';
import type { CacheSets, CpuSet, NodeHierarchy, NumaNode, Topology } from './types.js';

const cpuRoot = 'sys/devices/system/cpu';
const nodeRoot = 'sys/devices/system/node';

let host: Topology | null = null;

/** This machine, read once per thread: the mask that counts is the one the process started with. */
export function hostTopology(): Topology {
  host ??= readTopology(hostFiles());
  return host;
}

/** The machine that `files` describe. Never throws. */
export function readTopology(files: Files): Topology {
  const online = readOnline(files);
  const offline = readOffline(files, online);
  const nodes = readNodes(files, online);
  const caches = readCaches(files, online);
  const known = readSets(files, online, ['core_cpus', 'thread_siblings']);
  const sharing: Sharing = {
    caches: caches.data,
    cores: disjoint([...known, ...online.map(cpu => [cpu])]),
    packages: readSets(files, online, ['package_cpus', 'core_siblings']),
    dies: readSets(files, online, ['die_cpus']),
    clusters: readSets(files, online, ['cluster_cpus']),
  };
  const limits = readLimits(
    files,
    online,
    nodes.map(node => node.id),
  );
  const hierarchy = buildHierarchy(online, nodes, sharing);
  return {
    online,
    offline,
    nodes,
    icaches: caches.instruction,
    cacheSizes: caches.sizes,
    ...sharing,
    cpuKinds: readKinds(files, online),
    ...limits,
    hierarchy,
    hierarchyAllowed: restrict(hierarchy, limits.allowed.cpus),
    notes: oddities(files, online, nodes),
  };
}

/** cpu/online, else the CPU folders that do not say they are offline, else CPU 0. */
function readOnline(files: Files): number[] {
  const listed = parseCpuList(files.read(`${cpuRoot}/online`) ?? '');
  if (listed !== null && listed.length > 0) return listed;
  const found = numbered(files, cpuRoot, 'cpu').filter(cpu => !saysOffline(files, cpu));
  return found.length > 0 ? found : [0];
}

/** What cpu/present has beyond the online CPUs, and folders of CPUs that say so themselves. */
function readOffline(files: Files, online: CpuSet): number[] {
  const present = parseCpuList(files.read(`${cpuRoot}/present`) ?? '') ?? [];
  const switchedOff = numbered(files, cpuRoot, 'cpu').filter(cpu => saysOffline(files, cpu));
  const on = new Set(online);
  return ascending([...present, ...switchedOff]).filter(cpu => !on.has(cpu));
}

function saysOffline(files: Files, cpu: number): boolean {
  return files.read(`${cpuRoot}/cpu${cpu}/online`)?.trim() === '0';
}

function readNodes(files: Files, online: CpuSet): NumaNode[] {
  const listed = parseCpuList(files.read(`${nodeRoot}/online`) ?? '') ?? [];
  const ids = listed.length > 0 ? listed : numbered(files, nodeRoot, 'node');
  return ids
    .map(id => ({ id, dir: `${nodeRoot}/node${id}` }))
    .filter(({ dir }) => files.list(dir).length > 0)
    .map(({ id, dir }) => {
      const totalKiB = /MemTotal:\s*(\d+) kB/.exec(files.read(`${dir}/meminfo`) ?? '')?.[1];
      const distances = (files.read(`${dir}/distance`)?.match(/\d+/g) ?? []).map(Number);
      return {
        id,
        cpus: intersection(online, readCpuSet(files, `${dir}/cpulist`, `${dir}/cpumap`) ?? []),
        memoryMB: totalKiB === undefined ? null : Math.floor(Number(totalKiB) / 1024),
        distances: distances.length > 0 ? distances : null,
      };
    });
}

function readCaches(files: Files, online: CpuSet) {
  const data: Record<string, CpuSet[]> = {};
  const instruction: Record<string, CpuSet[]> = {};
  const sizes: Record<string, string[]> = {};
  for (const cpu of online) {
    const root = `${cpuRoot}/cpu${cpu}/cache`;
    for (const index of numbered(files, root, 'index')) {
      const read = (name: string) => files.read(`${root}/index${index}/${name}`)?.trim();
      const level = read('level');
      if (level === undefined || !/^[1-9]$/.test(level)) continue;
      const isInstruction = read('type') === 'Instruction';
      const shared = readCpuSet(files, `${root}/index${index}/shared_cpu_list`, `${root}/index${index}/shared_cpu_map`);
      const sets = isInstruction ? instruction : data;
      sets[level] = [...(sets[level] ?? []), intersection(online, shared ?? [cpu])];
      const size = read('size');
      if (size === undefined || size === '') continue;
      const name = `L${level}${isInstruction ? 'i' : ''}`;
      const seen = sizes[name] ?? [];
      sizes[name] = seen.includes(size) ? seen : [...seen, size];
    }
  }
  const distinct = (sets: CacheSets) =>
    Object.fromEntries(Object.entries(sets).map(([level, all]) => [level, disjoint(all)]));
  const largestFirst = (all: readonly string[]) =>
    [...all].sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  return {
    data: distinct(data),
    instruction: distinct(instruction),
    sizes: Object.fromEntries(Object.entries(sizes).map(([name, all]) => [name, largestFirst(all)])),
  };
}

function readKinds(files: Files, online: CpuSet): Record<string, CpuSet> {
  const kinds: Record<string, number[]> = {};
  for (const cpu of online) {
    const capacity = files.read(`${cpuRoot}/cpu${cpu}/cpu_capacity`)?.trim() ?? '';
    if (/^\d+$/.test(capacity)) kinds[capacity] = [...(kinds[capacity] ?? []), cpu];
  }
  return Object.keys(kinds).length > 1 ? kinds : {};
}

/** The sets that the first of `names` a CPU has (`NAME_list`, or `NAME` as a map) puts it in. */
function readSets(files: Files, online: CpuSet, names: readonly string[]): number[][] {
  return disjoint(
    online.map(cpu => {
      const topology = `${cpuRoot}/cpu${cpu}/topology`;
      for (const name of names) {
        const set = readCpuSet(files, `${topology}/${name}_list`, `${topology}/${name}`);
        if (set !== null) return intersection(online, set);
      }
      return [];
    }),
  );
}

/** A CPU that several nodes list belongs to the first of them; one that none lists, to a last node without a number. */
function buildHierarchy(online: CpuSet, nodes: readonly NumaNode[], sharing: Sharing): NodeHierarchy[] {
  const free = new Set(online);
  const hierarchy: NodeHierarchy[] = [];
  const add = (node: number | null, cpus: readonly number[]) => {
    for (const cpu of cpus) free.delete(cpu);
    if (cpus.length > 0) hierarchy.push({ node, clusters: clustersOf(cpus, sharing) });
  };
  for (const node of nodes) {
    add(
      node.id,
      node.cpus.filter(cpu => free.has(cpu)),
    );
  }
  add(null, [...free]);
  return hierarchy;
}

function oddities(files: Files, online: CpuSet, nodes: readonly NumaNode[]): string[] {
  const notes: string[] = [];
  const isolated = intersection(online, parseCpuList(files.read(`${cpuRoot}/isolated`) ?? '') ?? []);
  if (isolated.length > 0) notes.push(`CPUs ${formatCpuList(isolated)} are isolated from the scheduler`);
  if (nodes.length === 0) return [...notes, 'the kernel shows no NUMA nodes'];
  const listed = nodes.flatMap(node => node.cpus);
  const homeless = online.filter(cpu => !listed.includes(cpu));
  if (homeless.length > 0) notes.push(`CPUs ${formatCpuList(homeless)} are in no node`);
  const repeated = ascending(listed.filter((cpu, index) => listed.indexOf(cpu) !== index));
  if (repeated.length > 0) notes.push(`CPUs ${formatCpuList(repeated)} are in several nodes; the first one counts`);
  const balancing = (files.read('proc/sys/kernel/numa_balancing') ?? '0').trim();
  if (nodes.length > 1 && balancing !== '0') {
    notes.push(
      'the kernel moves pages between nodes (numa_balancing); "numactl --localalloc" keeps them where they belong',
    );
  }
  return notes;
}

/** The numbers of the entries `prefixN`, ascending. */
function numbered(files: Files, path: string, prefix: string): number[] {
  return ascending(
    files
      .list(path)
      .filter(name => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
      .map(name => Number(name.slice(prefix.length))),
  );
}
