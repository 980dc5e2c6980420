import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filesFromRecord, filesUnder, hostFiles, readTopology, type Topology } from '../../../src/topology/index.js';
import { epyc, filesOf, ft2000, genoa, kunpeng, type Machine, parts, span } from './machine.js';

const read = (machine: Machine) => readTopology(filesFromRecord(filesOf(machine)));

/** [node, clusters, cores of the first cluster, via] per node. */
const outline = (topology: Topology) =>
  topology.hierarchy.map(({ node, clusters }) => [node, clusters.length, clusters[0]!.cores.length, clusters[0]!.via]);

const cpusIn = (hierarchy: Topology['hierarchy']) =>
  hierarchy.flatMap(node => node.clusters.flatMap(cluster => cluster.cores.flat())).sort((a, b) => a - b);

describe('a generated machine', () => {
  it('FT-2000+/64: 8 nodes x 2 L2 x 4', () => {
    const topology = read(ft2000);
    expect(outline(topology)).toEqual(span(0, 8).map(node => [node, 2, 4, 'L2']));
    expect(topology.nodes[1]).toMatchObject({ id: 1, memoryMB: 16384, distances: [30, 10, 30, 40, 20, 30, 40, 20] });
    expect(topology.cacheSizes).toEqual({ L1: ['32K'], L1i: ['32K'], L2: ['2048K'] });
    expect(topology.hierarchyAllowed).toEqual(topology.hierarchy);
  });

  it('that moves pages between nodes says so', () => {
    const notes = (balancing: string) =>
      read({ ...ft2000, files: { '/proc/sys/kernel/numa_balancing': balancing } }).notes.join();
    expect(notes('1\n')).toContain('numactl --localalloc');
    expect(notes('0\n')).not.toContain('numactl --localalloc');
  });

  it('EPYC: 4 nodes x 3 L3 x 4 cores of 2', () => {
    const topology = read(epyc);
    expect(outline(topology)).toEqual(span(0, 4).map(node => [node, 3, 4, 'L3']));
    expect(topology.hierarchy[1]?.clusters[0]?.cores[0]).toEqual([12, 60]);
    expect(topology.packages.map(set => set.length)).toEqual([48, 48]);
  });

  it('Kunpeng 920: 4 nodes x 1 L3 x 24 cores, whatever clusters the kernel sees below', () => {
    const topology = read(kunpeng);
    expect(outline(topology)).toEqual(span(0, 4).map(node => [node, 1, 24, 'L3']));
    expect(topology.clusters).toHaveLength(24);
    expect(topology.nodes.map(node => node.distances?.[0])).toEqual([10, 12, 20, 22]);
  });

  it.each([
    [1, 12],
    [2, 6],
    [4, 3],
    [12, 1],
  ])('two EPYC 9654, %i nodes per socket: %i L3 x 8 cores of 2 in each', (nodesPerSocket, clusters) => {
    const topology = read(genoa(nodesPerSocket));
    expect(outline(topology)).toEqual(span(0, 2 * nodesPerSocket).map(node => [node, clusters, 8, 'L3']));
    expect(topology.hierarchy.at(-1)?.clusters.at(-1)?.cores.at(-1)).toEqual([191, 383]);
  });

  it('reads the same from maps as from lists', () => {
    expect(read({ ...epyc, maps: true })).toEqual(read(epyc));
    expect(read({ ...genoa(4), maps: true })).toEqual(read(genoa(4)));
  });

  it('reads the same from a folder as from a record', () => {
    const machine: Machine = { online: [0, 2], nodes: [{ id: 3, cpus: [0, 2], memoryKiB: 4096 }], cores: [[0, 2]] };
    const root = mkdtempSync(join(tmpdir(), 'numavox-'));
    try {
      for (const [path, content] of Object.entries(filesOf(machine))) {
        mkdirSync(join(root, dirname(path)), { recursive: true });
        writeFileSync(join(root, path), content);
      }
      expect(readTopology(filesUnder(root))).toEqual(read(machine));
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('nodes without CPUs are nodes, but no place to work', () => {
    const topology = read({
      online: span(0, 4),
      nodes: [
        { id: 0, cpus: [0, 1], distances: [10, 20, 17] },
        { id: 3, cpus: [2, 3], distances: [20, 10, 28] },
        { id: 7, cpus: [], memoryKiB: 1 << 20, distances: [17, 28, 10] },
      ],
    });
    expect(topology.nodes.map(node => node.id)).toEqual([0, 3, 7]);
    expect(topology.hierarchy.map(({ node }) => node)).toEqual([0, 3]);
  });

  it('nothing but online', () => {
    const topology = readTopology(filesFromRecord({ 'sys/devices/system/cpu/online': '0-2\n' }));
    expect(topology.hierarchy).toEqual([{ node: null, clusters: [{ via: 'node', cores: [[0], [1], [2]] }] }]);
    expect(topology.allowed).toEqual({ kind: 'none', cpus: [0, 1, 2], mems: [], restricts: false });
  });

  it('nothing at all', () => {
    const topology = readTopology(filesFromRecord({}));
    expect(topology.online).toEqual([0]);
    expect(topology.hierarchy).toEqual([{ node: null, clusters: [{ via: 'node', cores: [[0]] }] }]);
    expect(topology.quotaCpus).toBeNull();
  });

  it('folders in place of cpu/online', () => {
    const topology = readTopology(
      filesFromRecord({
        'sys/devices/system/cpu/cpu0/topology/core_id': '0\n',
        'sys/devices/system/cpu/cpu2/online': '0\n',
        'sys/devices/system/cpu/cpu10/online': '1\n',
        'sys/devices/system/cpu/cpufreq/x': '',
      }),
    );
    expect(topology.online).toEqual([0, 10]);
    expect(topology.offline).toEqual([2]);
  });

  it('offline CPUs: present, or with a folder that says so, but not online', () => {
    const files = { '/sys/devices/system/cpu/present': '0-5\n', '/sys/devices/system/cpu/cpu7/online': '0\n' };
    const topology = read({ online: [0, 1, 4], files });
    expect([topology.online, topology.offline]).toEqual([
      [0, 1, 4],
      [2, 3, 5, 7],
    ]);
    expect(cpusIn(topology.hierarchy)).toEqual([0, 1, 4]);
  });
});

describe('the cluster rule', () => {
  const machine: Machine = { online: span(0, 8), nodes: [{ id: 0, cpus: span(0, 8) }], cores: parts(span(0, 8), 1) };
  const cache = (sets: number[][]) => ({ size: '', sets });
  const clusters = (more: Partial<Machine>) =>
    read({ ...machine, ...more }).hierarchy.flatMap(node => node.clusters.map(({ via, cores }) => [via, cores.flat()]));

  it('passes over a cache that is private to a core, or to its SMT siblings', () => {
    const pairs = parts(span(0, 8), 2);
    expect(clusters({ cores: pairs, caches: { L2: cache(pairs) } })).toEqual([['node', span(0, 8)]]);
    expect(clusters({ cores: pairs, caches: { L2: cache(parts(span(0, 8), 4)), L3: cache(pairs) } })[0]?.[0]).toBe(
      'L2',
    );
  });

  it('passes over a cache that is wider than the node', () => {
    const nodes = parts(span(0, 8), 4).map((cpus, id) => ({ id, cpus }));
    const caches = { L2: cache(parts(span(0, 8), 2)), L3: cache([span(0, 8)]) };
    expect(clusters({ nodes, caches })).toEqual(parts(span(0, 8), 2).map(set => ['L2', set]));
  });

  it("takes the kernel's clusters only where no cache beyond L1 is shown", () => {
    const kernel = parts(span(0, 8), 4);
    const singles = parts(span(0, 8), 1);
    expect(clusters({ clusters: kernel, caches: { L1: cache(singles) } })).toEqual(kernel.map(set => ['cluster', set]));
    expect(clusters({ clusters: kernel, caches: { L2: cache(singles) } })).toEqual([['node', span(0, 8)]]);
  });

  it('falls back to dies, then to packages, where they split the node', () => {
    const halves = parts(span(0, 8), 4);
    expect(clusters({ dies: halves, packages: halves })[0]?.[0]).toBe('die');
    expect(clusters({ dies: [span(0, 8)], packages: halves })[0]?.[0]).toBe('package');
    expect(clusters({ dies: parts(span(0, 8), 1), packages: [span(0, 8)] })).toEqual([['node', span(0, 8)]]);
  });

  it('finds a place for cores that the last-level cache leaves out', () => {
    const caches = { L2: cache([[0], [1], [2, 3], [4, 5], [6, 7]]), L3: cache([span(0, 6)]) };
    expect(clusters({ caches })).toEqual([
      ['L3', span(0, 6)],
      ['L2', [6, 7]],
    ]);
  });

  it('is judged on the whole node, and restricted afterwards', () => {
    const status = 'Name:\tnode\nCpus_allowed_list:\t0,2-3\nMems_allowed_list:\t0\n';
    const topology = read({
      ...machine,
      caches: { L2: cache(parts(span(0, 8), 2)) },
      files: { '/proc/self/status': status },
    });
    expect(topology.hierarchyAllowed).toEqual([
      {
        node: 0,
        clusters: [
          { via: 'L2', cores: [[0]] },
          { via: 'L2', cores: [[2], [3]] },
        ],
      },
    ]);
  });
});

describe('whatever the files say', () => {
  const text = fc.oneof(
    fc.constantFrom(
      '0-3\n',
      '1,3',
      'f',
      '00000000,000000ff',
      '',
      '-1',
      '65535',
      '4-2',
      '0-7\n\0',
      '2',
      '10 20',
      'garbage',
    ),
    fc.string({ maxLength: 8 }),
  );
  const set = { cpu: ['core_cpus_list', 'thread_siblings', 'package_cpus', 'die_cpus_list', 'cluster_cpus'] };
  const path = fc.oneof(
    fc
      .tuple(fc.nat(7), fc.constantFrom(...set.cpu))
      .map(([cpu, name]) => `sys/devices/system/cpu/cpu${cpu}/topology/${name}`),
    fc
      .tuple(fc.nat(7), fc.nat(3), fc.constantFrom('level', 'type', 'size', 'shared_cpu_list', 'shared_cpu_map'))
      .map(([cpu, index, name]) => `sys/devices/system/cpu/cpu${cpu}/cache/index${index}/${name}`),
    fc
      .tuple(fc.nat(3), fc.constantFrom('cpulist', 'cpumap', 'distance', 'meminfo'))
      .map(([node, name]) => `sys/devices/system/node/node${node}/${name}`),
    fc.constantFrom(
      'sys/devices/system/cpu/online',
      'sys/devices/system/cpu/isolated',
      'sys/devices/system/cpu/present',
      'sys/devices/system/node/online',
      'proc/self/cgroup',
      'proc/self/numa_maps',
    ),
    fc.constant('sys/fs/cgroup/cpu.max'),
  );

  it('every online CPU is in one core of one cluster of one node', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(path, text), { maxLength: 60 }), fc.string(), (entries, mask) => {
        const status = `Cpus_allowed_list:\t${mask}\n`;
        const topology = readTopology(filesFromRecord({ ...Object.fromEntries(entries), 'proc/self/status': status }));
        expect(topology.online.length).toBeGreaterThan(0);
        expect(cpusIn(topology.hierarchy)).toEqual(topology.online);
        expect(cpusIn(topology.hierarchyAllowed)).toEqual(topology.allowed.cpus);
        expect(topology.allowed.cpus.length).toBeGreaterThan(0);
        expect(topology.cores.flat().sort((a, b) => a - b)).toEqual(topology.online);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the files', () => {
  it('of this machine give at least a CPU that the process may use', () => {
    const topology = readTopology(hostFiles());
    expect(topology.allowed.cpus.length).toBeGreaterThan(0);
    expect(cpusIn(topology.hierarchy)).toEqual(topology.online);
  });

  it('under a folder that is none are a usage error', () => {
    expect(() => filesUnder('/no/such/folder')).toThrow(expect.objectContaining({ kind: 'usage' }));
    expect(() => filesUnder(import.meta.dirname)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        message: expect.stringContaining('has no CPUs in sys/devices/system/cpu'),
      }),
    );
  });

  it('answer in lists of names', () => {
    const files = filesFromRecord({ '/a/b/c': '1', 'a/d': '2' });
    expect(files.list('a')).toEqual(['b', 'd']);
    expect(files.list('a/b/c')).toEqual([]);
    expect(files.read('a/b')).toBeNull();
  });
});
