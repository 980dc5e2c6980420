import type { Values } from './descriptor.js';
import type { Kernel } from './kernel.js';
import { firstOutputs, gridAxes, membersOf, winogradGrid } from './winograd_grid.js';
import { alongAxis, transformsOf } from './winograd_transforms.js';

/**
 * f32_winograd_input: x [inD, inH, inW, inC] -> y [point][group of 16 channels][rowPitch][16], points pointStride floats
 * apart. A row is one tile of the grid (winograd_grid.ts), `rows` of them from firstRow on; a tile is transformed along each
 * axis that has several points, and its points are counted [d][h][w]. What lies outside of x counts as zero, and so do the channels
 * that fill the last quad, and, behind a whole group, the last group. Nothing else is written.
 * A unit is (block of unitRows rows, block of unitGroups groups), groups fastest.
 */
export const winogradInputFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  inD: 'i32',
  inH: 'i32',
  inW: 'i32',
  inC: 'i32',
  ...winogradGrid,
  firstRow: 'i32',
  rows: 'i32',
  rowPitch: 'i32',
  pointStride: 'i32',
  unitRows: 'i32',
  unitGroups: 'i32',
} as const;

type D = Values<typeof winogradInputFields>;

const groupsOf = (d: D) => Math.ceil(d.inC / 16);
const groupBlocks = (d: D) => Math.ceil(groupsOf(d) / d.unitGroups);

export const winogradInput: Kernel<typeof winogradInputFields> = {
  name: 'f32_winograd_input',
  fields: winogradInputFields,
  units: d => Math.ceil(d.rows / d.unitRows) * groupBlocks(d),
  /** As laid out in assembly/winograd_input.ts: two passes, zeros, a tile. */
  scratchBytes: d => 80 + 64 * d.unitGroups * (1 + d.pointsD * d.pointsH * d.pointsW),
  twin({ f32 }, d, begin, end) {
    for (let unit = begin; unit < end; unit++) {
      const row = Math.floor(unit / groupBlocks(d)) * d.unitRows;
      const group = (unit % groupBlocks(d)) * d.unitGroups;
      const last = Math.min(group + d.unitGroups, groupsOf(d));
      const channels = d.inC < 16 ? 4 * Math.ceil(d.inC / 4) : 16 * last;
      for (let r = row; r < Math.min(row + d.unitRows, d.rows); r++) {
        for (let channel = 16 * group; channel < channels; channel++) twinTile(f32, d, r, channel);
      }
    }
  },
};

function twinTile(f32: Float32Array, d: D, row: number, channel: number): void {
  const at = d.yPtr / 4 + (Math.floor(channel / 16) * d.rowPitch + row) * 16 + (channel % 16);
  for (const [point, value] of transformedTile(f32, d, d.firstRow + row, channel).entries()) {
    f32[at + point * d.pointStride] = value;
  }
}

/** One channel of a tile, by points; `row` counts in the whole grid. */
export function transformedTile(f32: Float32Array, d: D, row: number, channel: number): number[] {
  const axes = gridAxes(d);
  const sizes = axes.map(axis => axis.points);
  const first = firstOutputs(axes, row, d.depthFirst !== 0).map((position, axis) => position - axes[axis]!.pad);
  let values = membersOf(axes, first, sizes).map(([z, y, x]) => {
    if (z! < 0 || z! >= d.inD || y! < 0 || y! >= d.inH || x! < 0 || x! >= d.inW || channel >= d.inC) return 0;
    return f32[d.xPtr / 4 + ((z! * d.inH + y!) * d.inW + x!) * d.inC + channel]!;
  });
  for (const [axis, { points, tile }] of axes.entries()) {
    const inner = sizes.slice(axis + 1).reduce((all, size) => all * size, 1);
    values = alongAxis(transformsOf({ points, tile }).input, values, inner);
  }
  return values;
}
