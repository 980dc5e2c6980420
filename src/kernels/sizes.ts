/** Arithmetic on sizes that kernels, lowering, costs and calibration share. */

/** One of each along depth, height and width. */
export type Triple<T = number> = readonly [T, T, T];

export const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

/** The least common multiple. */
export function leastCommon(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}

/** The next multiple of `multiple`. */
export const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;
