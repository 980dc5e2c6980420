// The tables of the simulation, as Markdown. Each says that it is simulated.
import { table } from '../stats.js';

const ms = value => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
const percent = value => `${Math.round(100 * value)} %`;
const megabytes = bytes => (bytes === 0 ? '0' : (bytes / 1e6).toFixed(1));

export function markdown({ machines, base }) {
  const rates = `${base.machine.cpu}, Node ${base.machine.node}, module ${base.machine.module}`;
  const lines = [`Simulated times, none of them measured. Kernel rates: ${rates}, scaled to each machine's cores.`];
  for (const { machine, networks } of machines) lines.push('', ...machineLines(machine, networks));
  lines.push(
    '',
    'The third mode, hierarchical decoupled with 4 and 8 groups, is missing: there are no decoupled networks yet.',
  );
  return lines.join('\n');
}

function machineLines({ title }, networks) {
  const header = [
    'network',
    'cores',
    'nodes',
    'naive ms',
    'efficiency',
    'hierarchical ms',
    'efficiency',
    'exchanged MB',
  ];
  const rows = networks.flatMap(({ name, rows: cores }) => cores.map(row => cells(name, row)));
  const kept = networks.flatMap(({ name, rows: all }) =>
    all.filter(row => row.isWhole).map(row => `${name} on ${row.cores}: ${ms(row.parts.ms)} ms`),
  );
  return [
    `### ${title} (simulated)`,
    '',
    table(header, rows),
    ...(kept.length > 0
      ? ['', `\\* One memory for all is faster here than the plan over nodes (${kept.join('; ')}).`]
      : []),
  ];
}

function cells(name, { cores, nodes, naive, hierarchical, isWhole }) {
  const mark = isWhole ? ' *' : '';
  return [
    name,
    cores,
    nodes,
    ms(naive.ms),
    percent(naive.efficiency),
    `${ms(hierarchical.ms)}${mark}`,
    percent(hierarchical.efficiency),
    megabytes(hierarchical.exchangeBytes),
  ];
}

/** The numbers that a simulation rests on, each with its source. */
export function sources({ machines }) {
  return machines
    .map(({ machine: { title, topology, core, allCoreSlowdown, caches, cache, memory, copy, links, barrier } }) => {
      const { nodes, clustersPerNode, coresPerCluster } = topology;
      const kib = bytes => `${bytes / 1024} KiB`;
      const pair = part => `${part.coreGigabytesPerSecond} / ${part.nodeGigabytesPerSecond} GB/s`;
      const rows = [
        ['nodes x clusters x cores', `${nodes} x ${clustersPerNode} x ${coresPerCluster}`, topology.source],
        ['a core, 128-bit multiply-adds', `${core.gflops} GFLOP/s`, core.source],
        ['slower with all cores busy', allCoreSlowdown.factor, allCoreSlowdown.source],
        ['cache of a core / of a cluster', `${kib(caches.ownBytes)} / ${kib(caches.sharedBytes)}`, caches.source],
        ['shared caches to a core / to a node', pair(cache), cache.source],
        ['memory to a core / to its node', pair(memory), memory.source],
        ['copies by a core', `${copy.coreGigabytesPerSecond} GB/s`, copy.source],
        ...links.map(({ distance, coreGigabytesPerSecond, gigabytesPerSecond, source }) => [
          `memory at distance ${distance} to a core / to a node`,
          `${coreGigabytesPerSecond} / ${gigabytesPerSecond} GB/s`,
          source,
        ]),
        ['one arrival at a barrier, near', `${barrier.arrivalNs} ns`, barrier.source],
        ['one from another node', `${barrier.farFactor} times that`, barrier.source],
      ];
      return [`### ${title}`, '', table(['what', 'number', 'source'], rows)].join('\n');
    })
    .join('\n\n');
}
