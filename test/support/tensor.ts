/** Tensors as the reference interpreter has them: row-major numbers, in float64. */

export interface Tensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Input number `index` of the node at hand. */
export type Read = (index: number) => Tensor;

/** Every index of a tensor of this shape, in row-major order. */
export function indices(dims: readonly number[]): number[][] {
  return dims.reduce<number[][]>(
    (lists, size) => lists.flatMap(list => Array.from({ length: size }, (_, i) => [...list, i])),
    [[]],
  );
}
