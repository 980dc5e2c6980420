import type { Fields, Values } from './descriptor.js';
import type { Kernel, KernelMemory, Sizes } from './kernel.js';
import { roundUp } from './sizes.js';
import { transformedTile, winogradInput, winogradInputFields } from './winograd_input.js';
import { finishTile, winogradOutput, winogradOutputFields } from './winograd_output.js';
import { panelProducts, winogradProducts, winogradProductsFields } from './winograd_products.js';

type Prefixed<P extends string, V> = { readonly [K in keyof V & string as `${P}${Capitalize<K>}`]: V[K] };

/** What a field of one step is called among those of all. */
const nameOf = (prefix: string, field: string): string => prefix + field[0]!.toUpperCase() + field.slice(1);

/** The fields of one step, or their values, under these names. */
export const prefixed = <P extends string, V extends object>(prefix: P, values: V): Prefixed<P, V> =>
  Object.fromEntries(Object.entries(values).map(([field, value]) => [nameOf(prefix, field), value])) as Prefixed<P, V>;

/** The values of one step, among those of all. */
export const stepOf = <F extends Fields>(d: Readonly<Record<string, number>>, prefix: string, fields: F): Values<F> =>
  Object.fromEntries(Object.keys(fields).map(field => [field, d[nameOf(prefix, field)]!])) as Values<F>;

/**
 * f32_conv_winograd: a convolution of one image by Winograd's method: the steps of f32_winograd_input, f32_winograd_products and
 * f32_winograd_output for `rows` tiles of the grid, blockRows of them at a time. Each step is described as if it did one block, in one
 * unit, or in one for each point; rows, the first row, and the addresses of what lies in between are the kernel's to fill in. Where taps
 * are rows apart, a block transforms so many rows more, and the input's grid is that much longer for each block.
 * The bits are those of the three kernels. A unit is a block.
 */
export const convWinogradFields = {
  rows: 'i32',
  blockRows: 'i32',
  /** The parts of the scratch, in bytes from its beginning: what the steps need, the transformed input, the products. */
  stepsAt: 'i32',
  transformedAt: 'i32',
  productsAt: 'i32',
  ...prefixed('input', winogradInputFields),
  ...prefixed('products', winogradProductsFields),
  ...prefixed('output', winogradOutputFields),
} as const;

type D = Values<typeof convWinogradFields>;

/** Where the parts of the scratch begin. */
export function scratchParts({
  input,
  products,
  output,
}: {
  readonly input: Sizes<typeof winogradInputFields>;
  readonly products: Sizes<typeof winogradProductsFields>;
  readonly output: Sizes<typeof winogradOutputFields>;
}): Pick<D, 'stepsAt' | 'transformedAt' | 'productsAt'> {
  const words = [winogradInputFields, winogradProductsFields, winogradOutputFields].flatMap(Object.keys).length;
  const stepsAt = roundUp(4 * words, 64);
  const stepsBytes = Math.max(
    winogradInput.scratchBytes(input),
    winogradProducts.scratchBytes(products),
    winogradOutput.scratchBytes(output),
  );
  const transformedAt = roundUp(stepsAt + stepsBytes, 64);
  const transformedBytes = 4 * products.points * products.xPointStride;
  return { stepsAt, transformedAt, productsAt: roundUp(transformedAt + transformedBytes, 64) };
}

export const convWinograd: Kernel<typeof convWinogradFields> = {
  name: 'f32_conv_winograd',
  fields: convWinogradFields,
  units: d => Math.ceil(d.rows / d.blockRows),
  scratchBytes: d => d.productsAt + 4 * d.productsPoints * d.productsYPointStride,
  twin(memory, d, begin, end) {
    for (let row = begin * d.blockRows; row < Math.min(end * d.blockRows, d.rows); row++) twinTile(memory, d, row);
  },
};

/** All channels of one tile. */
function twinTile({ f32 }: KernelMemory, d: D, row: number): void {
  const input = stepOf(d, 'input', winogradInputFields);
  const products = stepOf(d, 'products', winogradProductsFields);
  const output = stepOf(d, 'output', winogradOutputFields);
  const { points, channels, taps, tapRows, panels } = products;
  const firstRow = row + Math.floor(row / d.blockRows) * (taps - 1) * tapRows;
  const transformed = Array.from({ length: taps }, (_, tap) =>
    Array.from({ length: channels }, (_, channel) => transformedTile(f32, input, firstRow + tap * tapRows, channel)),
  );
  const sums = Array.from({ length: points }, (_, point) =>
    Array.from({ length: panels }, (_, panel) => {
      const valueAt = (tap: number, channel: number) => transformed[tap]![channel]![point]!;
      return [...panelProducts(f32, products, { point, panel, valueAt })];
    }).flat(),
  );
  for (let channel = 0; channel < output.outC; channel++) {
    finishTile(f32, output, { row, channel, products: sums.map(atPoint => atPoint[channel]!) });
  }
}
