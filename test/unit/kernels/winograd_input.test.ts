import { describe, expect, it } from 'vitest';
import { firstOutputs, gridFields } from '../../../src/kernels/winograd_grid.js';
import { winogradInput } from '../../../src/kernels/winograd_input.js';
import { axisTiles } from '../../../src/kernels/winograd_transforms.js';
import { checkKernel, type KernelCase, moduleNames, randomFloats, runKernel } from './harness.js';
import {
  gridOf,
  groupsOf,
  type Layer,
  layers,
  oneAxis,
  pointsOf,
  product,
  rowsOf,
  someRows,
  titleOf,
} from './winograd.js';

const { none, f23, f43, f53, f44 } = axisTiles;

interface Rows {
  readonly firstRow: number;
  readonly rows: number;
}

interface Variant {
  /** Elements of the input, and their values. */
  readonly poison?: readonly (readonly [at: number, value: number])[];
  readonly depthFirst?: boolean;
}

function caseOf(layer: Layer, { firstRow, rows }: Rows, { poison = [], depthFirst = false }: Variant = {}) {
  const { axes, channels, gap, unitRows, unitGroups } = layer;
  const [inD, inH, inW] = axes.map(axis => axis.size) as [number, number, number];
  const x = randomFloats(inD * inH * inW * channels, 1);
  for (const [at, value] of poison) x[at] = value;
  // Points lie apart by more than they need.
  const rowPitch = rows + gap;
  const pointStride = groupsOf(layer) * rowPitch * 16 + 4;
  const test: KernelCase = {
    operands: { xPtr: x, yPtr: { output: pointsOf(layer) * pointStride } },
    scalars: {
      ...{ inD, inH, inW, inC: channels, ...gridFields(gridOf(layer), depthFirst) },
      ...{ firstRow, rows, rowPitch, pointStride, unitRows, unitGroups },
    },
    tolerance: 1e-6,
  };
  return { test, pointStride };
}

/** What is written of y, by its contract: [point][row], channels of each. */
function* written(layer: Layer, rows: number, pointStride: number): Generator<number> {
  const { channels, gap } = layer;
  const all = channels < 16 ? 4 * Math.ceil(channels / 4) : 16 * groupsOf(layer);
  for (let point = 0; point < pointsOf(layer); point++) {
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < all; c++) {
        yield point * pointStride + (Math.floor(c / 16) * (rows + gap) + row) * 16 + (c % 16);
      }
    }
  }
}

function check(layer: Layer, rows: Rows, variant?: Variant): void {
  const { test, pointStride } = caseOf(layer, rows, variant);
  const { yPtr } = checkKernel(winogradInput, test);
  const holds = new Set(written(layer, rows.rows, pointStride));
  yPtr!.forEach((value, at) => {
    if (Number.isNaN(value) === holds.has(at)) expect.fail(`element ${at} is ${value}`);
  });
}

describe('f32_winograd_input', () => {
  it.each(layers.map(layer => [titleOf(layer), layer] as const))('%s', (_, layer) => {
    check(layer, someRows(layer, 13));
    check(layer, someRows(layer, 13), { depthFirst: true });
  });

  it.each([f23, f43, f53, f44])('of %o, for sizes below, at and above a tile', tile => {
    for (let size = 1; size <= 2 * tile.tile + 1; size++) {
      const layer = oneAxis(tile, size);
      check(layer, { firstRow: 0, rows: rowsOf(layer) });
    }
  });

  it.each([none, f23, f43, f53, f44])('of %o along width, for every number of channels in the last group', tile => {
    for (let channels = 1; channels <= 33; channels++) {
      const layer: Layer = {
        axes: [
          { tile: none, size: 1, dil: 1, pad: 0 },
          { tile: f23, size: 2, dil: 1, pad: 1 },
          { tile, size: 5, dil: 1, pad: 1 },
        ],
        ...{ channels, gap: 2, unitRows: 3, unitGroups: 2 },
      };
      check(layer, someRows(layer, 3));
    }
  });

  const cube: Layer = {
    axes: [
      { tile: f23, size: 5, dil: 1, pad: 1 },
      { tile: f43, size: 7, dil: 2, pad: 2 },
      { tile: f43, size: 11, dil: 1, pad: 1 },
    ],
    ...{ channels: 20, gap: 0, unitRows: 3, unitGroups: 1 },
  };

  it('takes any chunk of the rows, with the same bits', () => {
    const all = rowsOf(cube);
    const whole = caseOf(cube, { firstRow: 0, rows: all });
    for (const module of moduleNames) {
      const wanted = runKernel(winogradInput, whole.test, module).yPtr!;
      for (const [firstRow, rows] of [
        [0, 1],
        [1, 5],
        [7, all - 7],
        [all - 1, 1],
      ] as const) {
        check(cube, { firstRow, rows });
        const chunk = caseOf(cube, { firstRow, rows });
        const actual = runKernel(winogradInput, chunk.test, module).yPtr!;
        for (let point = 0; point < pointsOf(cube); point++) {
          for (let group = 0; group < 2; group++) {
            const from = point * whole.pointStride + (group * all + firstRow) * 16;
            const to = point * chunk.pointStride + group * rows * 16;
            expect(actual.slice(to, to + rows * 16)).toEqual(wanted.slice(from, from + rows * 16));
          }
        }
      }
    }
  });

  it.each([f23, f43, f53, f44])('of %o, of inputs that fill no vector', tile => {
    for (let size = 1; size <= 5; size++) {
      for (const channels of [1, 2, 3]) {
        const layer: Layer = { ...oneAxis(tile, size), channels };
        const [, h, w] = layer.axes;
        const axes = [
          { ...layer.axes[0], size: 1 },
          { ...h, tile: none, size: 1, pad: 0 },
          { ...w, tile, size, pad: 1 },
        ] as const;
        check({ ...layer, axes }, { firstRow: 0, rows: rowsOf({ ...layer, axes }) });
      }
    }
  });

  it('counts rows along depth first where asked to', () => {
    const rows = { firstRow: 0, rows: rowsOf(cube) };
    const grid = gridOf(cube);
    const usual = caseOf(cube, rows);
    const byDepth = caseOf(cube, rows, { depthFirst: true });
    for (const module of moduleNames) {
      const wanted = runKernel(winogradInput, usual.test, module).yPtr!;
      const actual = runKernel(winogradInput, byDepth.test, module).yPtr!;
      for (let row = 0; row < rows.rows; row++) {
        const place = JSON.stringify(firstOutputs(grid, row, true));
        const from = Array.from({ length: rows.rows }, (_, i) => i).find(
          i => JSON.stringify(firstOutputs(grid, i, false)) === place,
        )!;
        expect(actual.slice(row * 16, row * 16 + 16)).toEqual(wanted.slice(from * 16, from * 16 + 16));
      }
    }
  });

  it('reads none of an input that lies wholly beside the tiles', () => {
    const beside: Layer = {
      ...cube,
      axes: [cube.axes[0], { tile: f43, size: 1, dil: 3, pad: 3 }, { tile: f23, size: 1, dil: 1, pad: 1 }],
    };
    check(beside, { firstRow: 0, rows: rowsOf(beside) });
  });

  it.each([Number.NaN, Infinity, -Infinity])('hands %d on as its twin does', value => {
    const at = ((2 * 7 + 3) * 11 + 4) * 20 + 17;
    checkKernel(winogradInput, caseOf(cube, { firstRow: 0, rows: rowsOf(cube) }, { poison: [[at, value]] }).test);
  });

  it.each([f23, f43, f53, f44])('keeps a NaN in the tiles of %o that read it', tile => {
    const layer: Layer = {
      ...cube,
      axes: [
        { ...cube.axes[0], tile: none },
        { ...cube.axes[1], dil: 1, tile },
        { ...cube.axes[2], tile },
      ],
    };
    const rows = { firstRow: 0, rows: rowsOf(layer) };
    const [d, h, w] = [3, 2, 6];
    const { test, pointStride } = caseOf(layer, rows, { poison: [[((d * 7 + h) * 11 + w) * 20 + 1, Number.NaN]] });
    const clean = caseOf(layer, rows).test;
    for (const module of moduleNames) {
      const y = runKernel(winogradInput, test, module).yPtr!;
      const wanted = runKernel(winogradInput, clean, module).yPtr!;
      for (let row = 0; row < rows.rows; row++) {
        const first = firstOutputs(gridOf(layer), row, false);
        const reads = [d, h, w].every((position, axis) => {
          const from = first[axis]! - layer.axes[axis]!.pad;
          return position >= from && position < from + layer.axes[axis]!.tile.points;
        });
        let nans = 0;
        for (let point = 0; point < product(layer.axes.map(axis => axis.tile.points)); point++) {
          for (let c = 0; c < 16; c++) {
            const element = point * pointStride + row * 16 + c;
            if (reads && c === 1) nans += Number(Number.isNaN(y[element]));
            else expect(y[element]).toBe(wanted[element]);
          }
        }
        expect(nans > 0).toBe(reads);
      }
    }
  });
});
