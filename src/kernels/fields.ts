/**
 * Groups of descriptor fields that several kernels share. Sizes are in elements, `Ptr` in bytes.
 * Positions are [d, h, w] triples; 2D and 1D layers have unit sizes in front.
 */

/** x is [batch, inD, inH, inW, inC], y is [batch, outD, outH, outW, outC]: channels last, dense. */
export const ndhwc = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  batch: 'i32',
  inD: 'i32',
  inH: 'i32',
  inW: 'i32',
  inC: 'i32',
  outD: 'i32',
  outH: 'i32',
  outW: 'i32',
  outC: 'i32',
} as const;

/** Output position o reads input positions o * stride - pad + tap * dil, tap < kernel. `pad` is the one before; what lies
 * beyond the input counts as zero (convolution) or does not exist (pooling). */
export const window = {
  kD: 'i32',
  kH: 'i32',
  kW: 'i32',
  strideD: 'i32',
  strideH: 'i32',
  strideW: 'i32',
  dilD: 'i32',
  dilH: 'i32',
  dilW: 'i32',
  padD: 'i32',
  padH: 'i32',
  padW: 'i32',
} as const;

/**
 * A max pool over what a convolution computes, in front of y: windows [poolD, poolH, poolW] that do not overlap, one for each position of
 * y, of at most `mostPoolMembers` positions. 1 along all axes: none. NaN wins.
 */
export const pool = { poolD: 'i32', poolH: 'i32', poolW: 'i32' } as const;

/** As assembly/pool_windows.ts has room for. */
export const mostPoolMembers = 64;

export const noPool = { poolD: 1, poolH: 1, poolW: 1 } as const;

/** activation: a code of `activationCodes`; alpha: slope (leakyRelu, elu) or lower bound (clip); beta: upper bound (clip). */
export const activation = { activation: 'i32', alpha: 'f32', beta: 'f32' } as const;
