import { describe, expect, it } from 'vitest';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { poolMax } from '../../../src/kernels/pool.js';
import { gridFields } from '../../../src/kernels/winograd_grid.js';
import { winogradOutput } from '../../../src/kernels/winograd_output.js';
import { type AxisTile, axisTiles } from '../../../src/kernels/winograd_transforms.js';
import { checkKernel, type KernelCase, moduleNames, randomFloats, runKernel } from './harness.js';
import { poolCase } from './pooled.js';
import {
  gridOf,
  groupsOf,
  type Layer,
  layers,
  oneAxis,
  outputsOf,
  pointsOf,
  product,
  rowsOf,
  someRows,
  titleOf,
} from './winograd.js';

const { none, f23, f43, f53, f44 } = axisTiles;

interface Options {
  readonly firstRow?: number;
  readonly rows?: number;
  /** Rows that a group has room for. */
  readonly rowPitch?: number;
  readonly depthFirst?: boolean;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: number;
  /** Windows of a pool. */
  readonly pool?: readonly [number, number, number];
  /** Values by row, of the channel and the point in the middle. */
  readonly poison?: readonly (readonly [row: number, value: number])[];
}

const outSizesOf = ({ axes }: Layer, pool: readonly number[] = [1, 1, 1]) =>
  axes.map((axis, i) => Math.floor(outputsOf(axis) / pool[i]!)) as [number, number, number];

/** The products of a row and group where they lie; what is in between, and behind the last channel, is NaN. */
function productsOf(layer: Layer, rows: number, options: Options) {
  const { firstRow = 0, rowPitch = rows + 1 } = options;
  const { channels } = layer;
  const points = pointsOf(layer);
  const pointStride = groupsOf(layer) * rowPitch * 16 + 4;
  const x = new Float32Array(points * pointStride).fill(Number.NaN);
  for (let row = 0; row < rows; row++) {
    const values = randomFloats(points * channels, firstRow + row);
    for (const [at, value] of options.poison ?? []) {
      if (at === row) values[Math.floor(points / 2) * channels + (channels >> 1)] = value;
    }
    for (const [i, value] of values.entries()) {
      const channel = i % channels;
      const slot = Math.floor(channel / 16) * rowPitch + row;
      x[Math.floor(i / channels) * pointStride + slot * 16 + (channel % 16)] = value;
    }
  }
  return { x, scalars: { firstRow, rows, rowPitch, pointStride } };
}

function caseOf(layer: Layer, options: Options = {}): KernelCase {
  const { channels, unitRows, unitGroups } = layer;
  const [outD, outH, outW] = outSizesOf(layer, options.pool);
  const [poolD, poolH, poolW] = options.pool ?? [1, 1, 1];
  const size = outD * outH * outW * channels;
  const { x, scalars } = productsOf(layer, options.rows ?? rowsOf(layer), options);
  return {
    operands: {
      xPtr: x,
      yPtr: { output: size },
      biasPtr: options.bias ? randomFloats(channels, 5) : null,
      residualPtr: options.residual ? randomFloats(size, 6) : null,
    },
    scalars: {
      ...{ outD, outH, outW, outC: channels, ...gridFields(gridOf(layer), options.depthFirst) },
      ...{
        ...scalars,
        unitRows,
        unitGroups,
        activation: options.activation ?? activationCodes.none,
        ...{ alpha: 0.3, beta: 0.7, poolD, poolH, poolW },
      },
    },
    tolerance: 1e-5,
  };
}

/** All rows together write every output. */
function checkWhole(layer: Layer, options: Options = {}): void {
  const { yPtr } = checkKernel(winogradOutput, caseOf(layer, options));
  expect(yPtr!.findIndex(Number.isNaN)).toBe(-1);
}

const cube: Layer = {
  axes: [
    { tile: f23, size: 5, dil: 1, pad: 1 },
    { tile: f43, size: 7, dil: 2, pad: 2 },
    { tile: f43, size: 11, dil: 1, pad: 1 },
  ],
  ...{ channels: 20, gap: 0, unitRows: 3, unitGroups: 1 },
};

describe('f32_winograd_output', () => {
  it.each(layers.map((layer, i) => [titleOf(layer), layer, i] as const))('%s', (_, layer, i) => {
    const fused = { bias: i % 3 > 0, residual: i % 4 === 3, activation: i % 2 };
    checkKernel(winogradOutput, caseOf(layer, { ...someRows(layer, 13), ...fused }));
    checkKernel(winogradOutput, caseOf(layer, { ...someRows(layer, 13), ...fused, depthFirst: true }));
  });

  const lastPasses = [none, f23, f43, f53, f44]
    .flatMap(d => [none, f43].flatMap(h => [none, f23, f43, f53, f44].map(w => [d, h, w] as const)))
    .filter(tiles => tiles.some(({ points }) => points > 1));
  it.each(lastPasses)('of %o, %o, %o straight to the output, where tiles are whole and where not', (...tiles) => {
    for (const [channels, dil, sizes] of [
      [16, 1, [4, 8, 4]],
      [48, 2, [8, 7, 9]],
      [4, 3, [5, 6, 13]],
    ] as const) {
      const along = (axis: 0 | 1 | 2) => ({ tile: tiles[axis], size: sizes[axis], dil, pad: dil });
      const layer = { ...cube, axes: [along(0), along(1), along(2)] as const, channels };
      for (const residual of [false, true]) {
        for (const activation of [activationCodes.none, activationCodes.relu]) {
          checkWhole(layer, { bias: true, residual, activation, depthFirst: residual });
        }
      }
    }
  });

  it.each([f23, f43, f53, f44])('of %o, for sizes below, at and above a tile', tile => {
    for (let size = 1; size <= 2 * tile.tile + 1; size++) checkWhole(oneAxis(tile, size));
  });

  it.each([1, 2, 3, 4, 7])('with dilation %i along every axis', dil => {
    for (const tiles of [
      [f23, f43, f44],
      [none, f43, f23],
      [f43, none, none],
    ] as const) {
      const along = (axis: 0 | 1 | 2) => ({ tile: tiles[axis], size: 5 + axis, dil, pad: dil });
      checkWhole({ ...cube, axes: [along(0), along(1), along(2)], channels: 3 });
    }
  });

  it.each(Object.entries(activationCodes))('with %s, bias and residual', (_, activation) => {
    for (const channels of [1, 7, 16, 33]) {
      for (const bias of [true, false]) {
        for (const residual of [true, false]) {
          const line: Layer = {
            ...cube,
            axes: [{ tile: none, size: 1, dil: 1, pad: 0 }, { tile: none, size: 2, dil: 1, pad: 0 }, cube.axes[2]],
            channels,
          };
          checkWhole(line, { bias, residual, activation });
        }
      }
    }
  });

  it.each([f23, f43, f53, f44])('of %o along width, for every number of channels in the last group', tile => {
    for (let channels = 1; channels <= 33; channels++) {
      const one = { tile: none, size: 1, dil: 1, pad: 0 };
      for (const h of [one, { tile: f23, size: 2, dil: 1, pad: 1 }]) {
        const axes = [one, h, { tile, size: 5, dil: 1, pad: 1 }] as const;
        checkWhole({ axes, channels, gap: 0, unitRows: 1, unitGroups: 2 }, { residual: channels % 2 > 0 });
      }
    }
  });

  it('has the same bits straight to the output and through a tile', () => {
    // Of 36 channels, whole groups go straight where they come one by one.
    const layer = { ...cube, channels: 36 };
    for (const residual of [false, true]) {
      const options = { bias: true, residual, activation: activationCodes.relu };
      for (const module of moduleNames) {
        const [straight, throughTile] = [1, 3].map(
          unitGroups => runKernel(winogradOutput, caseOf({ ...layer, unitGroups }, options), module).yPtr!,
        );
        expect(straight).toEqual(throughTile);
      }
    }
  });

  it('takes any chunk of the rows, with the same bits', () => {
    const all = rowsOf(cube);
    const fused = { bias: true, residual: true, activation: activationCodes.elu };
    const chunks = [
      [0, 1],
      [1, 5],
      [6, all - 7],
      [all - 1, 1],
    ] as const;
    for (const [firstRow, rows] of chunks) checkKernel(winogradOutput, caseOf(cube, { ...fused, firstRow, rows }));
    for (const module of moduleNames) {
      const whole = runKernel(winogradOutput, caseOf(cube, fused), module).yPtr!;
      const written = new Uint8Array(whole.length);
      for (const [firstRow, rows] of chunks) {
        const { yPtr } = runKernel(winogradOutput, caseOf(cube, { ...fused, firstRow, rows, rowPitch: all }), module);
        yPtr!.forEach((value, at) => {
          if (Number.isNaN(value)) return;
          written[at]!++;
          if (value !== whole[at]) expect.fail(`element ${at} is ${value}, not ${whole[at]}`);
        });
      }
      expect(written.every(times => times === 1)).toBe(true);
    }
  });

  it.each(Object.entries(activationCodes))('keeps NaN and infinities in their tiles, with %s', (_, activation) => {
    const poison = [
      [2, Number.NaN],
      [5, Infinity],
      [6, -Infinity],
    ] as const;
    for (const tile of [f23, f43, f53, f44]) {
      const layer: Layer = {
        ...cube,
        axes: [{ ...cube.axes[0], tile: none }, cube.axes[1], { ...cube.axes[2], tile }],
      };
      for (const fused of [{}, { bias: true }, { bias: true, residual: true }]) {
        const { yPtr } = checkKernel(winogradOutput, caseOf(layer, { ...fused, activation, poison }));
        expect(yPtr!.some(Number.isNaN)).toBe(true);
        const tileOutputs = product(layer.axes.map(axis => axis.tile.tile));
        expect(yPtr!.filter(value => !Number.isFinite(value)).length).toBeLessThanOrEqual(3 * tileOutputs);
      }
    }
  });
});

describe('f32_winograd_output with a pool', () => {
  const along = (tile: AxisTile, size: number) => ({ tile, size, dil: 1, pad: 1 });
  const still = (size: number) => ({ tile: none, size, dil: 1, pad: 0 });
  /** Sizes that leave a last row of tiles with fewer windows than it has room for, or with outputs of none. */
  const pooled: readonly (readonly [Layer, readonly [number, number, number]])[] = [
    [{ ...cube, axes: [along(f43, 5), along(f43, 6), along(f43, 11)] }, [2, 2, 2]],
    [{ ...cube, axes: [still(3), along(f43, 7), along(f43, 9)], channels: 33, unitGroups: 2 }, [1, 2, 2]],
    [{ ...cube, axes: [along(f23, 6), along(f43, 8), along(f44, 12)], channels: 16 }, [2, 4, 2]],
    [{ ...cube, axes: [along(f43, 9), still(2), still(3)], channels: 7 }, [4, 1, 1]],
    [{ ...cube, axes: [still(2), { ...along(f43, 7), dil: 3 }, along(f23, 5)], channels: 5 }, [1, 1, 2]],
    [{ ...cube, axes: [along(f43, 5), along(f43, 6), { ...along(f43, 9), dil: 2 }] }, [1, 2, 1]],
    [{ ...cube, axes: [along(f43, 4), along(f43, 4), along(f43, 4)], channels: 1 }, [4, 4, 4]],
    [{ ...cube, axes: [still(2), along(f53, 9), along(f53, 11)], channels: 20 }, [1, 5, 5]],
  ];

  it.each(pooled)('%o, windows of %o', (layer, pool) => {
    for (const bias of [false, true]) {
      for (const activation of [activationCodes.none, activationCodes.relu]) {
        checkWhole(layer, { pool, bias, activation });
      }
    }
  });

  it.each(pooled)('%o, windows of %o: the bits of f32_pool_max behind it', (layer, pool) => {
    const poison = [
      [0, Number.NaN],
      [1, -Infinity],
      [2, Infinity],
    ] as const;
    for (const bias of [false, true]) {
      for (const activation of [activationCodes.none, activationCodes.relu]) {
        const options = { bias, activation, poison };
        for (const module of moduleNames) {
          const plain = withZeros(caseOf(layer, options));
          const x = runKernel(winogradOutput, plain, module).yPtr!;
          const wanted = runKernel(poolMax, poolCase(outSizesOf(layer), pool, layer.channels, x), module).yPtr;
          expect(runKernel(winogradOutput, withZeros(caseOf(layer, { ...options, pool })), module).yPtr).toEqual(
            wanted,
          );
        }
      }
    }
  });

  /** Zeros of both signs in place of most products, so that windows have equal ones. */
  function withZeros({ operands, ...rest }: KernelCase): KernelCase {
    const x = (operands.xPtr as Float32Array).map((value, i) => (Math.abs(value) < 0.9 ? [0, -0][i % 2]! : value));
    const biasPtr = (operands.biasPtr as Float32Array | null)?.map((value, i) => [0, -0, value][i % 3]!) ?? null;
    return { ...rest, operands: { ...operands, xPtr: x, biasPtr } };
  }
});
