import { activate } from './activation.js';
import type { Values } from './descriptor.js';
import { activation, pool } from './fields.js';
import type { Kernel } from './kernel.js';
import { firstOutputs, gridAxes, membersOf, winogradGrid } from './winograd_grid.js';
import { alongAxis, transformsOf } from './winograd_transforms.js';

/**
 * f32_winograd_output: y = activation(bias + transform of x + residual), x [point][group of 16 channels][rowPitch][16] as
 * f32_winograd_products writes it, points pointStride floats apart, y [outD, outH, outW, outC]. A row is one tile of the grid
 * (winograd_grid.ts), `rows` of them from firstRow on; what a tile has beyond y is dropped. bias: [outC]; residual: as y, and not
 * y itself.
 * A pool takes the largest of such values: its windows divide tiles, along an axis without dilation; the activation is ReLU or none, and
 * there is no residual.
 * At least one axis has several points.
 * A unit is (block of unitRows rows, block of unitGroups groups), groups fastest.
 */
export const winogradOutputFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  outD: 'i32',
  outH: 'i32',
  outW: 'i32',
  outC: 'i32',
  ...winogradGrid,
  firstRow: 'i32',
  rows: 'i32',
  rowPitch: 'i32',
  pointStride: 'i32',
  biasPtr: 'ptr',
  residualPtr: 'ptr',
  ...activation,
  ...pool,
  unitRows: 'i32',
  unitGroups: 'i32',
} as const;

type D = Values<typeof winogradOutputFields>;

const groupBlocks = (d: D) => Math.ceil(Math.ceil(d.outC / 16) / d.unitGroups);

export const winogradOutput: Kernel<typeof winogradOutputFields> = {
  name: 'f32_winograd_output',
  fields: winogradOutputFields,
  units: d => Math.ceil(d.rows / d.unitRows) * groupBlocks(d),
  /** As laid out in assembly/winograd_output.ts: four passes, a pool's windows, a tile. */
  scratchBytes: d => 464 + d.unitGroups * 64 * d.pointsD * d.pointsH * d.pointsW,
  twin({ f32 }, d, begin, end) {
    for (let unit = begin; unit < end; unit++) {
      const first = Math.floor(unit / groupBlocks(d)) * d.unitRows;
      const channel = (unit % groupBlocks(d)) * d.unitGroups * 16;
      for (let row = first; row < Math.min(first + d.unitRows, d.rows); row++) {
        for (let c = channel; c < Math.min(channel + 16 * d.unitGroups, d.outC); c++) twinTile(f32, d, row, c);
      }
    }
  },
};

function twinTile(f32: Float32Array, d: D, row: number, channel: number): void {
  const from = d.xPtr / 4 + (Math.floor(channel / 16) * d.rowPitch + row) * 16 + (channel % 16);
  const points = d.pointsD * d.pointsH * d.pointsW;
  const products = Array.from({ length: points }, (_, point) => f32[from + point * d.pointStride]!);
  finishTile(f32, d, { row: d.firstRow + row, channel, products });
}

/** One channel of a tile, from its products by points; `row` counts in the whole grid. */
export function finishTile(
  f32: Float32Array,
  d: D,
  { row, channel, products }: { readonly row: number; readonly channel: number; readonly products: readonly number[] },
): void {
  const axes = gridAxes(d);
  const finish = activate(d);
  const points = axes.map(axis => axis.points);
  let values = [...products];
  for (const [axis, { points: count, tile }] of axes.entries()) {
    const inner = points.slice(axis + 1).reduce((all, size) => all * size, 1);
    values = alongAxis(transformsOf({ points: count, tile }).output, values, inner);
  }
  const members = membersOf(
    axes,
    firstOutputs(axes, row, d.depthFirst !== 0),
    axes.map(axis => axis.tile),
  );
  const largest = new Map<number, number>();
  for (const [i, position] of members.entries()) {
    const [z, y, x] = [
      Math.floor(position[0]! / d.poolD),
      Math.floor(position[1]! / d.poolH),
      Math.floor(position[2]! / d.poolW),
    ];
    if (z >= d.outD || y >= d.outH || x >= d.outW) continue;
    const at = ((z * d.outH + y) * d.outW + x) * d.outC + channel;
    const bias = d.biasPtr ? f32[d.biasPtr / 4 + channel]! : 0;
    const residual = d.residualPtr ? f32[d.residualPtr / 4 + at]! : 0;
    const value = finish(Math.fround(bias + values[i]! + residual));
    largest.set(at, Math.max(largest.get(at) ?? Number.NEGATIVE_INFINITY, value));
  }
  for (const [at, value] of largest) f32[d.yPtr / 4 + at] = value;
}
