import { activate } from './activation.js';
import type { Values } from './descriptor.js';
import { activation, window } from './fields.js';
import type { Kernel } from './kernel.js';
import { receptiveField } from './receptive_field.js';

/**
 * f32_conv_planar: convolution for layers of few channels, lanes along w. strideW is 1 and there are no groups.
 *
 * x is [batch, inD, inH, inC, inPitch] floats: each row of inW values begins inHalo floats into its pitch, and what is
 * left and right of them is zero. y likewise; the kernel clears y's halos itself. inHalo >= padW, and
 * inPitch >= inHalo + inW + what taps reach beyond x on the right; outPitch >= outHalo + outW rounded up to vectors of 8. Such a
 * vector may read past its row: what it finds there goes nowhere (the arena has 64 bytes of slack after the last row).
 * y = activation((bias + chain) + residual). Taps outside of x in d or h are skipped, along w the zeros are read.
 * Packed weights: [tap][inC][outC]; bias: [outC]; residual: as y, and not y itself.
 * A unit is (batch, outD, block of hBlock rows).
 */
export const convPlanarFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  batch: 'i32',
  inC: 'i32',
  inD: 'i32',
  inH: 'i32',
  inW: 'i32',
  inPitch: 'i32',
  inHalo: 'i32',
  outC: 'i32',
  outD: 'i32',
  outH: 'i32',
  outW: 'i32',
  outPitch: 'i32',
  outHalo: 'i32',
  ...window,
  wPtr: 'ptr',
  biasPtr: 'ptr',
  residualPtr: 'ptr',
  ...activation,
  hBlock: 'i32',
} as const;

type D = Values<typeof convPlanarFields>;

/** What a layer's blocks depend on. */
export type ConvPlanarShape = Pick<D, 'batch' | 'inC' | 'outC' | 'outD' | 'outH' | 'outW' | 'kD' | 'kH' | 'kW'>;

/** Multiply-adds of a unit that is worth handing out and soon done; units that keep a many-core machine busy. */
const unitWork = 20e6;
const manyUnits = 64;

/** hBlock for a layer of this shape. */
export function planarRowBlock(shape: ConvPlanarShape): number {
  const rowWork = shape.outW * shape.outC * shape.inC * shape.kD * shape.kH * shape.kW;
  const share = Math.ceil((shape.batch * shape.outD * shape.outH) / manyUnits);
  return Math.max(1, Math.min(shape.outH, share, Math.floor(unitWork / rowWork)));
}

export const convPlanar: Kernel<typeof convPlanarFields> = {
  name: 'f32_conv_planar',
  fields: convPlanarFields,
  units: d => d.batch * d.outD * Math.ceil(d.outH / d.hBlock),
  /** As laid out in assembly/conv_planar.ts: fixed parts, an address for each step, a copy of the weights. */
  scratchBytes(d) {
    const steps = d.kD * d.kH * d.kW * d.inC;
    return 448 + Math.ceil(steps / 16) * 64 + steps * d.outC * 4;
  },
  twin({ f32 }, d, begin, end) {
    const blocks = Math.ceil(d.outH / d.hBlock);
    for (let unit = begin; unit < end; unit++) {
      const plane = Math.floor(unit / blocks);
      const first = (unit % blocks) * d.hBlock;
      for (let h = first; h < Math.min(d.outH, first + d.hBlock); h++) twinRow(f32, d, plane, h);
    }
  },
};

/** All channels of row h of `plane` (image and depth), halos included. */
function twinRow(f32: Float32Array, d: D, plane: number, h: number): void {
  const finish = activate(d);
  for (let o = 0; o < d.outC; o++) {
    const row = ((plane * d.outH + h) * d.outC + o) * d.outPitch;
    f32.fill(0, d.yPtr / 4 + row, d.yPtr / 4 + row + d.outPitch);
    for (let w = 0; w < d.outW; w++) {
      const at = row + d.outHalo + w;
      let sum = d.biasPtr === 0 ? 0 : f32[d.biasPtr / 4 + o]!;
      sum += chain(f32, d, (plane * d.outH + h) * d.outW + w, o);
      if (d.residualPtr !== 0) sum += f32[d.residualPtr / 4 + at]!;
      f32[d.yPtr / 4 + at] = finish(Math.fround(sum));
    }
  }
}

/** The products of output channel o at position m, summed in double precision. */
function chain(f32: Float32Array, d: D, m: number, o: number): number {
  let sum = 0;
  receptiveField(d, m).forEach((position, tap) => {
    if (position < 0) return;
    const w = position % d.inW;
    const line = Math.floor(position / d.inW);
    for (let c = 0; c < d.inC; c++) {
      const x = (line * d.inC + c) * d.inPitch + d.inHalo + w;
      sum += f32[d.xPtr / 4 + x]! * f32[d.wPtr / 4 + (tap * d.inC + c) * d.outC + o]!;
    }
  });
  return sum;
}
