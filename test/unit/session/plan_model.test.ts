import { describe, expect, it } from 'vitest';
import { defaultRates, type PlanModelOptions, type PlanReport, planModel } from '../../../src/index.js';
import { boxElements, intersect } from '../../../src/plan/box.js';
import { failureOf } from '../../support/errors.js';
import { buildModel } from '../../support/onnx.js';

const source = 'zoo:c3d?width=0.125&classes=10';
const plan = (options: PlanModelOptions = {}): PlanReport => planModel(source, { topology: '4x1x2', ...options });

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** That the parts of a report add up to what it says of the whole. */
function checkSums({ layers, totals, memories, steps }: PlanReport): void {
  for (const field of ['computeMs', 'memoryMs', 'exchangeMs', 'barrierMs'] as const) {
    expect(sum(layers.map(layer => layer[field]))).toBeCloseTo(totals[field], 9);
  }
  for (const { ms, computeMs, memoryMs, exchangeMs, barrierMs, moves, exchangeBytes, name } of layers) {
    expect(computeMs + memoryMs + exchangeMs + barrierMs, name).toBeCloseTo(ms, 9);
    expect(sum(moves.map(({ bytes }) => bytes)), name).toBe(exchangeBytes);
    expect(exchangeMs > 0, name).toBe(moves.length > 0);
  }
  expect(sum(layers.map(({ ms }) => ms)) + totals.runMs).toBeCloseTo(totals.ms, 9);
  expect(sum(layers.map(layer => layer.exchangeBytes))).toBe(totals.exchangeBytes);
  expect(sum(memories.map(({ bytes }) => bytes))).toBe(totals.memoryBytes);
  memories.forEach(({ weightBytes }, memory) => {
    expect(sum(layers.map(layer => layer.weightBytes[memory]!))).toBe(weightBytes);
  });
  expect(sum(Object.values(steps.barriers))).toBe(steps.total);
}

describe('planModel', () => {
  const report = plan();

  it('says what every node computes: each element once, unless every node computes all', () => {
    expect(report.machine).toEqual({ nodes: 4, clusters: 4, workers: 8, logical: true });
    expect(report.memories.map(({ node, workers }) => [node, workers])).toEqual([0, 1, 2, 3].map(node => [node, 2]));
    for (const { boxes, dims, cut, name } of report.layers) {
      const computed = boxes.flatMap(box => box ?? []).length > 0 ? boxes.filter(box => box !== null) : [];
      const size = dims.reduce((all, length) => all * length, 1);
      expect(sum(computed.map(boxElements)), name).toBe(cut === 'all' ? 4 * size : size);
      if (cut === 'all') continue;
      for (const [i, a] of computed.entries()) {
        for (const b of computed.slice(i + 1)) expect(intersect(a, b), name).toBeNull();
      }
    }
  });

  it('adds up, and survives JSON', () => {
    checkSums(report);
    expect(report.steps.barriers.machine).toBe(report.steps.exchanges);
    expect(report.totals.exchangeBytes).toBeGreaterThan(0);
    expect(report.secondBest!.ms).toBeGreaterThanOrEqual(report.totals.ms);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('is the same every time', () => {
    expect(plan()).toEqual(report);
  });

  it.each(['frugal', 'channel', 'depth', 'height', 'one', 'none'] as const)(
    'compares with the partition %s',
    partition => {
      const forced = plan({ partition });
      checkSums(forced);
      const { ms, exchangeBytes, weightBytes, memoryBytes } = forced.totals;
      const cut = partition === 'none' ? 'one' : partition;
      const layersCut = cut === 'frugal' ? null : forced.layers.filter(layer => layer.cut === cut).length;
      expect(layersCut).not.toBe(0);
      const expected = { partition, layersCut, ms, exchangeBytes, weightBytes, memoryBytes, problem: null };
      expect(report.alternatives.find(other => other.partition === partition)).toEqual(expected);
      if (cut === 'one') expect(exchangeBytes).toBe(0);
      const auto = forced.alternatives.find(other => other.partition === 'auto');
      expect(auto).toMatchObject({ ms: report.totals.ms, layersCut: null });
      expect(forced.alternatives.map(other => other.partition)).not.toContain(partition);
    },
  );

  it('has one memory, and everyone in it, without a partition', () => {
    const { memories, steps, machine } = plan({ partition: 'none' });
    expect(memories).toMatchObject([{ node: 0, workers: 8 }]);
    expect(machine.nodes).toBe(4);
    expect(steps).toMatchObject({ exchanges: 0, barriers: { machine: steps.total } });
  });

  it('is as fast as one core on one core, and compares with nothing on one node', () => {
    const one = plan({ topology: '1x1x1' });
    checkSums(one);
    expect([one.oneCore.speedUp, one.oneNode.speedUp]).toEqual([1, 1]);
    expect([one.alternatives, one.secondBest]).toEqual([[], null]);
    expect(report.oneCore.ms).toBe(one.totals.ms);
    expect(report.oneNode).toMatchObject({ ms: plan({ topology: '1x1x2' }).totals.ms, node: 0, workers: 2 });
    expect(report.oneCore.speedUp).toBeCloseTo(one.totals.ms / report.totals.ms, 9);
  });

  it('prices with the rates that are given, and says so', () => {
    const { barrierUs } = defaultRates;
    const slow = plan({ rates: { ...defaultRates, barrierUs: 100 * barrierUs } });
    expect(slow.totals.barrierMs).toBeGreaterThan(report.totals.barrierMs);
    expect(slow.rates.source).toBe('given');
    expect(report.rates.source).not.toBe('given');
    const broken = { ...defaultRates, copy: undefined } as unknown as typeof defaultRates;
    expect(failureOf(() => plan({ rates: broken }))).toMatch(/^usage: .*copy is missing/);
  });

  it('refuses sizes that are open, and takes them when they are given', () => {
    const nodes = [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }];
    const model = buildModel({ inputs: [{ name: 'x', dims: [1, 8, 'd', 4, 4] }], nodes, outputs: ['y'] });
    expect(failureOf(() => planModel(model))).toMatch(/^usage: .*'x'.*'d'.*--shape x=SIZES/);
    const options = { topology: '2x1x1' };
    const given = planModel(model, { ...options, shapes: { x: [1, 8, 6, 4, 4] } });
    expect(given.layers.map(({ dims }) => dims)).toEqual([[1, 8, 6, 4, 4]]);
    expect(planModel(model, { ...options, freeDimensionOverrides: { d: 6 } })).toEqual(given);
  });

  it('says of no other machine that this one is too small for it', () => {
    const warnings: string[] = [];
    plan({ topology: '16x2x16', partition: 'one', onWarning: message => warnings.push(message) });
    expect(warnings).toEqual([]);
    planModel(source, { workers: 64, onWarning: message => warnings.push(message) });
    expect(warnings.length).toBeGreaterThan(0);
  });
});
