import { describe, expect, it } from 'vitest';
import { filesFromRecord, formatTopology, readTopology, topologyToJson } from '../../../src/topology/index.js';
import { filesOf, parts, span } from './machine.js';

/** Two nodes of SMT2 cores and a memory-only node, under a mask and a quota. */
const machine = readTopology(
  filesFromRecord(
    filesOf({
      online: span(0, 8),
      nodes: [
        { id: 0, cpus: span(0, 4), memoryKiB: 2_097_152, distances: [10, 21, 17] },
        { id: 1, cpus: span(4, 8), memoryKiB: 1_048_576, distances: [21, 10, 28] },
        { id: 2, cpus: [], memoryKiB: 4_194_304, distances: [17, 28, 10] },
      ],
      cores: parts(span(0, 8), 2),
      packages: [span(0, 8)],
      caches: {
        L1: { size: '32K', sets: parts(span(0, 8), 2) },
        L1i: { size: '', sets: parts(span(0, 8), 2) },
        L3: { size: '16384K', sets: parts(span(0, 8), 4) },
      },
      files: {
        '/proc/self/status': 'Cpus_allowed_list:\t0-5\nMems_allowed_list:\t0-1\n',
        '/proc/self/cgroup': '0::/job\n',
        '/sys/fs/cgroup/job/cpu.max': '250000 100000\n',
        '/sys/devices/system/cpu/present': '0-8\n',
        '/proc/self/numa_maps': '1000 bind:0 anon=1\n',
      },
    }),
  ),
);

describe('as text', () => {
  it('has the tree, distances, caches, what is allowed and why the rest is left out', () => {
    expect(`${formatTopology(machine)}\n`).toBe(`\
1 package, 3 nodes, 2 clusters, 4 cores, 8 CPUs

node 0       2048 MiB
  L3 16 MiB  2 cores   CPUs 0,2 + 1,3
node 1       1024 MiB
  L3 16 MiB  2 cores   CPUs 4,6 + 5,7
node 2       4096 MiB  no CPUs

distances
           0   1   2
  node 0  10  21  17
  node 1  21  10  28
  node 2  17  28  10

caches
  L1   4 x  32 KiB        2 CPUs each
  L1i  4 x  unknown size  2 CPUs each
  L3   2 x  16 MiB        4 CPUs each

allowed
  CPUs     0-5 (6 of 8)
  memory   nodes 0-1
  policy   bind to node 0
  quota    2 CPUs of time
  source   process mask
  workers  2 on CPUs 0,2

left out
  CPUs 1,3,5  SMT siblings of CPUs 0,2,4
  CPU 4       CPU quota
  CPUs 6-7    process mask
  CPU 8       offline
`);
  });

  it('has the workers of a shape', () => {
    expect(formatTopology(machine, { shape: '2x1x2' })).toContain(`
workers
  node 0  cluster  2 workers  on CPUs 0,2
  node 1  cluster  2 workers  on CPUs 4,1
`);
  });

  it('has the workers of any options, and what is to be said of them', () => {
    const text = formatTopology(machine, { workers: 9, smt: true });
    expect(text).toContain(`
workers
  node 0  L3  6 workers  on CPUs 0,1,0,2,3,2
  node 1  L3  3 workers  on CPUs 4,5,4
`);
    expect(text).toContain(`
notes
  9 workers on 6 CPUs: they take turns
  workers on node 1 use memory of other nodes: the policy is bind to node 0`);
  });

  it('of next to nothing is short', () => {
    expect(formatTopology(readTopology(filesFromRecord({})))).toBe(`\
1 cluster, 1 core, 1 CPU

one memory
  whole node  1 core  CPU 0

allowed
  CPUs     all 1
  source   nothing said
  workers  1 on CPU 0

notes
  the kernel shows no NUMA nodes`);
  });
});

it('as JSON survives a round trip and names the last-level cache', () => {
  const json = topologyToJson(machine);
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  expect(json).toMatchObject({
    offline: [8],
    llc: parts(span(0, 8), 4),
    quotaCpus: 2,
    memoryPolicy: { mode: 'bind', nodes: [0] },
    warnings: [],
  });
  expect(json).toHaveProperty('leftOut.1', { cpu: 3, reason: 'SMT sibling of CPU 2', siblingOf: 2 });
});
