/**
 * A topology as people and programs read it. Both forms hold the machine, what of it is allowed, where workers sit and
 * why each other CPU is left out, and what odd things the kernel says.
 */
import { ascending, formatCpuList } from './cpu_sets.js';
import { describePolicy, nodeList } from './memory_warnings.js';
import { type ExcludedCpu, excludedCpus, type SeatOptions, seatWorkers } from './seats.js';
import type { CpuSet, NodeHierarchy, Topology } from './types.js';

/**
 * Plain data for JSON; `hierarchyAllowed` and `nodes` make it usable as a shape. `llc`: the sets that share the
 * last-level cache. `leftOut`, `warnings`: of the seating by `options`. Throws as `seatWorkers` does.
 */
export function topologyToJson(topology: Topology, options: SeatOptions = {}): object {
  const { online, offline, nodes, caches, icaches, cacheSizes, cores, packages, dies, clusters, cpuKinds, ...rest } =
    topology;
  const lastLevel = Object.keys(caches).sort().at(-1);
  const llc = lastLevel === undefined ? (clusters.length > 0 ? clusters : cores) : caches[lastLevel];
  const sets = { online, offline, nodes, caches, icaches, cacheSizes, cores, packages, dies, clusters, llc, cpuKinds };
  const leftOut = excludedCpus(topology, options);
  return { ...sets, ...rest, leftOut, warnings: seatWorkers(topology, options).warnings };
}

/** Text of several lines, no newline at the end. `options`: the seating that is shown. Throws as `seatWorkers` does. */
export function formatTopology(topology: Topology, options: SeatOptions = {}): string {
  const { warnings } = seatWorkers(topology, options);
  const asked = Object.values(options).some(option => option !== undefined);
  const sections = [
    [summary(topology)],
    tree(topology),
    section('distances', distanceTable(topology)),
    section('caches', cacheTable(topology)),
    section('kinds of cores', align(kindRows(topology))),
    section('allowed', align(allowedRows(topology, options))),
    asked ? section('workers', align(workerRows(topology, options))) : [],
    section('left out', align(excludedRows(excludedCpus(topology, options)))),
    section(
      'notes',
      [...topology.notes, ...warnings].map(note => `  ${note}`),
    ),
  ];
  return sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

function summary({ nodes, hierarchy, cores, online, packages }: Topology): string {
  const counts = [
    plural(packages.length, 'package'),
    plural(nodes.length, 'node'),
    plural(hierarchy.flatMap(node => node.clusters).length, 'cluster'),
    plural(cores.length, 'core'),
    plural(online.length, 'CPU'),
  ];
  return counts.filter(count => !count.startsWith('0 ')).join(', ');
}

/** One line per node and per cluster of it. */
function tree(topology: Topology): string[] {
  const { nodes, hierarchy, cacheSizes } = topology;
  const clusterRows = ({ clusters }: NodeHierarchy) =>
    clusters.map(({ via, cores }) => {
      const sizes = (cacheSizes[via] ?? []).map(formatSize).join(' or ');
      return [`  ${viaNames[via] ?? `${via} ${sizes}`.trim()}`, plural(cores.length, 'core'), formatCores(cores)];
    });
  const rows = nodes.flatMap(node => {
    const memory = node.memoryMB === null ? '' : `${node.memoryMB} MiB`;
    const own = hierarchy.find(entry => entry.node === node.id);
    if (own !== undefined) return [[`node ${node.id}`, memory], ...clusterRows(own)];
    return [[`node ${node.id}`, memory, node.cpus.length === 0 ? 'no CPUs' : 'its CPUs are in an earlier node']];
  });
  const outside = hierarchy
    .filter(({ node }) => node === null)
    .flatMap(entry => [[nodes.length === 0 ? 'one memory' : 'in no node'], ...clusterRows(entry)]);
  return align([...rows, ...outside], '');
}

const viaNames: Readonly<Record<string, string>> = {
  node: 'whole node',
  cluster: 'kernel cluster',
  die: 'die',
  package: 'package',
  shape: 'cluster',
};

/** "CPUs 0-2 + 48-50": every core's first CPU, then their second ones. */
function formatCores(cores: readonly CpuSet[]): string {
  const threads = Math.max(...cores.map(core => core.length));
  const lists = Array.from({ length: threads }, (_, thread) =>
    formatCpuList(cores.flatMap(core => (thread < core.length ? [core[thread]!] : [])).sort((a, b) => a - b)),
  );
  return named(lists.join(' + '));
}

function distanceTable({ nodes }: Topology): string[] {
  const known = nodes.filter(node => node.distances !== null);
  if (known.length === 0) return [];
  const square = known.every(node => node.distances?.length === nodes.length);
  const header = square ? [['', ...nodes.map(node => `${node.id}`)]] : [];
  const rows = [...header, ...known.map(node => [`node ${node.id}`, ...(node.distances ?? []).map(String)])];
  return align(rows, '  ', true);
}

function cacheTable({ caches, icaches, cacheSizes }: Topology): string[] {
  const all = [
    ...Object.entries(caches).map(([level, sets]) => ({ name: `L${level}`, sets })),
    ...Object.entries(icaches).map(([level, sets]) => ({ name: `L${level}i`, sets })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  return align(
    all.map(({ name, sets }) => {
      const sharers = [...new Set(sets.map(set => set.length))].sort((a, b) => a - b);
      const span =
        sharers.length === 1 ? plural(sharers[0]!, 'CPU') : `${sharers[0]} to ${plural(sharers.at(-1)!, 'CPU')}`;
      const sizes = (cacheSizes[name] ?? ['unknown size']).map(formatSize).join(' or ');
      return [name, `${sets.length} x`, sizes, `${span} each`];
    }),
  );
}

function kindRows({ cpuKinds }: Topology): string[][] {
  return Object.entries(cpuKinds).map(([capacity, cpus]) => [`capacity ${capacity}`, named(formatCpuList(cpus))]);
}

function allowedRows(topology: Topology, options: SeatOptions): string[][] {
  const { allowed, online, nodes, quotaCpus, memoryPolicy } = topology;
  const all = allowed.cpus.length === online.length;
  const rows = [
    [
      'CPUs',
      all ? `all ${online.length}` : `${formatCpuList(allowed.cpus)} (${allowed.cpus.length} of ${online.length})`,
    ],
  ];
  if (nodes.length > 0) {
    const everywhere = allowed.mems.length === nodes.length;
    rows.push(['memory', everywhere ? 'every node' : nodeList(allowed.mems)]);
  }
  if (memoryPolicy !== null) rows.push(['policy', describePolicy(memoryPolicy)]);
  if (quotaCpus !== null) rows.push(['quota', `${plural(quotaCpus, 'CPU')} of time`]);
  rows.push(['source', sourceOf(topology)]);
  const seated = seatWorkers(topology, options).nodes.flatMap(node => node.clusters.flatMap(({ cpus }) => cpus));
  rows.push(['workers', `${seated.length} on ${named(formatCpuList(ascending(seated)))}`]);
  return rows;
}

function sourceOf({ allowed }: Topology): string {
  if (allowed.kind === 'none') return 'nothing said';
  if (allowed.kind !== 'proc/self/status') return `cgroup cpuset ${allowed.dir ?? ''}`.trim();
  return allowed.cgroup === undefined ? 'process mask' : `process mask, within cgroup cpuset ${allowed.cgroup.dir}`;
}

/** The seats in the order of their ranks. */
function workerRows(topology: Topology, options: SeatOptions): string[][] {
  return seatWorkers(topology, options).nodes.flatMap(({ node, clusters }) =>
    clusters.map(({ via, cpus }, index) => [
      index > 0 ? '' : node === null ? 'no node' : `node ${node}`,
      viaNames[via] ?? via,
      plural(cpus.length, 'worker'),
      `on ${named(cpus.join(','))}`,
    ]),
  );
}

/** One row per reason; SMT siblings are one reason. */
function excludedRows(excluded: readonly ExcludedCpu[]): string[][] {
  const groups = new Map<string, ExcludedCpu[]>();
  for (const entry of excluded) {
    const key = entry.siblingOf === undefined ? entry.reason : 'siblings';
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups].map(([reason, entries]) => {
    const firsts = [...new Set(entries.flatMap(entry => entry.siblingOf ?? []))].sort((a, b) => a - b);
    const cause =
      firsts.length > 1 ? `SMT siblings of ${named(formatCpuList(firsts))}` : (entries[0]?.reason ?? reason);
    return [named(formatCpuList(entries.map(({ cpu }) => cpu))), cause];
  });
}

function named(list: string): string {
  return `${/^\d+$/.test(list) ? 'CPU' : 'CPUs'} ${list}`;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The kernel's "32768K" -> "32 MiB"; whatever else it writes as it is. */
function formatSize(size: string): string {
  const kib = Number(/^(\d+)K$/.exec(size)?.[1]);
  if (Number.isNaN(kib)) return size;
  return kib >= 1024 && kib % 1024 === 0 ? `${kib / 1024} MiB` : `${kib} KiB`;
}

function align(rows: readonly (readonly string[])[], indent = '  ', numeric = false): string[] {
  const columns = Math.max(0, ...rows.map(row => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map(row => (row[column] ?? '').length)),
  );
  return rows.map(row => {
    const cells = row.map((cell, column) =>
      numeric && column > 0 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}
