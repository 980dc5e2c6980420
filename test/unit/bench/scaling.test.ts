import { beforeAll, describe, expect, it } from 'vitest';
import { defaultRates } from '../../../src/cost/default_rates.js';
import type { Rates } from '../../../src/cost/rates.js';
import { ratesProblem } from '../../../src/cost/rates_problem.js';
import { seats, type TeamTree } from '../../../src/plan/team.js';

/** What the tests use of the bench, which is plain JavaScript. */
interface Machine {
  readonly name: string;
  readonly topology: { readonly nodes: number; readonly clustersPerNode: number; readonly coresPerCluster: number };
  readonly memory: { readonly coreGigabytesPerSecond: number; readonly nodeGigabytesPerSecond: number };
  readonly links: readonly { readonly distance: number; readonly gigabytesPerSecond: number }[];
}
interface Times {
  readonly ms: number;
  readonly exchangeBytes: number;
  readonly speedUp: number;
  readonly efficiency: number;
}
interface Row {
  readonly cores: number;
  readonly nodes: number;
  readonly naive: Times;
  readonly parts: Times;
  readonly hierarchical: Times;
  readonly isWhole: boolean;
}
interface Bench {
  readonly machineNames: readonly string[];
  loadMachine(name: string): Machine;
  machineProblem(machine: unknown): string | null;
  teamsOf(machine: Machine, cores: number): TeamTree;
  ratesOf(machine: Machine, base: Rates): Rates;
  simulate(options: { source: string; machine: Machine; cores: readonly number[]; base: Rates }): Row[];
  plot(report: unknown): string;
  markdown(report: unknown): string;
}

const load = (name: string) => import(new URL(`../../../bench/scaling/${name}.js`, import.meta.url).href);
const parts = await Promise.all(['machine', 'simulate', 'plot', 'report'].map(load));
const bench: Bench = Object.assign({}, ...parts);
const machines = bench.machineNames.map(name => bench.loadMachine(name));
const ft = bench.loadMachine('ft-2000plus');

describe('given machines', () => {
  it.each(machines)('$name is whole: every number has a source, sizes fit its nodes', machine => {
    expect(bench.machineProblem(machine)).toBeNull();
  });

  const { memory, links, topology } = ft;
  it.each<[string, object]>([
    ['memory has no source', { memory: { ...memory, source: '' } }],
    ['memory.coreGigabytesPerSecond is 0', { memory: { ...memory, coreGigabytesPerSecond: 0 } }],
    ['distances are not 4 x 4', { topology: { ...topology, nodes: 4 } }],
    ['links[0] has no source', { links: [{ distance: 20 }] }],
    ['nothing is said of links at distance 40', { links: links.slice(0, 2) }],
    [
      'distance 20: one core gets more than all',
      { links: [{ ...links[0], gigabytesPerSecond: 1 }, ...links.slice(1)] },
    ],
    ['name or title is missing', { name: '' }],
  ])('%s', (problem, change) => {
    expect(bench.machineProblem({ ...ft, ...change })).toContain(problem);
  });

  it('lend their first cores, node after node', () => {
    const { nodes, distances } = bench.teamsOf(ft, 14);
    expect(nodes.map(({ clusters }) => clusters.map(({ workers }) => workers.length))).toEqual([
      [4, 4],
      [4, 2],
    ]);
    expect(seats({ nodes, logical: true }).map(({ rank }) => rank)).toEqual(Array.from({ length: 14 }, (_, i) => i));
    expect(distances).toEqual([
      [10, 20],
      [20, 10],
    ]);
  });

  it.each(machines)('$name has valid rates, slower by the ratio of the cores', machine => {
    const rates = bench.ratesOf(machine, defaultRates);
    expect(ratesProblem(rates)).toBeNull();
    const slower = defaultRates.gflopsPerWorker / rates.gflopsPerWorker;
    expect(rates.pieceNs.gemmStep / defaultRates.pieceNs.gemmStep).toBeCloseTo(slower);
    expect(rates.workers).toBe(machine.topology.clustersPerNode * machine.topology.coresPerCluster);
  });
});

describe('simulated scaling', () => {
  const source = 'zoo:c3d?width=0.25&classes=10';
  let rows: Row[] = [];
  beforeAll(() => {
    rows = bench.simulate({ source, machine: ft, cores: [1, 8, 32, 4096], base: defaultRates });
  });

  it('has a row for each number of cores that the machine has', () => {
    expect(rows.map(({ cores, nodes }) => [cores, nodes])).toEqual([
      [1, 1],
      [8, 1],
      [32, 4],
    ]);
  });

  it('begins with one core, and is never better than ideal', () => {
    expect([rows[0]!.naive.efficiency, rows[0]!.hierarchical.efficiency]).toEqual([1, 1]);
    for (const { naive, parts: over } of rows) {
      expect(naive.efficiency).toBeLessThanOrEqual(1);
      expect(over.efficiency).toBeLessThanOrEqual(1);
    }
  });

  it('is the same in both modes on one node, where nothing is exchanged', () => {
    expect(rows[1]!.hierarchical).toEqual(rows[1]!.naive);
    expect(rows[1]!.hierarchical.exchangeBytes).toBe(0);
  });

  it('takes the plan over four nodes, which is faster than one memory', () => {
    const [, , { naive, parts: over, hierarchical, isWhole }] = rows as [Row, Row, Row];
    expect(over.ms).toBeLessThan(naive.ms);
    expect(hierarchical).toEqual(over);
    expect(isWhole).toBe(false);
    expect(over.exchangeBytes).toBeGreaterThan(0);
  });

  it('is the faster one of the candidates where nodes are uneven', () => {
    const machine = bench.loadMachine('kunpeng-920');
    const [row] = bench.simulate({ source: 'zoo:p3d?width=0.25', machine, cores: [32], base: defaultRates });
    expect(row!.hierarchical.ms).toBe(Math.min(row!.naive.ms, row!.parts.ms));
    expect(row!.isWhole).toBe(row!.parts.ms > row!.naive.ms);
  });

  it('says in tables and pictures that it is simulated', () => {
    const report = { base: defaultRates, machines: [{ machine: ft, networks: [{ name: 'a<b', rows }] }] };
    expect(bench.plot(report).match(/SIMULATED/g)).toHaveLength(2);
    expect(bench.plot(report)).toContain('a&lt;b');
    expect(bench.markdown(report)).toMatch(/^Simulated times, none of them measured/);
    expect(bench.markdown(report)).toContain('(simulated)');
  });
});
