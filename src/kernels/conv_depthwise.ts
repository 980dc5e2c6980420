import { activate } from './activation.js';
import type { Values } from './descriptor.js';
import { activation, ndhwc, window } from './fields.js';
import type { Kernel } from './kernel.js';
import { receptiveField } from './receptive_field.js';

/**
 * f32_conv_depthwise: one filter per channel (groups = inC = outC), channels last, lanes along channels.
 * y = activation((bias + chain) + residual); taps outside of x are skipped. The residual may not be y itself.
 * Packed weights: [tap][C]; bias: [C]; residual: as y. A unit is a block of mBlock output rows (batch, d, h).
 */
export const convDepthwiseFields = {
  ...ndhwc,
  ...window,
  wPtr: 'ptr',
  biasPtr: 'ptr',
  residualPtr: 'ptr',
  ...activation,
  mBlock: 'i32',
} as const;

type D = Values<typeof convDepthwiseFields>;

type Shape = Pick<D, 'batch' | 'outD' | 'outH' | 'outW' | 'outC' | 'kD' | 'kH' | 'kW'>;

/** Multiply-adds of a unit that is worth handing out and soon done; units that keep a many-core machine busy. */
const unitWork = 2e6;
const manyUnits = 64;

/** mBlock for a layer of this shape. */
export function depthwiseRowBlock(shape: Shape): number {
  const rowWork = shape.outW * shape.outC * shape.kD * shape.kH * shape.kW;
  const share = Math.ceil((shape.batch * shape.outD * shape.outH) / manyUnits);
  return Math.max(1, Math.min(share, Math.floor(unitWork / rowWork)));
}

export const convDepthwise: Kernel<typeof convDepthwiseFields> = {
  name: 'f32_conv_depthwise',
  fields: convDepthwiseFields,
  units: d => Math.ceil((d.batch * d.outD * d.outH) / d.mBlock),
  scratchBytes: () => 64,
  twin({ f32 }, d, begin, end) {
    const finish = activate(d);
    const positions = d.batch * d.outD * d.outH * d.outW;
    for (let m = begin * d.mBlock * d.outW; m < Math.min(positions, end * d.mBlock * d.outW); m++) {
      const field = receptiveField(d, m);
      for (let c = 0; c < d.outC; c++) {
        let sum = d.biasPtr === 0 ? 0 : f32[d.biasPtr / 4 + c]!;
        field.forEach((position, tap) => {
          if (position < 0) return;
          sum += f32[d.xPtr / 4 + position * d.inC + c]! * f32[d.wPtr / 4 + tap * d.outC + c]!;
        });
        const at = m * d.outC + c;
        if (d.residualPtr !== 0) sum += f32[d.residualPtr / 4 + at]!;
        f32[d.yPtr / 4 + at] = finish(Math.fround(sum));
      }
    }
  },
};
