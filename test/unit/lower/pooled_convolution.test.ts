import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Activation, ConvNode, TypedGraph, Window } from '../../../src/graph/ir.js';
import { convolvedDims } from '../../../src/graph/pooled.js';
import { sizeOf } from '../../../src/graph/shape.js';
import type { ConvMethod } from '../../../src/lower/convolution.js';
import { layerGrid } from '../../../src/lower/layer_grid.js';
import { type LowerOptions, lower } from '../../../src/lower/lower.js';
import { planarWays } from '../../../src/lower/planar_winograd.js';
import { winogradWays } from '../../../src/lower/winograd.js';
import { planWhole } from '../../../src/plan/plan.js';
import { execute } from '../../support/execute.js';
import { constantOf, type GraphSpec, graphOf } from '../../support/ir.js';
import { checkGraph, feedsOf, kernelsOf, oneWorker, wave } from './compare.js';
import { checkPlan, expectSameBits, nodes, planBy } from './partitioned.js';

interface Layer {
  readonly x: readonly number[];
  readonly outC: number;
  readonly kernel?: readonly number[];
  readonly window?: Partial<Window>;
  readonly pool: readonly number[];
  readonly activation?: Activation | null;
  readonly bias?: boolean;
}

const around = (...pads: number[]): Partial<Window> => ({ padsBegin: pads, padsEnd: pads });
const relu: Activation = { kind: 'relu' };

/** As a convolution and its pool, one layer each. */
function specOf({ x, outC, kernel = [3, 3, 3], window = around(1, 1, 1), pool, ...rest }: Layer): GraphSpec {
  const { activation = relu, bias = true } = rest;
  const dims = [outC, x[1]!, ...kernel];
  const w = constantOf(
    dims,
    wave(sizeOf(dims), 2).map(value => value / 8),
  );
  return {
    inputs: { x },
    constants: { w, ...(bias ? { b: constantOf([outC], wave(outC, 3)) } : {}) },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w', bias ? 'b' : ''], outputs: ['c'], window, activation },
      { op: 'MaxPool', inputs: ['c'], window: { kernel: pool, strides: pool } },
    ],
  };
}

function graphsOf(layer: Layer): { pooled: TypedGraph; apart: TypedGraph; node: ConvNode } {
  const spec = specOf(layer);
  const conv = { ...spec.nodes[0]!, outputs: ['y'], pool: layer.pool };
  const pooled = inferShapes(graphOf({ ...spec, nodes: [conv as GraphSpec['nodes'][number]] }));
  return { pooled, apart: inferShapes(graphOf(spec)), node: pooled.nodes[0] as ConvNode };
}

/** Every way to compute the convolution. */
function methodsOf(layer: Layer): ConvMethod[] {
  const { pooled, node } = graphsOf(layer);
  const sizes = convolvedDims(node, name => pooled.types.get(name)!.dims);
  const gemm = { kernel: 'f32_conv_gemm', winograd: null, planarTiles: null } as const;
  const planar = { ...gemm, kernel: 'f32_conv_planar' } as const;
  const dense = winogradWays(node, ...sizes).map(winograd => ({ ...gemm, winograd }));
  const isStrided = node.window.strides.at(-1)! > 1;
  const rows = isStrided
    ? []
    : [planar, ...planarWays(node, ...sizes).map(planarTiles => ({ ...planar, planarTiles }))];
  return [gemm, ...dense, ...rows];
}

/** Kernels of the pooled layer, whose bits are those of the two. */
function checkBits(layer: Layer, options: LowerOptions): string[] {
  const { pooled, apart } = graphsOf(layer);
  const program = lower(pooled, planWhole(pooled, oneWorker), options);
  const plain = lower(apart, planWhole(apart, oneWorker), options);
  const feeds = feedsOf(pooled);
  for (const module of ['simd', 'relaxed'] as const) {
    const title = `${module}, ${JSON.stringify(options)}`;
    expectSameBits(execute(program, feeds, module), execute(plain, feeds, module), title);
  }
  return program.steps.flatMap(kernelsOf);
}

const layers: Readonly<Record<string, Layer>> = {
  'of 1x2x2': { x: [1, 5, 3, 8, 12], outC: 24, pool: [1, 2, 2] },
  'of 2x2x2, whose sizes are odd': { x: [1, 16, 5, 7, 9], outC: 20, pool: [2, 2, 2] },
  'of 2x2x2, two images': { x: [2, 9, 4, 6, 8], outC: 16, pool: [2, 2, 2], bias: false },
  'of 3x3x3': { x: [1, 8, 6, 9, 7], outC: 9, pool: [3, 3, 3], activation: null },
  'of 2x1x1': { x: [1, 17, 4, 5, 6], outC: 33, pool: [2, 1, 1], activation: null, bias: false },
  'of 2x2x2 in many tiles': { x: [1, 8, 8, 24, 24], outC: 17, pool: [2, 2, 2] },
  'of 4x4x4': { x: [1, 8, 9, 8, 11], outC: 8, pool: [4, 4, 4] },
  'of more positions than units have room for': { x: [1, 4, 5, 6, 9], outC: 8, pool: [5, 4, 4] },
  'behind dilations': {
    x: [1, 12, 6, 9, 10],
    outC: 12,
    window: { ...around(1, 2, 1), dilations: [1, 2, 1] },
    pool: [2, 2, 2],
  },
  'behind a dilation along width, of 1x2x1': {
    x: [1, 32, 4, 16, 16],
    outC: 32,
    window: { ...around(1, 1, 2), dilations: [1, 1, 2] },
    pool: [1, 2, 1],
  },
  'behind a dilation along width, of 2x1x1': {
    x: [1, 12, 4, 9, 13],
    outC: 17,
    window: { ...around(1, 1, 2), dilations: [1, 1, 2] },
    pool: [2, 1, 1],
  },
  'behind strides': {
    x: [1, 8, 5, 9, 11],
    outC: 16,
    window: { ...around(1, 1, 1), strides: [1, 2, 2] },
    pool: [1, 2, 2],
  },
  'behind positions that become channels': {
    x: [1, 3, 4, 16, 20],
    outC: 16,
    kernel: [3, 7, 7],
    window: { ...around(1, 3, 3), strides: [1, 2, 2] },
    pool: [2, 2, 2],
  },
  'of one tap': { x: [1, 16, 4, 6, 6], outC: 16, kernel: [1, 1, 1], window: {}, pool: [2, 2, 2] },
  'of an image': { x: [1, 16, 9, 12], outC: 16, kernel: [3, 3], window: around(1, 1), pool: [2, 2] },
  'of a row': { x: [1, 16, 19], outC: 12, kernel: [3], window: around(1), pool: [2] },
};

describe.each(Object.keys(layers))('a convolution with a pool %s', name => {
  const layer = layers[name]!;

  it.each(methodsOf(layer).map(method => [JSON.stringify(method), method] as const))('by %s', (_, convMethod) => {
    checkBits(layer, { convMethod });
  });

  it('directly', () => {
    checkBits(layer, { exact: true });
  });

  it('computes what the interpreter does, once it has been fused', () => {
    checkGraph(specOf(layer), undefined, 1e-4);
  });

  it.each([[[1, 1]], [[2, 1, 3, 1]]])('has the bits of one memory however it is cut: %s', workers => {
    const { pooled } = graphsOf(layer);
    let ways = 1;
    for (let way = 0; way < ways; way++) {
      const plan = planBy(pooled, nodes(workers), (_, cuts) => {
        ways = cuts.length;
        return cuts[way]!;
      });
      checkPlan(pooled, plan);
    }
  });
});

describe('a convolution that follows another layer, with a pool that leaves outputs out', () => {
  const rest: Readonly<Record<string, Layer>> = {
    'in tiles': { x: [1, 32, 8, 11, 11], outC: 32, pool: [1, 3, 3] },
    'in blocks of tiles': { x: [1, 16, 9, 25, 27], outC: 16, pool: [2, 2, 2], window: {} },
    'in rows': { x: [1, 3, 8, 11, 20], outC: 8, pool: [1, 3, 1] },
    'where positions become channels': {
      x: [1, 3, 4, 16, 20],
      outC: 16,
      kernel: [3, 7, 7],
      window: { ...around(1, 2, 2), strides: [1, 2, 2] },
      pool: [1, 2, 2],
    },
  };

  it.each(Object.entries(rest))('%s, has the bits of one memory however both are cut', (_, layer) => {
    const spec = specOf(layer);
    const before = { op: 'Activation' as const, activation: { kind: 'tanh' as const }, inputs: ['x'], outputs: ['t'] };
    const conv = { ...spec.nodes[0]!, inputs: ['t', 'w', 'b'], outputs: ['y'], pool: layer.pool };
    const graph = inferShapes(graphOf({ ...spec, nodes: [before, conv as GraphSpec['nodes'][number]] }));
    for (const workers of [
      [1, 1],
      [2, 1, 3],
    ]) {
      let ways = 1;
      for (let way = 0; way < ways * ways; way++) {
        const plan = planBy(graph, nodes(workers), ({ op }, cuts) => {
          ways = Math.max(ways, cuts.length);
          const own = op === 'Conv' ? way % ways : Math.floor(way / ways);
          return cuts[Math.min(own, cuts.length - 1)]!;
        });
        checkPlan(graph, plan);
      }
    }
  });
});

describe('the pool of a convolution', () => {
  const layersByKernel: readonly [string, Layer, method: RegExp, isApart: boolean][] = [
    ['is in its tiles', { x: [1, 32, 4, 8, 8], outC: 32, pool: [2, 2, 2] }, /winograd/, false],
    ['does not divide its tiles', { x: [1, 32, 6, 12, 12], outC: 32, pool: [3, 3, 3] }, /winograd/, true],
    [
      'crosses its phases',
      { x: [1, 32, 4, 8, 8], outC: 32, pool: [1, 2, 2], window: { ...around(1, 2, 2), dilations: [1, 2, 2] } },
      /winograd/,
      true,
    ],
    [
      'is in its units',
      { x: [1, 3, 4, 6, 6], outC: 16, pool: [2, 2, 2], kernel: [5, 5, 5], window: around(2, 2, 2) },
      /conv_gemm/,
      false,
    ],
    [
      'comes behind rows',
      { x: [1, 2, 4, 8, 20], outC: 4, pool: [2, 2, 2], kernel: [1, 3, 3], window: around(0, 1, 1) },
      /planar/,
      true,
    ],
  ];
  it.each(layersByKernel)('%s', (_, layer, method, isApart) => {
    const used = checkBits(layer, {});
    expect(used.join()).toMatch(method);
    expect(used.includes('f32_pool_max')).toBe(isApart);
  });

  it('leaves tiles and windows whole where a layer is cut', () => {
    const gridFor = (layer: Layer) => {
      const { pooled, node } = graphsOf(layer);
      return layerGrid(pooled, node, { exact: false });
    };
    // Tiles of four outputs along each axis.
    expect(gridFor({ x: [1, 48, 8, 8, 8], outC: 48, pool: [1, 2, 2] })).toEqual([1, 1, 4, 2, 2]);
    expect(gridFor({ x: [1, 48, 12, 12, 12], outC: 48, pool: [3, 3, 3] })).toEqual([1, 1, 4, 4, 4]);
  });
});
