import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Activation, ConvNode, Window } from '../../../src/graph/ir.js';
import { sizeOf } from '../../../src/graph/shape.js';
import { layerGrid } from '../../../src/lower/layer_grid.js';
import { lower } from '../../../src/lower/lower.js';
import { choosePlanarWinograd } from '../../../src/lower/planar_winograd.js';
import { planWhole } from '../../../src/plan/plan.js';
import { constantOf, type GraphSpec, graphOf } from '../../support/ir.js';
import { checkGraph, kernelsOf, oneWorker, wave } from './compare.js';
import { checkPlan, nodes, planBy } from './partitioned.js';

interface Case {
  readonly x: readonly number[];
  readonly outC: number;
  /** 3 in every dimension unless given. */
  readonly kernel?: readonly number[];
  readonly window?: Partial<Window>;
  readonly residual?: boolean;
  readonly activation?: Activation;
}

const weights = (dims: readonly number[]) => constantOf(dims, wave(sizeOf(dims), 2));
const dilated = (by: number) => ({ dilations: [by, by, by], padsBegin: [by, by, by], padsEnd: [by, by, by] });

function graphWith({
  x,
  outC,
  kernel = [3, 3, 3],
  window = dilated(1),
  residual = false,
  activation,
}: Case): GraphSpec {
  return {
    inputs: residual ? { x, r: [x[0]!, outC, ...x.slice(2)] } : { x },
    constants: { w: weights([outC, x[1]!, ...kernel]), b: weights([outC]) },
    nodes: [{ op: 'Conv', inputs: ['x', 'w', 'b', residual ? 'r' : ''], window, activation: activation ?? null }],
  };
}

const computing = (kernels: readonly string[]) => kernels.filter(name => !/copy|fill/.test(name));

function typed(shape: Case) {
  const graph = inferShapes(graphOf(graphWith(shape)));
  const node = graph.nodes[0] as ConvNode;
  const [x, y] = [node.inputs[0]!, node.outputs[0]!].map(name => graph.types.get(name)!.dims);
  return { graph, node, tiles: choosePlanarWinograd(node, x!, y!) };
}

describe('convolutions of few channels with three taps along depth and height', () => {
  const cases: Readonly<Record<string, Case>> = {
    'whole tiles': { x: [1, 5, 8, 8, 19], outC: 5, activation: { kind: 'relu' } },
    'ragged tiles, batch 2': { x: [2, 5, 7, 11, 16], outC: 5, activation: { kind: 'elu', alpha: 0.5 } },
    'as many channels as may be': { x: [1, 24, 8, 9, 17], outC: 24 },
    dilated: { x: [1, 5, 15, 14, 21], outC: 5, window: dilated(2) },
    'a residual': { x: [1, 5, 8, 8, 18], outC: 5, residual: true, activation: { kind: 'relu' } },
    'asymmetric pads, five taps along width': {
      x: [1, 8, 9, 8, 40],
      outC: 8,
      kernel: [3, 3, 5],
      window: { padsBegin: [2, 0, 1], padsEnd: [0, 2, 3] },
    },
  };
  it.each(Object.entries(cases))('take tiles: %s', (_, shape) => {
    expect(computing(checkGraph(graphWith(shape)))).toEqual(['f32_conv_planar_winograd']);
  });

  it.each([
    ['one input channel', { x: [1, 1, 16, 16, 16], outC: 5 }],
    ['a plane', { x: [1, 5, 1, 16, 16], outC: 5 }],
    ['strides', { x: [1, 5, 16, 16, 16], outC: 5, window: { ...dilated(1), strides: [2, 2, 1] } }],
    ['a dilation that leaves an output to each tile', { x: [1, 5, 8, 8, 16], outC: 5, window: dilated(8) }],
    ['other taps', { x: [1, 5, 8, 8, 16], outC: 5, kernel: [3, 1, 3], window: dilated(1) }],
  ] as [string, Case][])('are direct for %s', (_, shape) => {
    expect(computing(checkGraph(graphWith(shape)))).toEqual(['f32_conv_planar']);
  });

  it.each([
    ['more input channels', { x: [1, 25, 8, 8, 16], outC: 24 }],
    ['more outputs', { x: [1, 24, 8, 8, 16], outC: 25 }],
    ['short rows', { x: [1, 24, 8, 8, 15], outC: 24 }],
    ['more than eight outputs, other taps', { x: [1, 24, 8, 8, 16], outC: 9, kernel: [3, 1, 3], window: dilated(1) }],
  ] as [string, Case][])('are done channels last with %s', (_, shape) => {
    const { graph } = typed(shape);
    const { steps } = lower(graph, planWhole(graph, oneWorker));
    expect(steps.flatMap(kernelsOf).filter(name => name.includes('planar'))).toEqual([]);
  });

  it('are direct when results are to be exact', () => {
    const { graph, node } = typed(cases.dilated!);
    const { steps } = lower(graph, planWhole(graph, oneWorker), { exact: true });
    expect(computing(steps.flatMap(kernelsOf))).toEqual(['f32_conv_planar']);
    expect(layerGrid(graph, node, { exact: true })).toEqual([1, 1, 1, 1, 1]);
  });

  it('are cut at whole tiles, whose rows lie a dilation apart', () => {
    const { graph, node, tiles } = typed(cases.dilated!);
    expect(layerGrid(graph, node, { exact: false })).toEqual([1, 1, 2 * tiles![0], 2 * tiles![1], 1]);
  });

  it.each([[[1, 1]], [[1, 2, 1]], [[1, 1, 1, 1]]])('have the bits of one memory however they are cut: %s', workers => {
    const graph = inferShapes(
      graphOf({
        inputs: { x: [1, 5, 15, 16, 16] },
        constants: { w: weights([5, 5, 3, 3, 3]) },
        nodes: [
          { op: 'Conv', inputs: ['x', 'w'], outputs: ['a'], window: dilated(2) },
          { op: 'Conv', inputs: ['a', 'w', '', 'a'], outputs: ['y'], window: dilated(1) },
        ],
      }),
    );
    let ways = 1;
    for (let way = 0; way < ways; way++) {
      const plan = planBy(graph, nodes(workers), (_, cuts) => {
        ways = Math.max(ways, cuts.length);
        return cuts[way % cuts.length]!;
      });
      const { steps } = checkPlan(graph, plan);
      expect(new Set(computing(steps.flatMap(kernelsOf)))).toEqual(new Set(['f32_conv_planar_winograd']));
    }
  });
});
