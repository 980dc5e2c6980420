import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { TypedGraph } from '../../../src/graph/ir.js';
import { type Box, boxElements, wholeBox } from '../../../src/plan/box.js';
import type { CostModel } from '../../../src/plan/cost.js';
import { boxesOf, candidateCuts, cutName, type Partition, partitions } from '../../../src/plan/cuts.js';
import { transfers } from '../../../src/plan/exchange.js';
import { flatCosts } from '../../../src/plan/flat_costs.js';
import { exchangeBytes } from '../../../src/plan/moves.js';
import { cutGrid, needsOf } from '../../../src/plan/needs.js';
import { type Cut, planWhole } from '../../../src/plan/plan.js';
import { maxStates, planPartition } from '../../../src/plan/search.js';
import { zooNames } from '../../../src/zoo/zoo.js';
import { constantOf, type GraphSpec, graphOf } from '../../support/ir.js';
import { optimizedZoo, teamsOf } from './pieces.js';

const conv = (inputs: string[], outputs: string[]) =>
  ({
    op: 'Conv',
    inputs: [inputs[0]!, 'w', '', ...inputs.slice(1)],
    outputs,
    window: { padsBegin: [1, 1, 1], padsEnd: [1, 1, 1] },
  }) as const;
const relu = (inputs: string[], outputs: string[]) =>
  ({ op: 'Activation', inputs, outputs, activation: { kind: 'relu' } }) as const;

const typed = (spec: GraphSpec): TypedGraph =>
  inferShapes(graphOf({ inputs: { x: [1, 16, 4, 4, 2] }, constants: { w: constantOf([16, 16, 3, 3, 3]) }, ...spec }));

const small: Readonly<Record<string, TypedGraph>> = {
  'a chain': typed({ nodes: [conv(['x'], ['a']), relu(['a'], ['b']), conv(['b'], ['c']), conv(['c'], ['y'])] }),
  'a residual': typed({
    nodes: [conv(['x'], ['a']), conv(['a'], ['b']), conv(['b', 'a'], ['c']), conv(['c', 'c'], ['y'])],
  }),
  'a concatenation and a join': typed({
    constants: { w: constantOf([16, 16, 3, 3, 3]), v: constantOf([8, 32, 1, 1, 1]) },
    nodes: [
      conv(['x'], ['a']),
      relu(['a'], ['b']),
      { op: 'Concat', inputs: ['a', 'b'], outputs: ['c'], axis: 1 },
      { op: 'Conv', inputs: ['c', 'v', ''], outputs: ['y'] },
    ],
  }),
  'a matrix behind an image': typed({
    constants: { w: constantOf([16, 16, 3, 3, 3]), m: constantOf([20, 16]) },
    nodes: [
      conv(['x'], ['a']),
      { op: 'GlobalAveragePool', inputs: ['a'], outputs: ['b'] },
      { op: 'Flatten', inputs: ['b'], outputs: ['c'] },
      { op: 'Gemm', inputs: ['c', 'm'], outputs: ['y'], transB: true },
    ],
  }),
  'two outputs, and a result that nothing reads': typed({
    nodes: [conv(['x'], ['a']), relu(['a'], ['y']), relu(['x'], ['unused']), conv(['y', 'x'], ['z'])],
    outputs: ['y', 'z'],
  }),
};

/** Costs without rhyme or reason, in whole milliseconds, so that there are ties. */
function oddCosts(seed: number, memories: number): CostModel {
  const odd = (text: string, below: number) =>
    [...text].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0, 2166136261 + seed) %
    below;
  return {
    compute: (node, out, memory) => ({
      computeMs: 1 + odd(`${node.name} ${out.join()} ${memory}`, 20),
      memoryMs: odd(`${memory} ${out.join()}`, 3),
      barrierMs: 1,
      weightBytes: 0,
    }),
    exchangeMs: moves => {
      const busy = new Array<number>(memories).fill(0);
      for (const { to, bytes, scattered } of moves) busy[to]! += (scattered ? 2 : 1) * bytes;
      return Math.round(Math.max(...busy) / 512);
    },
    machineBarrierMs: 1,
    distance: (a, b) => Math.abs(a - b),
  };
}

/** What a plan costs, layer by layer, in the plainest words. */
function priceOf(graph: TypedGraph, boxes: readonly (readonly (Box | null)[])[], cost: CostModel): number {
  const made = new Map(graph.nodes.map((node, index) => [node.outputs[0]!, boxes[index]!]));
  return graph.nodes.reduce((sum, node, index) => {
    const layerMs = boxes[index]!.map((box, memory) => {
      if (!box) return 0;
      const { computeMs, memoryMs, barrierMs } = cost.compute(node, box, memory);
      return computeMs + memoryMs + barrierMs;
    });
    const moves = boxes[index]!.flatMap((out, to) => {
      if (!out) return [];
      const needs = needsOf(graph, node, out);
      return node.inputs.flatMap((name, at) => {
        const parts = made.get(name);
        // A value that two operands read is fetched once: in these graphs the first of them reads more.
        if (!parts || !needs[at] || node.inputs.indexOf(name) < at) return [];
        return transfers(needs[at], to, parts, cost.distance).map(({ from, box }) => {
          const channels = box[1]![1] - box[1]![0];
          const some = channels !== needs[at]![1]![1] - needs[at]![1]![0];
          return { from, to, bytes: 4 * boxElements(box), scattered: some && boxElements(box) > channels };
        });
      });
    });
    const exchange = moves.length > 0 ? cost.exchangeMs(moves) + cost.machineBarrierMs : 0;
    return sum + Math.max(...layerMs) + exchange;
  }, 0);
}

/** The costs of all plans there are, least first. */
function allPrices(graph: TypedGraph, weights: readonly number[], cost: CostModel): number[] {
  const choices = graph.nodes.map(node => {
    const { dims } = graph.types.get(node.outputs[0]!)!;
    const grid = cutGrid(graph, node);
    const home = weights.indexOf(Math.max(...weights));
    return candidateCuts(dims, grid, weights.length, home).map((cut: Cut) => boxesOf(cut, dims, grid, weights));
  });
  const plans = choices.reduce<(Box | null)[][][]>(
    (lists, options) => lists.flatMap(list => options.map(option => [...list, option])),
    [[]],
  );
  return plans.map(boxes => priceOf(graph, boxes, cost)).sort((a, b) => a - b);
}

describe('the best plan and the second best', () => {
  it.each(Object.entries(small))('%s', (_, graph) => {
    const teams = fc.constantFrom([1, 1], [1, 3], [1, 1, 1], [2, 1, 1]);
    fc.assert(
      fc.property(teams, fc.nat(1000), (weights, seed) => {
        const cost = oddCosts(seed, weights.length);
        const planned = planPartition(graph, { teams: teamsOf(weights), cost });
        const [best, second] = allPrices(graph, weights, cost);
        expect([planned.totalMs, planned.secondMs]).toEqual([best, second]);
        const boxes = planned.plan.layers.map(layer => layer.boxes);
        expect(priceOf(graph, boxes, cost)).toBe(best);
      }),
      { numRuns: 8 },
    );
  });

  it('of equal plans is the one that exchanges less, then the first of the candidates', () => {
    const graph = typed({ nodes: [conv(['x'], ['a']), relu(['a'], ['b']), relu(['x'], ['y'])], outputs: ['b', 'y'] });
    const free: CostModel = {
      compute: ({ op }, out) => ({
        computeMs: op === 'Conv' && out[3]![1] - out[3]![0] !== 2 ? 2 : 1,
        memoryMs: 0,
        barrierMs: 0,
        weightBytes: 0,
      }),
      exchangeMs: () => 0,
      machineBarrierMs: 0,
      distance: () => 20,
    };
    const { plan, totalMs, secondMs } = planPartition(graph, { teams: teamsOf([1, 1]), cost: free });
    expect(exchangeBytes(graph, plan).total).toBe(0);
    expect(plan.layers.map(({ cut }) => cutName(cut))).toEqual(['height', 'height', 'one']);
    expect(secondMs).toBe(totalMs);
  });
});

it('with more values in flight than states are kept, a plan that is better than doing it all in one place', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const graph = typed({
    inputs: { x: [1, 16, 8, 8, 8] },
    nodes: [
      ...names.map((name, index) => conv([names[index - 1] ?? 'x'], [name])),
      { op: 'Concat', inputs: names, outputs: ['y'], axis: 1 },
    ],
  });
  const teams = teamsOf([1, 1, 1, 1]);
  const cost = flatCosts(graph, teams);
  const options = candidateCuts([1, 16, 8, 8, 8], cutGrid(graph, graph.nodes[0]!), 4).length;
  expect(options ** names.length).toBeGreaterThan(maxStates);
  const planned = planPartition(graph, { teams, cost });
  const boxes = planned.plan.layers.map(layer => layer.boxes);
  expect(planned.totalMs).toBeCloseTo(priceOf(graph, boxes, cost), 6);
  expect(planned.totalMs).toBeLessThan(planPartition(graph, { teams, cost, partition: 'one' }).totalMs);
});

describe('a planned layer', () => {
  const graph = optimizedZoo('resnet50', { width: 1 / 8 });
  const teams = teamsOf([1, 2, 1]);
  const { plan, layers, totalMs, secondMs } = planPartition(graph, { teams, cost: flatCosts(graph, teams) });

  it('has the costs that add up to the whole', () => {
    const sum = layers.reduce(
      (ms, layer) => ms + layer.computeMs + layer.memoryMs + layer.barrierMs + layer.exchangeMs,
      0,
    );
    expect(totalMs).toBeCloseTo(sum, 6);
    expect(secondMs).toBeGreaterThanOrEqual(totalMs);
  });

  it('names what is fetched, as much as follows from the plan', () => {
    const { total, byLayer, moves } = exchangeBytes(graph, plan);
    expect(layers.map(layer => layer.exchangeBytes)).toEqual(byLayer);
    expect(layers.map(layer => layer.moves)).toEqual(moves);
    expect(byLayer.reduce((a, b) => a + b, 0)).toBe(total);
    expect(moves.flat().every(({ from, to, bytes }) => from !== to && bytes > 0)).toBe(true);
  });

  it('counts its weights in every memory that has some', () => {
    const forced = (partition: Partition) =>
      planPartition(graph, { teams, partition, cost: flatCosts(graph, teams) }).layers.find(({ op }) => op === 'Conv')!;
    const { dims } = graph.types.get(graph.nodes.find(({ op }) => op === 'Conv')!.inputs[1]!)!;
    const bytes = 4 * (boxElements(wholeBox(dims)) + dims[0]!);
    expect(forced('one').weightBytes).toEqual([0, bytes, 0]);
    expect(forced('height').weightBytes).toEqual([bytes, bytes, bytes]);
  });
});

describe('partitions', () => {
  const graph = optimizedZoo('c3d', { width: 1 / 4 });
  const teams = teamsOf([2, 2, 2, 2]);
  const cost = flatCosts(graph, teams);

  it.each(partitions.filter(partition => !['auto', 'frugal', 'none'].includes(partition)))(
    '%s, where it is possible',
    partition => {
      const { plan } = planPartition(graph, { teams, cost, partition });
      plan.layers.forEach(({ cut }, index) => {
        const node = graph.nodes[index]!;
        const { dims } = graph.types.get(node.outputs[0]!)!;
        const kinds = candidateCuts(dims, cutGrid(graph, node), 4).map(cutName) as Partition[];
        if (kinds.includes(partition)) expect(cutName(cut)).toBe(partition);
      });
      expect(plan.layers.some(({ cut }) => cutName(cut) === partition)).toBe(true);
    },
  );

  it('none, and one node with workers: the plan without a partition', () => {
    const wholeCosts = flatCosts(graph, teams, undefined, planWhole(graph, teams).memories);
    expect(planPartition(graph, { teams, cost: wholeCosts, partition: 'none' }).plan).toEqual(planWhole(graph, teams));
    const single = teamsOf([0, 3, 0]);
    const planned = planPartition(graph, { teams: single, cost: flatCosts(graph, single) });
    expect(planned.plan).toEqual(planWhole(graph, single));
    expect(planned.secondMs).toBeNull();
    expect(exchangeBytes(graph, planned.plan).total).toBe(0);
  });

  it('a memory for every node with workers', () => {
    const gaps = teamsOf([0, 2, 0, 1]);
    expect(planPartition(graph, { teams: gaps, cost: flatCosts(graph, gaps) }).plan.memories).toEqual([
      { nodeIndex: 1, ranks: [0, 1] },
      { nodeIndex: 3, ranks: [2] },
    ]);
  });

  it('a further grid holds', () => {
    const { plan } = planPartition(graph, {
      teams,
      cost,
      partition: 'height',
      extraGrid: node => graph.types.get(node.outputs[0]!)!.dims.map((_, axis) => (axis === 3 ? 6 : 1)),
    });
    const [first] = plan.layers;
    expect(first!.boxes.map(box => box![3]![0] % 6)).toEqual([0, 0, 0, 0]);
    expect(first!.boxes.map(box => box![3])).not.toContainEqual([0, 28]);
  });

  it('of C3D on four nodes: the plan is the fastest, and exchanges less than by channels or by depth', () => {
    const whole = optimizedZoo('c3d');
    const costs = flatCosts(whole, teams);
    const planned = (partition: Partition) => {
      const { plan, layers, totalMs } = planPartition(whole, { teams, cost: costs, partition });
      const exchangeMs = layers.reduce((sum, layer) => sum + layer.exchangeMs, 0);
      return { totalMs, exchangeMs, bytes: exchangeBytes(whole, plan).total };
    };
    const auto = planned('auto');
    for (const partition of ['one', 'channel', 'depth', 'height', 'grid', 'mix'] as const) {
      expect(auto.totalMs, partition).toBeLessThan(planned(partition).totalMs);
    }
    for (const partition of ['channel', 'depth', 'mix'] as const) {
      expect(auto.exchangeMs, partition).toBeLessThan(planned(partition).exchangeMs);
      expect(auto.bytes, partition).toBeLessThan(planned(partition).bytes);
    }
  });

  it('of C3D on four nodes: the frugal plan exchanges the least, and takes hardly longer than the fastest', () => {
    const whole = optimizedZoo('c3d');
    const costs = flatCosts(whole, teams);
    const planned = (partition: Partition) => planPartition(whole, { teams, cost: costs, partition });
    const frugal = planned('frugal');
    const { total } = exchangeBytes(whole, frugal.plan);
    for (const partition of ['auto', 'channel', 'depth', 'height', 'grid', 'mix'] as const) {
      expect(total, partition).toBeLessThan(exchangeBytes(whole, planned(partition).plan).total);
    }
    expect(frugal.totalMs).toBeLessThanOrEqual(1.1 * planned('auto').totalMs);
  });
});

describe('plans of the zoo', () => {
  const cases = zooNames.flatMap(name =>
    [[1, 1], [2, 1, 2], [1, 1, 1, 1], new Array<number>(8).fill(2)].map(workers => [name, workers] as const),
  );

  it.each(cases)('%s on %j workers', (name, workers) => {
    const graph = optimizedZoo(name, { width: 1 / 8 });
    const teams = teamsOf(workers);
    const { plan } = planPartition(graph, { teams, cost: flatCosts(graph, teams) });
    expect(plan.layers).toHaveLength(graph.nodes.length);
    plan.layers.forEach(({ cut, boxes }, index) => {
      const node = graph.nodes[index]!;
      const { dims } = graph.types.get(node.outputs[0]!)!;
      const grid = cutGrid(graph, node);
      const present = boxes.filter(box => box !== null);
      const copies = cut.kind === 'all' ? workers.length : 1;
      expect(boxes).toHaveLength(workers.length);
      expect(present.reduce((sum, box) => sum + boxElements(box), 0)).toBe(copies * boxElements(wholeBox(dims)));
      for (const box of present) {
        box.forEach(([begin, end], axis) => {
          for (const bound of [begin, end]) {
            if (bound > 0 && bound < dims[axis]!) expect(bound % grid[axis]!).toBe(0);
          }
        });
      }
    });
    exchangeBytes(graph, plan);
  });
});
