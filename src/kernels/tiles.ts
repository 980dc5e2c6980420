/**
 * The kernels whose register tile has two forms of equal bits: one broadcasts A from memory, the other loads it in vectors and
 * splats their lanes, which takes channels in fours (assembly/tiles.ts). Which is faster depends on the host alone.
 */
export const tiledKernels = ['f32_conv_gemm', 'f32_winograd_products'] as const;
export type TiledKernel = (typeof tiledKernels)[number];

/** What the module's `use_lane_tiles` takes, so that these kernels splat lanes and all others broadcast. */
export const laneTileBits = (kernels: readonly TiledKernel[]): number =>
  kernels.reduce((bits, kernel) => bits | (1 << tiledKernels.indexOf(kernel)), 0);
