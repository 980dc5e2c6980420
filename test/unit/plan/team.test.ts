import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TypedGraph } from '../../../src/graph/ir.js';
import { buildTeams } from '../../../src/plan/build_teams.js';
import { planWhole } from '../../../src/plan/plan.js';
import { seats, type TeamTree } from '../../../src/plan/team.js';
import { filesFromRecord, readTopology, type SeatOptions, topologyToJson } from '../../../src/topology/index.js';
import { epyc, filesOf, ft2000, type Machine, span } from '../topology/machine.js';

const read = (machine: Machine) => readTopology(filesFromRecord(filesOf(machine)));
const phytium = read(ft2000);
const amd = read(epyc);
const two = read({ online: [0, 1], nodes: [{ id: 0, cpus: [0, 1] }] });

/** [node, [workers of each cluster]] per node. */
const outline = (teams: TeamTree) =>
  teams.nodes.map(({ node, clusters }) => [node, clusters.map(({ workers }) => workers.length)]);

const cpus = (teams: TeamTree) => seats(teams).map(({ cpu }) => cpu);

describe('the default team', () => {
  it('has a worker on the first CPU of every core, ranked through the tree', () => {
    const { teams, warnings } = buildTeams(amd);
    expect(outline(teams)).toEqual(span(0, 4).map(node => [node, [4, 4, 4]]));
    expect(cpus(teams)).toEqual(span(0, 48));
    expect(seats(teams).map(({ rank }) => rank)).toEqual(span(0, 48));
    expect(teams).toMatchObject({ logical: false });
    expect(warnings).toEqual([]);
  });

  it('has a worker on every CPU with smt, siblings side by side', () => {
    const { teams, warnings } = buildTeams(amd, { smt: true });
    expect(cpus(teams).slice(0, 4)).toEqual([0, 48, 1, 49]);
    expect(new Set(cpus(teams)).size).toBe(96);
    expect(warnings).toEqual([]);
  });

  it('keeps to the quota, packed on the fewest nodes', () => {
    const { teams, warnings } = buildTeams(amd, { quota: 10 });
    expect(outline(teams)).toEqual([[0, [4, 3, 3]]]);
    expect(warnings).toEqual([]);
  });

  it('numbers a machine without nodes 0, and CPUs in no node -1', () => {
    expect(buildTeams(read({ online: [0, 1] })).teams.nodes.map(({ node }) => node)).toEqual([0]);
    const orphans = read({ online: [0, 1, 2], nodes: [{ id: 4, cpus: [0] }] });
    expect(buildTeams(orphans).teams.nodes.map(({ node }) => node)).toEqual([4, -1]);
  });
});

describe('a number of workers', () => {
  it.each([
    [1, [[0, [1]]]],
    [2, [[0, [1, 1]]]],
    [7, [[0, [4, 3]]]],
    [8, [[0, [4, 4]]]],
    [
      9,
      [
        [0, [3, 2]],
        [3, [2, 2]],
      ],
    ],
    [64, span(0, 8).map(node => [node, [4, 4]])],
  ])('%i on FT-2000+: fewest nodes, nearest ones, even over clusters', (workers, expected) => {
    const { teams, warnings } = buildTeams(phytium, { workers });
    expect(outline(teams)).toEqual(expected);
    expect(warnings).toEqual([]);
  });

  it('prefers the nodes with most cores', () => {
    const uneven = read({
      online: span(0, 8),
      nodes: [
        { id: 0, cpus: [0] },
        { id: 1, cpus: [1, 2, 3] },
        { id: 2, cpus: [4, 5, 6, 7] },
      ],
    });
    expect(outline(buildTeams(uneven, { workers: 4 }).teams)).toEqual([[2, [4]]]);
    expect(outline(buildTeams(uneven, { workers: 6 }).teams)).toEqual([
      [1, [3]],
      [2, [3]],
    ]);
  });

  it('goes on to SMT siblings beyond one per core, without a word', () => {
    const { teams, warnings } = buildTeams(amd, { workers: 52 });
    expect(outline(teams)).toEqual([
      [0, [5, 4, 4]],
      [1, [5, 4, 4]],
      [2, [5, 4, 4]],
      [3, [5, 4, 4]],
    ]);
    expect(cpus(teams).slice(0, 5)).toEqual([0, 48, 1, 2, 3]);
    expect(warnings).toEqual([]);
  });

  it('shares CPUs in turn beyond one per CPU, and says so once', () => {
    const { teams, warnings } = buildTeams(two, { workers: 7 });
    expect([...cpus(teams)].sort()).toEqual([0, 0, 0, 0, 1, 1, 1]);
    expect(warnings).toEqual(['7 workers on 2 CPUs: they take turns']);
  });

  it('over the quota is what was asked for, with a warning', () => {
    const { teams, warnings } = buildTeams(amd, { workers: 4, quota: 2 });
    expect(seats(teams)).toHaveLength(4);
    expect(warnings).toEqual(['4 workers under a CPU quota of 2: they will be held back']);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 4097])('%j is a usage error', workers => {
    expect(() => buildTeams(two, { workers })).toThrow(expect.objectContaining({ kind: 'usage' }));
    expect(() => buildTeams(two, { workers })).toThrow(String(workers));
  });

  it('a quota below 1 is a usage error', () => {
    expect(() => buildTeams(two, { quota: 0 })).toThrow(expect.objectContaining({ kind: 'usage' }));
  });
});

describe('a shape', () => {
  it('makes logical nodes, with the CPUs in turn', () => {
    const { teams, warnings } = buildTeams(two, { shape: '4x2x4' });
    expect(outline(teams)).toEqual(span(0, 4).map(node => [node, [4, 4]]));
    expect(cpus(teams)).toEqual(span(0, 32).map(rank => rank % 2));
    expect(teams.logical).toBe(true);
    expect(warnings).toEqual(['32 workers on 2 CPUs: they take turns']);
  });

  it('takes one CPU of every core before any sibling', () => {
    expect(cpus(buildTeams(amd, { shape: '1x1x50' }).teams)).toEqual(span(0, 50));
  });

  it("that is the machine's own changes nothing", () => {
    expect(buildTeams(amd, { shape: '4x3x4' })).toEqual(buildTeams(amd));
    expect(buildTeams(amd, { shape: topologyToJson(amd) })).toEqual(buildTeams(amd));
  });

  it('may be the JSON of another machine', () => {
    const { teams } = buildTeams(two, { shape: JSON.parse(JSON.stringify(topologyToJson(phytium))) as object });
    expect(outline(teams)).toEqual(span(0, 8).map(node => [node, [4, 4]]));
    expect(teams.nodes[0]?.clusters[0]?.via).toBe('L2');
    expect(teams.logical).toBe(true);
  });

  it('of the same size on other CPUs is not the own one', () => {
    const shape = { hierarchy: [{ node: 0, clusters: [{ via: 'L3', cores: [[8], [9]] }] }] };
    expect(buildTeams(two, { shape }).teams.logical).toBe(true);
    expect(cpus(buildTeams(two, { shape }).teams)).toEqual([0, 1]);
  });

  it('as large as it may be is seated', () => {
    const { teams } = buildTeams(two, { shape: '4096x1x1', workers: 4095 });
    expect(teams.nodes).toHaveLength(4095);
  });

  it('may be filled in part', () => {
    expect(outline(buildTeams(two, { shape: '2x2x2', workers: 3 }).teams)).toEqual([[0, [2, 1]]]);
  });

  it.each([
    '',
    '4',
    '4x2',
    '0x1x1',
    '2x0x2',
    '-1x2x2',
    '2x2x2x2',
    'axbxc',
    '1.5x1x1',
    '1e3x1x1',
    '65x64x1',
    '99999999x9x9',
  ])('%j is a usage error that names it', shape => {
    expect(() => buildTeams(two, { shape })).toThrow(expect.objectContaining({ kind: 'usage' }));
    expect(() => buildTeams(two, { shape })).toThrow(`'${shape}'`);
  });

  it.each([
    [{}, 'hierarchy'],
    [[], 'hierarchy'],
    [{ hierarchy: [] }, 'hierarchy'],
    [{ hierarchy: [null] }, 'hierarchy[0]'],
    [{ hierarchy: [{ node: 'a' }] }, 'hierarchy[0].node'],
    [{ hierarchy: [{ node: 0, clusters: [] }] }, 'hierarchy[0].clusters'],
    [{ hierarchy: [{ node: 0, clusters: [{ cores: [[0]] }] }] }, 'hierarchy[0].clusters[0].via'],
    [{ hierarchy: [{ node: 0, clusters: [{ via: 'L3', cores: [[]] }] }] }, 'hierarchy[0].clusters[0].cores[0]'],
    [
      { hierarchyAllowed: [{ node: 0, clusters: [{ via: 'L3', cores: [[-1]] }] }] },
      'hierarchyAllowed[0].clusters[0].cores[0]',
    ],
    [{ hierarchy: [{ node: 0, clusters: [{ via: 'L3', cores: span(0, 5000).map(cpu => [cpu]) }] }] }, '5000 cores'],
  ])('%j is a usage error that names the part', (shape, part) => {
    expect(() => buildTeams(two, { shape })).toThrow(expect.objectContaining({ kind: 'usage' }));
    expect(() => buildTeams(two, { shape })).toThrow(`${part}`);
  });
});

it('any seating has as many workers as asked for, on allowed CPUs, in ranks that count through the tree', () => {
  const options: fc.Arbitrary<SeatOptions> = fc.record(
    {
      workers: fc.integer({ min: 1, max: 200 }),
      smt: fc.boolean(),
      quota: fc.integer({ min: 1, max: 100 }),
      shape: fc.constantFrom('1x1x1', '2x1x3', '4x3x4', '8x2x4'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.constantFrom(phytium, amd, two), options, (topology, given) => {
      const { teams, warnings } = buildTeams(topology, given);
      const all = seats(teams);
      if (given.workers !== undefined) expect(all).toHaveLength(given.workers);
      expect(all.map(({ rank }) => rank)).toEqual(span(0, all.length));
      const uses = topology.allowed.cpus.map(cpu => all.filter(seat => seat.cpu === cpu).length);
      expect(uses.reduce((sum, count) => sum + count, 0)).toBe(all.length);
      expect(Math.max(...uses)).toBeLessThanOrEqual(Math.ceil(all.length / uses.length));
      expect(warnings.length).toBeLessThanOrEqual(1);
      for (const node of teams.nodes) expect(node.clusters.every(({ workers }) => workers.length > 0)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

describe('a whole plan', () => {
  const graph = {
    name: 'g',
    inputs: [],
    outputs: [],
    constants: new Map(),
    types: new Map([
      ['x', { dtype: 'float32', dims: [2, 3] }],
      ['y', { dtype: 'float32', dims: [2, 3] }],
      ['z', { dtype: 'float32', dims: [4] }],
    ]),
    nodes: [
      { op: 'Identity', name: 'a', inputs: ['x'], outputs: ['y'] },
      { op: 'Identity', name: 'b', inputs: ['y'], outputs: ['z'] },
    ],
  } satisfies TypedGraph;

  it('has one memory, at home on the node with most workers, that every rank works in', () => {
    const teams = buildTeams(
      read({
        online: span(0, 5),
        nodes: [
          { id: 2, cpus: [0] },
          { id: 5, cpus: [1, 2] },
          { id: 6, cpus: [3, 4] },
        ],
      }),
    ).teams;
    const plan = planWhole(graph, teams);
    expect(plan.memories).toEqual([{ nodeIndex: 1, ranks: [0, 1, 2, 3, 4] }]);
    expect(plan.layers).toEqual([
      {
        name: 'a',
        cut: { kind: 'one', memory: 0 },
        boxes: [
          [
            [0, 2],
            [0, 3],
          ],
        ],
      },
      { name: 'b', cut: { kind: 'one', memory: 0 }, boxes: [[[0, 4]]] },
    ]);
    expect(plan.teams).toBe(teams);
  });
});
