// A given machine: a file that says what it has and where each number is from. Everything here is plain data; a number
// without a source is refused.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('machines/', import.meta.url));

export const machineNames = readdirSync(folder)
  .map(name => name.replace(/\.json$/, ''))
  .sort();

/** The description of a machine, by its name here or by its file. Throws where the file is no machine. */
export function loadMachine(nameOrFile) {
  const path = machineNames.includes(nameOrFile) ? `${folder}${nameOrFile}.json` : nameOrFile;
  const machine = JSON.parse(readFileSync(path, 'utf8'));
  const problem = machineProblem(machine);
  if (problem) throw new TypeError(`${path}: ${problem}`);
  return machine;
}

/** Where numbers are: by part, which of its fields. All of them are above 0. */
const numbers = {
  topology: ['nodes', 'clustersPerNode', 'coresPerCluster'],
  core: ['gflops'],
  allCoreSlowdown: ['factor'],
  caches: ['ownBytes', 'sharedBytes'],
  cache: ['coreGigabytesPerSecond', 'nodeGigabytesPerSecond'],
  memory: ['coreGigabytesPerSecond', 'nodeGigabytesPerSecond'],
  copy: ['coreGigabytesPerSecond'],
  barrier: ['arrivalNs', 'farFactor'],
};
const linkNumbers = ['distance', 'coreGigabytesPerSecond', 'gigabytesPerSecond'];

/** What is wrong with a description, in a few words; null where nothing is. */
export function machineProblem(machine) {
  if (!machine?.name || !machine.title) return 'name or title is missing';
  const parts = Object.entries(numbers).map(([part, fields]) => [part, machine[part], fields]);
  if (!Array.isArray(machine.links)) return 'links is no list';
  const links = machine.links.map((link, index) => [`links[${index}]`, link, linkNumbers]);
  for (const [name, value, fields] of [...parts, ...links]) {
    if (!value?.source) return `${name} has no source`;
    const bad = fields.find(field => !(value[field] > 0 && Number.isFinite(value[field])));
    if (bad) return `${name}.${bad} is ${value[bad]}`;
  }
  const { nodes, distances } = machine.topology;
  const isSquare = distances?.length === nodes && distances.every(row => row.length === nodes);
  if (!isSquare) return `distances are not ${nodes} x ${nodes}`;
  if (distances.some((row, from) => row.some((distance, to) => (from === to) !== (distance === 10))))
    return 'a distance is 10 to another node, or not to its own';
  if (distances.some((row, from) => row.some((distance, to) => distance !== distances[to][from])))
    return 'distances differ by direction';
  const known = machine.links.map(({ distance }) => distance);
  if (known.some((distance, index) => index > 0 && distance <= known[index - 1])) return 'links do not ascend';
  const missing = distances.flat().find(distance => distance !== 10 && !known.includes(distance));
  if (missing) return `nothing is said of links at distance ${missing}`;
  const { memory, links: given } = machine;
  const all = [['memory', memory.coreGigabytesPerSecond, memory.nodeGigabytesPerSecond]];
  for (const link of given)
    all.push([`distance ${link.distance}`, link.coreGigabytesPerSecond, link.gigabytesPerSecond]);
  const odd = all.find(([, core, node]) => core > node || core > all[0][1] || node > all[0][2]);
  if (odd) return `${odd[0]}: one core gets more than all, or more from afar than at home`;
  return null;
}

export const coresOf = ({ topology: { nodes, clustersPerNode, coresPerCluster } }) =>
  nodes * clustersPerNode * coresPerCluster;

/** The team tree of the first `cores` cores: cluster after cluster, node after node. */
export function teamsOf({ topology }, cores) {
  const { nodes, clustersPerNode, coresPerCluster, distances } = topology;
  const perNode = clustersPerNode * coresPerCluster;
  const ranks = (first, count) =>
    Array.from({ length: Math.max(0, Math.min(count, cores - first)) }, (_, i) => ({
      rank: first + i,
      cpu: first + i,
    }));
  const teams = Array.from({ length: nodes }, (_, node) => ({
    node,
    clusters: Array.from({ length: clustersPerNode }, (_, cluster) => ({
      via: 'given',
      workers: ranks(node * perNode + cluster * coresPerCluster, coresPerCluster),
    })).filter(({ workers }) => workers.length > 0),
  })).filter(({ clusters }) => clusters.length > 0);
  const used = teams.map(({ node }) => node);
  return { nodes: teams, logical: true, distances: used.map(from => used.map(to => distances[from][to])) };
}

const giga = 1e9;
const bandwidth = (core, all) => ({ oneBytesPerSecond: core * giga, allBytesPerSecond: all * giga });

/**
 * The rates of a given machine from those of a measured one: whatever a core does by itself takes longer by the ratio of
 * the cores' best arithmetic; caches, bandwidths, links and barriers are those of the description.
 */
export function ratesOf(machine, base) {
  const { topology, core, allCoreSlowdown, caches, cache, memory, copy, links, barrier } = machine;
  const slower = base.gflopsPerWorker / core.gflops;
  const scaled = values => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value * slower]));
  const perNode = topology.clustersPerNode * topology.coresPerCluster;
  const { claimUs, stepUs, runUs, copyRunNs } = base;
  const copyAll = (copy.coreGigabytesPerSecond * memory.nodeGigabytesPerSecond) / memory.coreGigabytesPerSecond;
  return {
    ...base,
    ...scaled({ claimUs, stepUs, runUs, copyRunNs }),
    machine: { ...base.machine, cpu: `${machine.title} (simulated)` },
    workers: perNode,
    caches: { ownBytes: caches.ownBytes, sharedBytes: caches.sharedBytes },
    gflopsPerWorker: core.gflops,
    pieceNs: scaled(base.pieceNs),
    crowding: allCoreSlowdown.factor,
    cache: bandwidth(cache.coreGigabytesPerSecond, cache.nodeGigabytesPerSecond),
    memory: bandwidth(memory.coreGigabytesPerSecond, memory.nodeGigabytesPerSecond),
    copy: bandwidth(copy.coreGigabytesPerSecond, Math.max(copy.coreGigabytesPerSecond, copyAll)),
    barrierUs: (barrier.arrivalNs * perNode) / 1000,
    portBytesPerSecond: base.portBytesPerSecond / slower,
    nodes: {
      farArrival: barrier.farFactor,
      links: links.map(({ distance, coreGigabytesPerSecond, gigabytesPerSecond }) => ({
        distance,
        ...bandwidth(coreGigabytesPerSecond, gigabytesPerSecond),
      })),
    },
  };
}
