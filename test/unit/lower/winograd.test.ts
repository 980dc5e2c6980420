import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Activation, ConvNode, Window } from '../../../src/graph/ir.js';
import { sizeOf } from '../../../src/graph/shape.js';
import { type AxisTile, axisTiles } from '../../../src/kernels/winograd_transforms.js';
import { layerGrid } from '../../../src/lower/layer_grid.js';
import { lower } from '../../../src/lower/lower.js';
import { chooseWinograd, convShape, packedWeights } from '../../../src/lower/winograd.js';
import { planWhole } from '../../../src/plan/plan.js';
import { execute } from '../../support/execute.js';
import { constantOf, graphOf } from '../../support/ir.js';
import { checkGraph, feedsOf, kernelsOf, oneWorker, programOf, wave } from './compare.js';

interface Case {
  readonly x: readonly number[];
  readonly outC: number;
  /** 3 in every dimension unless given. */
  readonly kernel?: readonly number[];
  readonly window?: Partial<Window>;
  readonly residual?: boolean;
  readonly activation?: Activation;
  readonly groups?: number;
}

const { none, f23, f43, f53, f44 } = axisTiles;
const around = (...pads: number[]): Partial<Window> => ({ padsBegin: pads, padsEnd: pads });
const dilated = (...dilations: number[]): Partial<Window> => ({ ...around(...dilations), dilations });
const same = around(1, 1, 1);
const firstLayer: Partial<Window> = { ...around(3, 3, 3), strides: [1, 2, 2] };

function graphWith({ x, outC, kernel = [3, 3, 3], window = same, residual = false, activation, groups = 1 }: Case) {
  const wDims = [outC, x[1]! / groups, ...kernel];
  const w = constantOf(
    wDims,
    wave(sizeOf(wDims), 2).map(value => value / 8),
  );
  const spec = {
    inputs: { x } as Record<string, readonly number[]>,
    constants: { w, b: constantOf([outC], wave(outC, 3)) },
    nodes: [
      {
        op: 'Conv' as const,
        inputs: ['x', 'w', 'b', residual ? 'r' : ''],
        ...{ window, groups, activation: activation ?? null },
      },
    ],
  };
  // The residual is as the output, which is inferred without it.
  if (residual) spec.inputs.r = typed({ x, outC, kernel, window, groups }).yDims;
  return spec;
}

function typed(layer: Case) {
  const graph = inferShapes(graphOf(graphWith(layer)));
  const node = graph.nodes[0] as ConvNode;
  const dims = (name: string) => graph.types.get(name)!.dims;
  return { graph, node, xDims: dims(node.inputs[0]!), yDims: dims(node.outputs[0]!) };
}

function choiceOf(layer: Case) {
  const { node, xDims, yDims } = typed(layer);
  return chooseWinograd(node, xDims, yDims);
}

/** Of the largest output: products of three transformed axes lose about four bits. */
const tolerance = 1e-4;
/** The kernels of a layer that equals the interpreter's. */
const checked = (layer: Case, workers = 1) =>
  checkGraph(graphWith(layer), undefined, tolerance, workers).filter(name => name !== 'f32_copy');
/** So many that none would get several blocks. */
const manyWorkers = 100;
const steps = ['f32_winograd_input', 'f32_winograd_products', 'f32_winograd_output'];

type Axes = readonly [AxisTile, AxisTile, AxisTile];

describe('convolutions at stride 1, and first layers of stride 2', () => {
  const cases: readonly (readonly [title: string, axes: Axes, layer: Case])[] = [
    ['three axes', [f43, f43, f43], { x: [1, 48, 4, 8, 8], outC: 48, activation: { kind: 'relu' } }],
    [
      'three axes of ragged tiles, ragged channels, residual',
      [f43, f43, f43],
      { x: [1, 50, 3, 7, 11], outC: 51, residual: true, activation: { kind: 'elu', alpha: 1 } },
    ],
    ['smaller tiles for small sizes', [none, f23, f43], { x: [1, 32, 3, 2, 8], outC: 32 }],
    ['taps along depth', [none, f43, f43], { x: [1, 16, 7, 7, 8], outC: 24, residual: true }],
    [
      'taps along depth, batch 2, residual',
      [none, f43, f43],
      { x: [2, 20, 5, 8, 7], outC: 16, residual: true, activation: { kind: 'leakyRelu', alpha: 0.2 } },
    ],
    [
      'five taps along depth',
      [none, f43, f43],
      { x: [1, 32, 6, 8, 8], outC: 32, kernel: [5, 3, 3], window: around(2, 1, 1) },
    ],
    [
      'two taps along depth, three apart',
      [none, f53, f53],
      { x: [1, 32, 8, 13, 14], outC: 32, kernel: [2, 3, 3], window: { ...around(2, 1, 1), dilations: [3, 1, 1] } },
    ],
    [
      'depth alone',
      [f43, none, none],
      { x: [2, 96, 11, 6, 7], outC: 104, kernel: [3, 1, 1], window: { padsBegin: [2, 0, 0] } },
    ],
    [
      'height alone',
      [none, f43, none],
      { x: [1, 96, 5, 12, 6], outC: 96, kernel: [1, 3, 1], window: { padsEnd: [0, 1, 0] } },
    ],
    ['width alone', [none, none, f53], { x: [1, 96, 5, 6, 15], outC: 96, kernel: [1, 1, 3], window: around(0, 0, 1) }],
    [
      'height beside taps along depth',
      [none, f53, none],
      { x: [1, 32, 7, 13, 6], outC: 32, kernel: [5, 3, 1], window: around(2, 1, 0) },
    ],
    [
      'asymmetric pads',
      [none, f53, f53],
      { x: [1, 32, 5, 14, 13], outC: 32, kernel: [1, 3, 3], window: { padsBegin: [0, 0, 2], padsEnd: [0, 2, 1] } },
    ],
    [
      'an image',
      [none, f43, f53],
      { x: [1, 32, 26, 29], outC: 32, kernel: [3, 3], window: around(1, 1), activation: { kind: 'tanh' } },
    ],
    [
      'dilation along three axes',
      [f43, f43, f43],
      { x: [1, 64, 8, 16, 8], outC: 64, window: dilated(2, 2, 2), residual: true },
    ],
    [
      'fives along height and width',
      [none, f53, f53],
      { x: [2, 64, 3, 10, 20], outC: 64, kernel: [1, 3, 3], window: around(0, 1, 1) },
    ],
    ['dilations that differ', [none, f23, f43], { x: [2, 32, 8, 4, 12], outC: 32, window: dilated(3, 2, 1) }],
    ['phases of unequal sizes', [none, f43, f43], { x: [1, 32, 10, 11, 13], outC: 32, window: dilated(4, 4, 4) }],
    ['dilation without pads', [f43, f43, f43], { x: [1, 16, 6, 11, 12], outC: 16, window: { dilations: [1, 2, 2] } }],
    [
      'seven taps at stride 2 as four of twelve channels',
      [none, f44, f44],
      { x: [1, 3, 4, 32, 30], outC: 32, kernel: [7, 7, 7], window: firstLayer, activation: { kind: 'relu' } },
    ],
    [
      'three taps along depth, seven at stride 2',
      [f43, f44, f44],
      { x: [1, 8, 8, 24, 24], outC: 64, kernel: [3, 7, 7], window: { ...around(1, 3, 3), strides: [1, 2, 2] } },
    ],
    [
      'seven taps at stride 2 of two images, even pads and residual',
      [none, f44, f44],
      {
        x: [2, 8, 46, 48],
        outC: 48,
        kernel: [7, 7],
        window: { padsBegin: [2, 4], padsEnd: [3, 1], strides: [2, 2] },
        residual: true,
      },
    ],
    [
      'seven taps at stride 2, without pads, so that no window reads the last row',
      [none, f44, f44],
      { x: [1, 3, 7, 64, 64], outC: 32, kernel: [3, 7, 7], window: { ...around(1, 0, 0), strides: [1, 2, 2] } },
    ],
    [
      'six taps at stride 2',
      [none, f44, f44],
      { x: [1, 8, 2, 32, 32], outC: 64, kernel: [1, 6, 6], window: { ...around(0, 2, 2), strides: [1, 2, 2] } },
    ],
    ['a first layer of stride 1', [none, f43, f43], { x: [1, 3, 6, 32, 32], outC: 64 }],
    ['several chunks of whole tiles', [f43, f43, f43], { x: [1, 32, 12, 32, 32], outC: 96 }],
    ['several chunks that read each other’s rows', [none, f53, f53], { x: [1, 8, 10, 34, 35], outC: 128 }],
  ];

  it.each(cases)('by %s', (title, axes, layer) => {
    const choice = choiceOf(layer);
    expect(choice).toEqual({ axes, strides: layer.window?.strides ? [1, 2, 2] : [1, 1, 1] });
    const kernels = checked(layer, manyWorkers);
    expect(new Set(kernels)).toEqual(new Set(steps));
    const products = kernels.filter(name => name === 'f32_winograd_products').length;
    const images = layer.x[0]!;
    if (title.startsWith('several chunks')) expect(products).toBeGreaterThan(images);
    else expect(products).toBe(images);
    // Taps along depth read rows of other chunks: the input is transformed once.
    const inputs = kernels.filter(name => name === 'f32_winograd_input').length;
    expect(inputs).toBe(title.includes('each other') ? images : products);
  });

  it.each([
    [
      'along depth',
      [f43, none, none],
      { x: [1, 64, 8, 14, 15], outC: 64, kernel: [3, 1, 1], window: around(1, 0, 0), residual: true },
    ],
    [
      'along height and width',
      [none, f43, f53],
      { x: [2, 34, 6, 31, 33], outC: 36, kernel: [1, 3, 3], window: around(0, 1, 1), activation: { kind: 'relu' } },
    ],
    [
      'of a first layer',
      [none, f44, f44],
      { x: [1, 4, 4, 80, 82], outC: 64, kernel: [1, 7, 7], window: { ...around(0, 3, 3), strides: [1, 2, 2] } },
    ],
    [
      'that are columns, for taps along depth',
      [none, f44, f44],
      { x: [2, 3, 5, 80, 80], outC: 20, kernel: [7, 7, 7], window: firstLayer, activation: { kind: 'relu' } },
    ],
  ] as [string, Axes, Case][])('in blocks %s', (_, axes, layer) => {
    expect(choiceOf(layer)).toEqual({ axes, strides: layer.window?.strides ? [1, 2, 2] : [1, 1, 1] });
    const images = Array.from({ length: layer.x[0]! });
    expect(checked(layer)).toEqual(images.map(() => 'f32_conv_winograd'));
    const { graph } = typed(layer);
    const outputs = [1, manyWorkers].map(workers => execute(programOf(graph, false, workers), feedsOf(graph)));
    expect(outputs[0]).toEqual(outputs[1]);
  });

  it.each([
    ['few channels', { x: [1, 4, 12, 12, 12], outC: 4 }],
    ['a first layer of short rows', { x: [1, 3, 3, 5, 5], outC: 16 }],
    ['few positions', { x: [1, 12, 2, 2, 2], outC: 12 }],
    ['one position', { x: [1, 16, 1, 1, 1], outC: 16 }],
    ['strides', { x: [1, 32, 8, 12, 12], outC: 32, window: { ...same, strides: [2, 2, 2] } }],
    ['stride 2 along width', { x: [1, 64, 8, 8, 9], outC: 64, window: { ...same, strides: [1, 1, 2] } }],
    ['pads of an axis of one tap', { x: [1, 64, 8, 8, 8], outC: 64, kernel: [3, 1, 1], window: same }],
    ['groups', { x: [1, 64, 8, 8, 8], outC: 64, groups: 2 }],
    ['a first layer of odd height', { x: [1, 3, 4, 31, 32], outC: 32, kernel: [7, 7, 7], window: firstLayer }],
    ['a first layer of odd width', { x: [1, 3, 4, 32, 31], outC: 32, kernel: [7, 7, 7], window: firstLayer }],
    [
      'a first layer of stride 2 along depth',
      { x: [1, 3, 4, 32, 32], outC: 32, kernel: [7, 7, 7], window: { ...firstLayer, strides: [2, 2, 2] } },
    ],
    [
      'a first layer that is dilated',
      { x: [1, 3, 4, 32, 32], outC: 32, kernel: [7, 7, 7], window: { ...firstLayer, dilations: [1, 2, 2] } },
    ],
    [
      'eight taps at stride 2',
      {
        x: [1, 3, 4, 32, 32],
        outC: 32,
        kernel: [1, 8, 8],
        window: { ...firstLayer, padsBegin: [0, 3, 3], padsEnd: [0, 3, 3] },
      },
    ],
    [
      'seven taps at stride 2 of many channels',
      {
        x: [1, 17, 2, 16, 16],
        outC: 32,
        kernel: [1, 7, 7],
        window: { ...firstLayer, padsBegin: [0, 3, 3], padsEnd: [0, 3, 3] },
      },
    ],
  ] as [string, Case][])('are direct for %s', (_, layer) => {
    expect(choiceOf(layer)).toBeNull();
    expect(checked(layer)).toEqual(['f32_conv_gemm']);
  });

  it('have tiles that hold the windows of a pool', () => {
    const { node, xDims, yDims } = typed({
      x: [1, 32, 1, 20, 20],
      outC: 32,
      kernel: [1, 3, 3],
      window: around(0, 1, 1),
    });
    const tilesWith = (pool: ConvNode['pool']) =>
      chooseWinograd({ ...node, pool }, xDims, yDims)?.axes.map(({ tile }) => tile);
    expect(tilesWith(null)).toEqual([1, 5, 5]);
    expect(tilesWith([1, 1, 2])).toEqual([1, 5, 4]);
    expect(tilesWith([1, 5, 5])).toEqual([1, 5, 5]);
  });

  it('are direct for every channel by itself', () => {
    expect(checked({ x: [1, 32, 8, 8, 8], outC: 32, groups: 32 })).toEqual(['f32_conv_depthwise']);
  });

  it('are direct when results are to be exact', () => {
    const { graph } = typed({ x: [1, 32, 8, 8, 8], outC: 32 });
    const { steps: exact } = lower(graph, planWhole(graph, oneWorker), { exact: true });
    expect(exact.flatMap(kernelsOf).filter(name => name !== 'f32_copy')).toEqual(['f32_conv_gemm']);
  });

  it('have packed weights of at most four times the size, or of 64 MiB', () => {
    const growths: { growth: number; bytes: number }[] = [];
    for (const channels of [16, 64, 256, 512, 1024]) {
      for (const size of [4, 7, 14, 28, 56]) {
        const layer = [
          [1, channels, size, size, size],
          [1, channels, size, size, size],
          [channels, channels, 3, 3, 3],
        ];
        const [x, y, w] = layer as [number[], number[], number[]];
        // Weights of that size exist nowhere but in the shape.
        const { node } = typed({ x: [1, 1, size, size, size], outC: 1 });
        const choice = chooseWinograd(node, x, y);
        if (!choice) continue;
        const packed = packedWeights(convShape(node, x, y), choice);
        growths.push({ growth: packed / sizeOf(w), bytes: 4 * packed });
      }
    }
    for (const { growth, bytes } of growths) expect(growth <= 4 || bytes <= 64 * 2 ** 20).toBe(true);
    expect(growths.some(({ growth }) => growth > 4)).toBe(true);
    expect(growths.some(({ bytes }) => bytes > 64 * 2 ** 20)).toBe(true);
  });
});

describe('a large volume whose taps along depth are not transformed', () => {
  it.each([
    [16, 'by Winograd’s method'],
    [160, 'directly'],
  ])('of %i planes is convolved %s', depth => {
    const { node } = typed({ x: [1, 1, 6, 6, 6], outC: 1, kernel: [5, 3, 3] });
    const sizes = [1, 32, depth, 128, 128];
    expect(chooseWinograd(node, sizes, sizes) === null).toBe(depth > 100);
  });
});

describe('cuts of a layer by Winograd’s method', () => {
  it.each([
    ['at whole tiles', [1, 1, 4, 4, 4], { x: [1, 48, 4, 8, 8], outC: 48 }],
    ['anywhere along an axis that is not transformed', [1, 1, 1, 2, 4], { x: [1, 32, 3, 2, 8], outC: 32 }],
    ['at whole tiles of all phases', [1, 1, 8, 8, 8], { x: [1, 64, 8, 16, 8], outC: 64, window: dilated(2, 2, 2) }],
    [
      'at whole tiles of the phases of each axis',
      [1, 1, 1, 4, 4],
      { x: [1, 32, 8, 4, 12], outC: 32, window: dilated(3, 2, 1) },
    ],
    [
      'along height and width of an image',
      [1, 1, 8, 12],
      { x: [1, 48, 32, 36], outC: 48, kernel: [3, 3], window: dilated(2, 3) },
    ],
    [
      'along depth alone where positions are channels',
      [1, 1, 1, 0, 0],
      { x: [1, 3, 4, 32, 30], outC: 32, kernel: [7, 7, 7], window: firstLayer },
    ],
    [
      'nowhere in a plane whose positions are channels',
      [1, 1, 0, 0],
      { x: [1, 8, 46, 48], outC: 64, kernel: [7, 7], window: { ...around(3, 3), strides: [2, 2] } },
    ],
  ] as [string, number[], Case][])('are %s', (_, grid, layer) => {
    const { graph, node } = typed(layer);
    expect(choiceOf(layer)).not.toBeNull();
    expect(layerGrid(graph, node, { exact: false })).toEqual(grid);
    expect(layerGrid(graph, node, { exact: true })).toEqual(grid.map(() => 1));
  });
});
