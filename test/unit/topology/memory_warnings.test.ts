import { describe, expect, it } from 'vitest';
import { filesFromRecord, readTopology, seatWorkers } from '../../../src/topology/index.js';
import { filesOf, parts, span } from './machine.js';

/** Four nodes of two CPUs. */
const read = (files: Record<string, string>, memoryKiB = 1 << 20) =>
  readTopology(
    filesFromRecord(
      filesOf({
        online: span(0, 8),
        nodes: parts(span(0, 8), 2).map((cpus, id) => ({ id, cpus, memoryKiB: id === 3 ? memoryKiB : 1 << 20 })),
        files,
      }),
    ),
  );

const policy = (text: string) => ({ '/proc/self/numa_maps': `1000 ${text} anon=1\n` });
const mask = (cpus: string, mems: string) => ({
  '/proc/self/status': `Cpus_allowed_list:\t${cpus}\nMems_allowed_list:\t${mems}\n`,
});

describe('memory that is not where its workers are', () => {
  it.each([
    ['bind:2-3', ['workers on nodes 0-1 use memory of other nodes: the policy is bind to nodes 2-3']],
    ['prefer:0', ['workers on nodes 1-3 use memory of other nodes: the policy is prefer node 0']],
    ['prefer (many):0-2', ['workers on node 3 use memory of other nodes: the policy is prefer (many) nodes 0-2']],
    [
      'interleave:0-3',
      ["the memory policy is interleave over nodes 0-3: no node's workers have their memory to themselves"],
    ],
    [
      'weighted interleave:0-1',
      ["the memory policy is weighted interleave over nodes 0-1: no node's workers have their memory to themselves"],
    ],
    ['bind:0-3', []],
    ['local', []],
    ['default', []],
  ])('under the policy %s', (text, warnings) => {
    expect(seatWorkers(read(policy(text))).warnings).toEqual(warnings);
  });

  it('says nothing where CPUs and memory are bound alike', () => {
    const topology = read({ ...policy('bind:2-3'), ...mask('4-7', '0-3') });
    expect(seatWorkers(topology).nodes.map(({ node }) => node)).toEqual([2, 3]);
    expect(seatWorkers(topology).warnings).toEqual([]);
  });

  it('says which memory the process may use, and which nodes have none', () => {
    expect(seatWorkers(read(mask('0-7', '1'), 0)).warnings).toEqual([
      'workers on nodes 0,2 use memory of other nodes: only node 1 may be used',
      'workers on node 3 use memory of other nodes: there is none on their own',
    ]);
  });

  it('is no matter where no worker is, or of logical nodes', () => {
    const topology = read(policy('bind:0'));
    expect(seatWorkers(topology, { workers: 2 }).warnings).toEqual([]);
    expect(seatWorkers(topology, { shape: '2x1x2' }).warnings).toEqual([]);
  });
});
