/**
 * The kernels whose register tile has several forms of equal bits (assembly/tiles.ts); which is fastest depends on the host alone. All
 * have one that broadcasts A from memory and takes eight outputs at a time.
 */
export const tiledKernels = ['f32_conv_gemm', 'f32_winograd_products', 'f32_conv_pointwise'] as const;
export type TiledKernel = (typeof tiledKernels)[number];

/**
 * Other forms. `lanes`: A comes in vectors whose lanes are splat, which takes channels in fours. `wide`: sixteen outputs at a time, for
 * hosts that fuse neighbouring vectors of 128 bits to one of 256.
 */
export type TileForm = 'lanes' | 'wide';

/** The form of each kernel that does not broadcast eight outputs at a time. */
export type TileForms = Readonly<Partial<Record<TiledKernel, TileForm>>>;

export const otherForms: Readonly<Record<TiledKernel, readonly TileForm[]>> = {
  f32_conv_gemm: ['lanes', 'wide'],
  f32_winograd_products: ['lanes', 'wide'],
  f32_conv_pointwise: ['wide'],
};

/** What the module's `use_tiles` takes: a bit for each kernel whose tiles splat lanes, and for each whose are wide. */
export const tileBits = (forms: TileForms): [lanes: number, wide: number] => {
  const bitsOf = (form: TileForm) =>
    tiledKernels.reduce((bits, kernel, index) => (forms[kernel] === form ? bits | (1 << index) : bits), 0);
  return [bitsOf('lanes'), bitsOf('wide')];
};
