import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { buildTeams } from '../../src/plan/build_teams.js';
import { distanceOf, seats } from '../../src/plan/team.js';
import {
  excludedCpus,
  filesFromRecord,
  formatTopology,
  readTopology,
  type Topology,
  topologyToJson,
} from '../../src/topology/index.js';
import { dataPath } from './data.js';

const folder = dataPath('topologies');
const machines = readdirSync(folder)
  .filter(name => name.endsWith('.files.json.gz'))
  .map(name => name.replace('.files.json.gz', ''));

function load<T>(name: string): T {
  return JSON.parse(gunzipSync(readFileSync(`${folder}/${name}.json.gz`)).toString('utf8')) as T;
}

const files = (name: string) => filesFromRecord(load<Record<string, string>>(`${name}.files`));
const truth = (name: string) => load<Record<string, unknown> & Partial<Topology>>(`${name}.truth`);

it('finds the machines', () => {
  expect(machines.length).toBeGreaterThanOrEqual(17);
});

describe.each(machines)('%s', name => {
  const topology = readTopology(files(name));

  it('gives the truth, key by key', () => {
    const json = topologyToJson(topology) as Record<string, unknown>;
    const { notes: _notes, ...facts } = truth(name);
    expect(Object.fromEntries(Object.keys(facts).map(key => [key, json[key]]))).toEqual(facts);
  });

  it('seats one worker on the first allowed CPU of every allowed core, and says why for every other CPU', () => {
    const { teams, warnings } = buildTeams(topology);
    const seated = teams.nodes.flatMap(node => node.clusters.flatMap(cluster => cluster.workers.map(seat => seat.cpu)));
    const hierarchy = truth(name).hierarchyAllowed ?? truth(name).hierarchy ?? [];
    const expected = hierarchy.flatMap(node => node.clusters.flatMap(cluster => cluster.cores.map(core => core[0])));
    expect(seated).toEqual(expected);
    const bare = topology.nodes.some(node => node.cpus.length > 0 && node.memoryMB === 0);
    expect(warnings).toEqual(bare ? [expect.stringMatching(/^workers on nodes .* use memory of other nodes/)] : []);
    const excluded = excludedCpus(topology).map(({ cpu }) => cpu);
    const all = [...topology.online, ...topology.offline];
    expect([...seated, ...excluded].sort((a, b) => a - b)).toEqual(all.sort((a, b) => a - b));
  });

  it('is a shape for another machine, distances included', () => {
    const here = readTopology(filesFromRecord({ 'sys/devices/system/cpu/online': '0-1\n' }));
    const shape = JSON.parse(JSON.stringify(topologyToJson(topology))) as object;
    const own = buildTeams(topology).teams;
    const teams = buildTeams(here, { shape }).teams;
    expect(seats(teams).map(({ rank, nodeIndex, clusterIndex }) => [rank, nodeIndex, clusterIndex])).toEqual(
      seats(own).map(({ rank, nodeIndex, clusterIndex }) => [rank, nodeIndex, clusterIndex]),
    );
    expect(teams.distances).toEqual(own.distances);
    const known = (truth(name).nodes ?? []).filter(node => node.distances?.length === truth(name).nodes?.length);
    for (const [from, { node: id }] of own.nodes.entries()) {
      const row = known.find(node => node.id === id)?.distances;
      const expected = own.nodes.map(({ node }, to) => {
        const column = (truth(name).nodes ?? []).findIndex(other => other.id === node);
        return row?.[column] ?? (from === to ? 10 : 20);
      });
      expect(own.nodes.map((_, to) => distanceOf(teams, from, to))).toEqual(expected);
    }
  });

  it('prints lines that fit and name every node', () => {
    const text = formatTopology(topology);
    for (const node of topology.nodes) expect(text).toMatch(new RegExp(`^node ${node.id}\\b`, 'm'));
    expect(text).not.toMatch(/undefined|null|NaN| $/m);
  });
});
