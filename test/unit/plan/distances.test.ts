import { describe, expect, it } from 'vitest';
import { buildTeams } from '../../../src/plan/build_teams.js';
import { distanceOf, type TeamTree } from '../../../src/plan/team.js';
import { filesFromRecord, readTopology, topologyToJson } from '../../../src/topology/index.js';
import { filesOf, ft2000, kunpeng, type Machine, span } from '../topology/machine.js';

const read = (machine: Machine) => readTopology(filesFromRecord(filesOf(machine)));
const two = read({ online: [0, 1], nodes: [{ id: 0, cpus: [0, 1], distances: [10] }] });

const table = (teams: TeamTree) =>
  teams.nodes.map((_, from) => teams.nodes.map((__, to) => distanceOf(teams, from, to)));

describe('distances between the nodes of a team', () => {
  it("are the kernel's, of the nodes that have workers", () => {
    expect(table(buildTeams(read(kunpeng)).teams)).toEqual(kunpeng.nodes?.map(node => node.distances));
    const { teams } = buildTeams(read(ft2000), { workers: 16 });
    expect(teams.nodes.map(({ node }) => node)).toEqual([0, 3]);
    expect(table(teams)).toEqual([
      [10, 20],
      [20, 10],
    ]);
  });

  it('count columns by online nodes, whatever their numbers, with CPUs or without', () => {
    const sparse = read({
      online: span(0, 4),
      nodes: [
        { id: 2, cpus: [0, 1], distances: [10, 17, 28] },
        { id: 5, cpus: [], distances: [17, 10, 33] },
        { id: 9, cpus: [2, 3], distances: [29, 33, 10] },
      ],
    });
    expect(buildTeams(sparse).teams.distances).toEqual([
      [10, 28],
      [29, 10],
    ]);
  });

  it('are 10 and 20 for a shape, on a machine without NUMA, and where a row has another length', () => {
    const plain = [
      [10, 20],
      [20, 10],
    ];
    expect(table(buildTeams(two, { shape: '2x1x1' }).teams)).toEqual(plain);
    expect(table(buildTeams(read({ online: [0, 1] })).teams)).toEqual([[10]]);
    const nodes = [
      { id: 1, cpus: [0], distances: [40, 10, 16] },
      { id: 2, cpus: [1], distances: [41, 16, 10] },
    ];
    expect(table(buildTeams(read({ online: [0, 1], nodes })).teams)).toEqual(plain);
    expect(table(buildTeams(read({ online: [0, 1], nodes: nodes.slice(0, 1) })).teams)).toEqual(plain);
  });

  it('are those of the machine that a saved topology is of', () => {
    const shape = JSON.parse(JSON.stringify(topologyToJson(read(ft2000)))) as object;
    const { teams } = buildTeams(two, { shape });
    expect(teams.logical).toBe(true);
    expect(table(teams)).toEqual(ft2000.nodes?.map(node => node.distances));
    expect(table(buildTeams(two, { shape, workers: 9 }).teams)).toEqual([
      [10, 20],
      [20, 10],
    ]);
  });

  it.each([
    [{ nodes: 3 }, 'nodes should be a list'],
    [{ nodes: [7] }, 'nodes[0] should be an object'],
    [{ nodes: [{ id: 'a' }] }, 'nodes[0].id'],
    [{ nodes: [{ id: 0, distances: '10 20' }] }, 'nodes[0].distances'],
    [{ nodes: [{ id: 0, distances: [10, -1] }] }, 'nodes[0].distances'],
  ])('that are none are a usage error that names the part: %j', (more, part) => {
    const shape = { hierarchy: [{ node: 0, clusters: [{ via: 'L3', cores: [[0]] }] }], ...more };
    expect(() => buildTeams(two, { shape })).toThrow(
      expect.objectContaining({ kind: 'usage', message: expect.stringContaining(part) }),
    );
  });
});
