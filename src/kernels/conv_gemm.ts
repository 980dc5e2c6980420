import { activate } from './activation.js';
import type { Values } from './descriptor.js';
import { activation, ndhwc, pool, window } from './fields.js';
import type { Kernel } from './kernel.js';
import { receptiveField } from './receptive_field.js';
import { leastCommon, roundUp } from './sizes.js';

/**
 * f32_conv_gemm: convolution as implicit img2row + GEMM, channels last, fused bias + residual + activation + max pool.
 *
 * M = batch * outD * outH * outW positions, each of them all positions of its window where there is a pool; N = outC / groups,
 * K = taps x inC / groups (tap-major, then channel).
 * y = activation((bias + chain) + residual): one accumulator chain per output that starts from the bias (0 where there is none).
 * The residual may not be y itself; a pool takes the largest of such values, and there is no residual.
 * Packed weights: [group][panel of 8 outputs][K][8]; bias: [groups * panels * 8], zero padded.
 * A unit is (group, N block, M block), M block fastest.
 */
export const convGemmFields = {
  ...ndhwc,
  ...window,
  groups: 'i32',
  wPtr: 'ptr',
  biasPtr: 'ptr',
  residualPtr: 'ptr',
  ...activation,
  ...pool,
  /** Blocks: positions (a multiple of 6 and of a window's size), outputs (a multiple of 8) of a unit; K per pass over the packed rows. */
  mBlock: 'i32',
  nBlock: 'i32',
  kBlock: 'i32',
} as const;

type D = Values<typeof convGemmFields>;

/** What a layer's blocks depend on: every size, and nothing of the machine. */
export type ConvGemmShape = Pick<
  D,
  'batch' | 'inC' | 'outD' | 'outH' | 'outW' | 'outC' | 'kD' | 'kH' | 'kW' | 'groups' | 'poolD' | 'poolH' | 'poolW'
>;

const tileRows = 6;
const tileOutputs = 8;
/** `whole` in even blocks of at most about `wanted`, each a multiple of `multiple`. */
const evenBlock = (whole: number, wanted: number, multiple: number) =>
  roundUp(Math.ceil(whole / Math.max(1, Math.round(whole / wanted))), multiple);

function sizes(shape: ConvGemmShape) {
  const members = shape.poolD * shape.poolH * shape.poolW;
  const positions = shape.batch * shape.outD * shape.outH * shape.outW * members;
  const outputs = shape.outC / shape.groups;
  const depth = (shape.kD * shape.kH * shape.kW * shape.inC) / shape.groups;
  return { members, positions, outputs, depth };
}

/** Multiply-adds of a unit that is worth handing out and soon done. */
const unitWork = 20e6;
/** Units that keep a many-core machine busy; fewer only where units would become tiny. */
const manyUnits = 32;
const leastArea = 384;
/** Most packed floats of a unit: they fit L2 with room for what streams through. */
const mostPacked = 49152;
/** Limits of a block of K: long enough to make storing and reloading the sums cheap, and no longer than streams pay. */
const shortestK = 320;
const longestK = 2048;
/** Outputs per position of a unit that balance packing rows (paid per output) against reading weights (paid per row). */
const aspect = 5;

/** The blocks of a layer, from its shape alone. */
export function convGemmBlocks(shape: ConvGemmShape): { mBlock: number; nBlock: number; kBlock: number } {
  const { members, positions, outputs, depth } = sizes(shape);
  const share = (positions * outputs * shape.groups) / manyUnits;
  const area = Math.min(unitWork / depth, Math.max(share, leastArea));
  const nBlock = evenBlock(outputs, Math.min(outputs, Math.sqrt(area * aspect)), tileOutputs);
  const rows = Math.min(positions, area / Math.min(nBlock, outputs), mostPacked / Math.min(shortestK, depth));
  const mBlock = evenBlock(positions, Math.max(rows, tileRows), leastCommon(tileRows, members));
  // The fewer rows share a panel, the longer its run through memory should be.
  const run = Math.max(shortestK, Math.min(longestK, mostPacked / mBlock));
  return { mBlock, nBlock, kBlock: evenBlock(depth, Math.min(depth, run), 4) };
}

const blockCounts = (d: D) => {
  const { positions, outputs } = sizes(d);
  return { mBlocks: Math.ceil(positions / d.mBlock), nBlocks: Math.ceil(outputs / d.nBlock) };
};

export const convGemm: Kernel<typeof convGemmFields> = {
  name: 'f32_conv_gemm',
  fields: convGemmFields,
  units(d) {
    const { mBlocks, nBlocks } = blockCounts(d);
    return d.groups * mBlocks * nBlocks;
  },
  /** As laid out in assembly/conv_gemm.ts: fixed parts, windows, zeros and six bounce rows, origins, packed rows, sums of a pool. */
  scratchBytes(d) {
    const { members, positions, outputs, depth } = sizes(d);
    const kFloats = Math.min(d.kBlock, depth);
    const rows = roundUp(Math.min(d.mBlock, positions), tileRows);
    const spans = 7 * roundUp(4 * kFloats, 64);
    // Two panels where a tile is wide.
    const panels = d.kBlock < depth ? Math.ceil(Math.min(d.nBlock, outputs) / tileOutputs) : 2;
    const sums = members > 1 ? rows * panels * 4 * tileOutputs : 0;
    return 1344 + spans + roundUp(rows * 16, 64) + roundUp(rows * kFloats * 4, 64) + sums;
  },
  twin(memory, d, begin, end) {
    const { members, positions, outputs } = sizes(d);
    const { mBlocks, nBlocks } = blockCounts(d);
    for (let unit = begin; unit < end; unit++) {
      const group = Math.floor(unit / (mBlocks * nBlocks));
      const n0 = (Math.floor(unit / mBlocks) % nBlocks) * d.nBlock;
      const m0 = (unit % mBlocks) * d.mBlock;
      for (let m = m0; m < Math.min(positions, m0 + d.mBlock); m += members) {
        twinWindow(memory.f32, d, m / members, { group, begin: n0, end: Math.min(outputs, n0 + d.nBlock) });
      }
    }
  },
};

interface OutputRange {
  readonly group: number;
  readonly begin: number;
  readonly end: number;
}

/** Some outputs of one group at position m of y: the largest values of its window. Sums in double precision. */
function twinWindow(f32: Float32Array, d: D, m: number, { group, begin, end }: OutputRange): void {
  const { outputs, depth } = sizes(d);
  const panels = Math.ceil(outputs / tileOutputs);
  const channels = d.inC / d.groups;
  const finish = activate(d);
  const fields = windowMembers(d, m).map(member => receptiveField(convolved(d), member));
  for (let n = begin; n < end; n++) {
    const panel = group * panels + Math.floor(n / tileOutputs);
    const lane = n % tileOutputs;
    const at = m * d.outC + group * outputs + n;
    const values = fields.map(field => {
      let sum = d.biasPtr === 0 ? 0 : f32[d.biasPtr / 4 + panel * tileOutputs + lane]!;
      field.forEach((position, tap) => {
        if (position < 0) return;
        for (let c = 0; c < channels; c++) {
          const weight = f32[d.wPtr / 4 + (panel * depth + tap * channels + c) * tileOutputs + lane]!;
          sum += f32[d.xPtr / 4 + position * d.inC + group * channels + c]! * weight;
        }
      });
      if (d.residualPtr !== 0) sum += f32[d.residualPtr / 4 + at]!;
      return finish(Math.fround(sum));
    });
    f32[d.yPtr / 4 + at] = Math.max(...values);
  }
}

/** The sizes of what is convolved, in place of y's. */
const convolved = (d: D): D => ({ ...d, outD: d.outD * d.poolD, outH: d.outH * d.poolH, outW: d.outW * d.poolW });

/** The positions of what is convolved that the window of position m of y has, w fastest. */
function windowMembers(d: D, m: number): number[] {
  const { outH, outW } = convolved(d);
  const w = (m % d.outW) * d.poolW;
  const h = (Math.floor(m / d.outW) % d.outH) * d.poolH;
  // Depth and image are counted together: windows of depth never reach over an image's end.
  const depth = Math.floor(m / (d.outW * d.outH)) * d.poolD;
  const members: number[] = [];
  for (let i = 0; i < d.poolD; i++) {
    for (let j = 0; j < d.poolH; j++) {
      for (let k = 0; k < d.poolW; k++) members.push(((depth + i) * outH + h + j) * outW + w + k);
    }
  }
  return members;
}
