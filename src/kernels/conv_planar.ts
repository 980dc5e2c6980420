import { activation, window } from './fields.js';

/**
 * f32_conv_planar: convolution for layers of few channels, lanes along w. strideW is 1 and there are no groups.
 *
 * x is [batch, inC, inD, inH, inPitch] floats: each row of inW values begins inHalo floats into its pitch, and what is
 * left and right of them is zero. y likewise; the kernel clears y's halos itself. inHalo >= padW, and
 * inPitch >= inHalo + max(inW, outW) + (kW - 1) * dilW, rounded up so that vectors of 8 may read past the last row
 * (slack that the arena provides after the last row: 64 bytes).
 * Taps outside of x in d or h are skipped. Packed weights: [tap][inC][outC]; bias: [outC]; residual: as y.
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
