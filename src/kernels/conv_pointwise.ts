import { activate } from './activation.js';
import type { Values } from './descriptor.js';
import { activation } from './fields.js';
import type { Kernel } from './kernel.js';

/**
 * f32_conv_pointwise: a convolution of 1x1x1 taps, stride 1 and no padding, or a matrix product, whose rows are read in place.
 *
 * x is [positions, inC] and y is [positions, outC], both dense; K = inC / groups, N = outC / groups.
 * y = activation((bias + chain) + residual), packed weights and bias are those of f32_conv_gemm, and so are the bits of y.
 * The residual may not be y itself.
 * A unit is (group, N block, M block), M block fastest. Blocks of positions are even, with leastPositions or more in each; those of
 * outputs are even in runs of 16, a cache line.
 */
export const convPointwiseFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  positions: 'i32',
  inC: 'i32',
  outC: 'i32',
  groups: 'i32',
  wPtr: 'ptr',
  biasPtr: 'ptr',
  residualPtr: 'ptr',
  ...activation,
  /** How many blocks there are, of positions and of a group's outputs. */
  mBlocks: 'i32',
  nBlocks: 'i32',
} as const;

type D = Values<typeof convPointwiseFields>;

/** What a layer's blocks depend on: every size, and nothing of the machine. */
export type ConvPointwiseShape = Pick<D, 'positions' | 'inC' | 'outC' | 'groups'>;

/** A register tile has so many rows at least. */
export const leastPositions = 4;

const tileOutputs = 8;
/** Outputs in a cache line. */
const lineOutputs = 16;
/** Rows of a block: enough for tiles of full height. */
const leastRows = 6;

const sizes = ({ inC, outC, groups }: ConvPointwiseShape) => ({ depth: inC / groups, outputs: outC / groups });

/** Units that keep a many-core machine busy; a power of two, so that as many workers get as many each. */
const manyUnits = 32;
/** Multiply-adds of a unit that is worth handing out, and of one that is soon done. */
const leastWork = 131072;
const mostWork = 40e6;
/** Most floats of a block's rows: they fit L2 with room for what streams through. Deep ones are so many nevertheless, to share weights. */
const mostFloats = 65536;
const sharingRows = 24;

const powerOfTwo = (value: number): number => 2 ** Math.floor(Math.log2(Math.max(1, value)));

/** The blocks of a layer, from its shape alone: about as many positions as outputs, so that both are read few times. */
export function convPointwiseBlocks(shape: ConvPointwiseShape): { mBlocks: number; nBlocks: number } {
  const { positions, groups } = shape;
  const { depth, outputs } = sizes(shape);
  const lines = Math.ceil(outputs / lineOutputs);
  const units = powerOfTwo(Math.min(manyUnits / groups, (positions * outputs * depth) / leastWork));
  const rows = Math.min(positions, Math.max(sharingRows, mostFloats / depth));
  const isWide = (nBlocks: number) => nBlocks < units && (positions * nBlocks) / units < outputs / nBlocks;
  const isLarge = (nBlocks: number) => (rows * outputs * depth) / nBlocks > mostWork;
  let nBlocks = 1;
  while (2 * nBlocks <= lines && (isWide(nBlocks) || isLarge(nBlocks))) nBlocks *= 2;
  const parts = Math.max(1, units / nBlocks);
  const mBlocks = parts * Math.ceil(positions / (rows * parts));
  return { mBlocks: Math.min(mBlocks, Math.max(1, Math.floor(positions / leastRows))), nBlocks };
}

/** Where part i of `parts` even parts of `whole` begins. */
const partBegin = (whole: number, parts: number, i: number) =>
  i * Math.floor(whole / parts) + Math.min(i, whole % parts);

export const convPointwise: Kernel<typeof convPointwiseFields> = {
  name: 'f32_conv_pointwise',
  fields: convPointwiseFields,
  units: d => d.groups * d.nBlocks * d.mBlocks,
  /** As laid out in assembly/conv_pointwise.ts: a tile's ends and a sink, zeros of both signs, an edge tile and its residual. */
  scratchBytes: () => 928,
  twin(memory, d, begin, end) {
    const { outputs } = sizes(d);
    const lines = Math.ceil(outputs / lineOutputs);
    for (let unit = begin; unit < end; unit++) {
      const m = unit % d.mBlocks;
      const n = Math.floor(unit / d.mBlocks) % d.nBlocks;
      const group = Math.floor(unit / (d.mBlocks * d.nBlocks));
      const range = {
        group,
        begin: partBegin(lines, d.nBlocks, n) * lineOutputs,
        end: Math.min(outputs, partBegin(lines, d.nBlocks, n + 1) * lineOutputs),
      };
      const rowsEnd = partBegin(d.positions, d.mBlocks, m + 1);
      for (let row = partBegin(d.positions, d.mBlocks, m); row < rowsEnd; row++) twinRow(memory.f32, d, row, range);
    }
  },
};

/** Some outputs of one group at one position. Sums in double precision. */
function twinRow(f32: Float32Array, d: D, row: number, range: Record<'group' | 'begin' | 'end', number>): void {
  const { depth, outputs } = sizes(d);
  const { group, begin, end } = range;
  const finish = activate(d);
  const x = d.xPtr / 4 + row * d.inC + group * depth;
  for (let n = begin; n < end; n++) {
    const panel = group * Math.ceil(outputs / tileOutputs) + Math.floor(n / tileOutputs);
    const lane = n % tileOutputs;
    let sum = d.biasPtr === 0 ? 0 : f32[d.biasPtr / 4 + panel * tileOutputs + lane]!;
    for (let k = 0; k < depth; k++) sum += f32[x + k]! * f32[d.wPtr / 4 + (panel * depth + k) * tileOutputs + lane]!;
    const at = row * d.outC + group * outputs + n;
    if (d.residualPtr !== 0) sum += f32[d.residualPtr / 4 + at]!;
    f32[d.yPtr / 4 + at] = finish(Math.fround(sum));
  }
}
