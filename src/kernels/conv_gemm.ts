import { activation, ndhwc, window } from './fields.js';

/**
 * f32_conv_gemm: convolution as implicit img2row + GEMM, channels last, fused bias + residual + activation.
 *
 * M = batch * outD * outH * outW positions, N = outC / groups, K = taps x inC / groups (tap-major, then channel), one
 * accumulator chain per output. Also runs matrix products (1x1x1 over M "positions").
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
  /** Blocks: positions (a multiple of 6), outputs (a multiple of 8) of a unit; K per pass over the packed rows. */
  mBlock: 'i32',
  nBlock: 'i32',
  kBlock: 'i32',
} as const;
