import { ndhwc, window } from './fields.js';

/**
 * f32_pool_max, f32_pool_average: pooling over a window, channels last (outC = inC), lanes along channels.
 *
 * Maximum: over the taps inside x; NaN wins. Average: the sum of the taps inside x, over their number, or, with
 * countIncludePad, over the number of taps inside the padded extent [-pad, in + padEnd) of each axis.
 * A unit is a block of mBlock output rows (batch, d, h).
 */
export const poolFields = {
  ...ndhwc,
  ...window,
  padEndD: 'i32',
  padEndH: 'i32',
  padEndW: 'i32',
  countIncludePad: 'i32',
  mBlock: 'i32',
} as const;
