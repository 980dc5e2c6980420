import { describe, expect, it } from 'vitest';
import { convWinograd, convWinogradFields, prefixed, scratchParts } from '../../../src/kernels/conv_winograd.js';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { roundUp } from '../../../src/kernels/sizes.js';
import { type GridAxis, gridFields } from '../../../src/kernels/winograd_grid.js';
import { winogradInput } from '../../../src/kernels/winograd_input.js';
import { winogradOutput } from '../../../src/kernels/winograd_output.js';
import { winogradProducts } from '../../../src/kernels/winograd_products.js';
import { axisTiles } from '../../../src/kernels/winograd_transforms.js';
import { checkKernel, type KernelCase, moduleNames, randomFloats, runKernel } from './harness.js';
import { gridOf, type Layer, layers, outputsOf, pointsOf, product, rowsOf, titleOf } from './winograd.js';

interface Options {
  readonly outC: number;
  readonly blockRows: number;
  /** Taps along a depth that is not transformed, and how far apart they are; blocks are columns then. */
  readonly taps?: { readonly count: number; readonly step: number };
  readonly blockChannels?: number;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: number;
  /** Windows of a pool. */
  readonly pool?: readonly [number, number, number];
  /** An element of the input, and its value. */
  readonly poison?: readonly [at: number, value: number];
}

const groupsOf = (channels: number) => Math.ceil(channels / 16);
const onePosition = [1, 1, 1] as const;
const oneTap = { count: 1, step: 0 };

/** The grid of the output, whose depth is shorter by what further taps read. */
function outGridOf(layer: Layer, { taps = oneTap }: Options): GridAxis[] {
  const [d, ...others] = gridOf(layer) as [GridAxis, GridAxis, GridAxis];
  return [{ ...d, tiles: d.tiles - (taps.count - 1) * taps.step }, ...others];
}

const outRowsOf = (layer: Layer, options: Options) => product(outGridOf(layer, options).map(axis => axis.tiles));

function outSizesOf(layer: Layer, options: Options): [number, number, number] {
  const { taps = oneTap, pool = onePosition } = options;
  const outputs = layer.axes.map(outputsOf) as [number, number, number];
  outputs[0] -= (taps.count - 1) * taps.step;
  return outputs.map((size, i) => Math.floor(size / pool[i]!)) as [number, number, number];
}

/** The descriptors of the three steps over `rows` rows from `firstRow` on, as if each were alone. */
function stepsOf(layer: Layer, options: Options, { firstRow, rows }: { firstRow: number; rows: number }) {
  const { axes, channels: inC } = layer;
  const { outC, taps = oneTap, blockChannels = 100 } = options;
  const [inD, inH, inW] = axes.map(axis => axis.size) as [number, number, number];
  const [outD, outH, outW] = outSizesOf(layer, options);
  const [poolD, poolH, poolW] = options.pool ?? onePosition;
  const depthFirst = taps.count > 1;
  const points = pointsOf(layer);
  const panels = Math.ceil(outC / 8);
  const xRowPitch = roundUp(rows, 4) + (taps.count - 1) * taps.step;
  const xPointStride = groupsOf(inC) * xRowPitch * 16 + 4;
  const yRowPitch = roundUp(rows, 4);
  const yPointStride = groupsOf(outC) * yRowPitch * 16 + 4;
  const range = { firstRow, rows };
  const none = { xPtr: 0, yPtr: 0 };
  return {
    input: {
      ...{ ...none, inD, inH, inW, inC, ...gridFields(gridOf(layer), depthFirst), ...range },
      ...{ rowPitch: xRowPitch, pointStride: xPointStride },
      ...{ unitRows: rows + (taps.count - 1) * taps.step, unitGroups: groupsOf(inC) },
    },
    products: {
      ...{ ...none, wPtr: 0, points, channels: inC, blockChannels, taps: taps.count, tapRows: taps.step, rows },
      ...{ xRowPitch, xPointStride, panels, yRowPitch, yPointStride, unitPanels: panels },
    },
    output: {
      ...{ ...none, outD, outH, outW, outC, ...gridFields(outGridOf(layer, options), depthFirst), ...range },
      ...{ rowPitch: yRowPitch, pointStride: yPointStride },
      ...{ biasPtr: 0, residualPtr: 0, activation: options.activation ?? 0, alpha: 0.3, beta: 0.7 },
      ...{ poolD, poolH, poolW, unitRows: rows, unitGroups: groupsOf(outC) },
    },
  };
}

function operandsOf(layer: Layer, options: Options) {
  const { outC, taps = oneTap, bias, residual, poison } = options;
  const { axes, channels } = layer;
  const x = randomFloats(product(axes.map(axis => axis.size)) * channels, 1);
  if (poison) x[poison[0]] = poison[1];
  const weights = pointsOf(layer) * Math.ceil(outC / 8) * 8 * taps.count * channels;
  const outputs = product(outSizesOf(layer, options)) * outC;
  return {
    x,
    w: randomFloats(weights, 2).map(weight => weight / 16),
    outputs,
    bias: bias ? randomFloats(outC, 3) : null,
    residual: residual ? randomFloats(outputs, 4) : null,
  };
}

/** The fields that are no operands. */
const withoutAddresses = (values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(convWinogradFields)
      .filter(([, type]) => type !== 'ptr')
      .map(([name]) => [name, values[name]!]),
  );

function caseOf(layer: Layer, options: Options): KernelCase {
  const { blockRows } = options;
  const own = operandsOf(layer, options);
  const steps = stepsOf(layer, options, { firstRow: 0, rows: blockRows });
  const values = {
    ...prefixed('input', steps.input),
    ...prefixed('products', steps.products),
    ...prefixed('output', steps.output),
  };
  return {
    operands: {
      inputXPtr: own.x,
      inputYPtr: null,
      productsXPtr: null,
      productsWPtr: own.w,
      productsYPtr: null,
      outputXPtr: null,
      outputYPtr: { output: own.outputs },
      outputBiasPtr: own.bias,
      outputResidualPtr: own.residual,
    },
    scalars: withoutAddresses({ rows: outRowsOf(layer, options), blockRows, ...scratchParts(steps), ...values }),
    tolerance: 1e-4,
  };
}

/** All rows together write every output. */
function check(layer: Layer, options: Options): void {
  const { outputYPtr } = checkKernel(convWinograd, caseOf(layer, options));
  expect(outputYPtr!.findIndex(Number.isNaN)).toBe(-1);
}

const { none, f23, f43, f53, f44 } = axisTiles;
const plain = { tile: none, size: 2, dil: 1, pad: 0 };
const plane: Layer = {
  axes: [plain, { tile: f43, size: 9, dil: 1, pad: 1 }, { tile: f43, size: 13, dil: 1, pad: 1 }],
  ...{ channels: 20, gap: 0, unitRows: 0, unitGroups: 0 },
};
const blocks = [1, 3, 6, 100];
const outputs = [8, 3, 17, 24, 40];

describe('f32_conv_winograd', () => {
  it.each(layers.map((layer, i) => [titleOf(layer), layer, i] as const))('%s', (_, layer, i) => {
    const sizes = { outC: outputs[i % outputs.length]!, blockRows: blocks[i % blocks.length]! };
    check(layer, { ...sizes, bias: i % 3 > 0, residual: i % 4 === 3, activation: i % 2 });
  });

  it.each([f23, f43, f53, f44])('of %o, in columns whose taps along depth share their inputs', tile => {
    for (const [count, step, outD] of [
      [3, 1, 8],
      [3, 1, 5],
      [3, 1, 3],
      [2, 3, 7],
      [7, 1, 6],
    ] as const) {
      const depth = { tile: none, size: outD - 2 + (count - 1) * step, dil: 1, pad: 1 };
      const axes = [depth, { ...plane.axes[1], tile }, { ...plane.axes[2], tile }] as const;
      const column = { outC: 24, blockRows: outD, taps: { count, step }, bias: true };
      for (const channels of [1, 3, 20]) {
        check({ ...plane, axes, channels }, { ...column, residual: channels === 3, blockChannels: 16 });
      }
      const window = tile.tile % 2 === 0 ? 2 : tile.tile;
      check({ ...plane, axes }, { ...column, activation: activationCodes.relu, pool: [1, window, window] });
    }
  });

  it('multiplies block by block of channels', () => {
    check({ ...plane, channels: 45 }, { outC: 17, blockRows: 6, blockChannels: 16, bias: true });
  });

  it.each(Object.entries(activationCodes))('with %s', (_, activation) => {
    check(plane, { outC: 20, blockRows: 6, bias: true, residual: true, activation });
  });

  it.each([[1, 2, 2] as const, [1, 1, 4] as const, [1, 4, 2] as const])('with a pool of %ix%ix%i', (...pool) => {
    for (const blockRows of blocks)
      check(plane, { outC: 20, blockRows, bias: true, activation: activationCodes.relu, pool });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('keeps %d to the tiles that read it', value => {
    const { outputYPtr } = checkKernel(convWinograd, caseOf(plane, { outC: 5, blockRows: 6, poison: [20, value] }));
    const bad = outputYPtr!.filter(output => !Number.isFinite(output)).length;
    expect(bad).toBeGreaterThan(0);
    expect(bad).toBeLessThan(outputYPtr!.length / 2);
  });

  const finishes = {
    'a residual': { residual: true, activation: activationCodes.elu },
    'a pool': { activation: activationCodes.relu, pool: [1, 2, 2] },
  } as const;
  const cases = moduleNames.flatMap(module => Object.keys(finishes).map(name => [module, name] as const));
  it.each(cases)('has the bits of the three kernels (%s, with %s)', (module, name) => {
    const options = { outC: 36, blockRows: 4, bias: true, ...finishes[name as keyof typeof finishes] };
    const own = operandsOf(plane, options);
    const { input, products, output } = stepsOf(plane, options, { firstRow: 0, rows: rowsOf(plane) });
    const run = (kernel: Parameters<typeof runKernel>[0], scalars: object, operands: KernelCase['operands']) =>
      runKernel(kernel, { operands, scalars: scalars as KernelCase['scalars'], tolerance: 0 }, module).yPtr!;
    const size = (d: { points?: number }, stride: number) => (d.points ?? pointsOf(plane)) * stride;
    const x = run(winogradInput as never, input, {
      xPtr: own.x,
      yPtr: { output: size({}, input.pointStride) },
    });
    const y = run(winogradProducts as never, products, {
      xPtr: x,
      wPtr: own.w,
      yPtr: { output: size(products, products.yPointStride) },
    });
    const whole = run(winogradOutput as never, output, {
      xPtr: y,
      yPtr: { output: own.outputs },
      biasPtr: own.bias,
      residualPtr: own.residual,
    });
    const { outputYPtr } = runKernel(convWinograd, caseOf(plane, options), module);
    expect(outputYPtr).toEqual(whole);
  });
});
