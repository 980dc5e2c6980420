import { ndhwc } from './fields.js';

/**
 * f32_resize: nearest and (tri)linear, channels last (outC = inC). One table per axis with three words per output index: lower
 * input index (i32), upper input index (i32), weight of the upper one (f32; 0 for nearest). Interpolates w, then h, then d, each as
 * lower * (1 - weight) + upper * weight; a weight of 0 reads the lower one alone, so that NaN beside it stays out.
 * A unit is a block of mBlock output rows (batch, d, h).
 */
export const resizeFields = {
  ...ndhwc,
  tableDPtr: 'ptr',
  tableHPtr: 'ptr',
  tableWPtr: 'ptr',
  mBlock: 'i32',
} as const;
