import { activation, ndhwc, window } from './fields.js';

/**
 * f32_conv_depthwise: one filter per channel (groups = inC = outC), channels last, lanes along channels.
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
