/**
 * One kernel on made-up operands: what the calibration times. Invariant: a case is plain data; where its operands lie is
 * decided when it becomes part of a program.
 */
import { activationCodes } from '../kernels/kernel.js';

export interface KernelCase {
  readonly kernel: string;
  /** Every field of the descriptor that is no address. */
  readonly values: Readonly<Record<string, number>>;
  /** Bytes, or words, of each operand that is there, by the name of its field. */
  readonly operands: Readonly<Record<string, number | Int32Array>>;
  /** Operands that the layer before has just written, so that they come from the caches if they fit. */
  readonly fresh: readonly string[];
}

type Sizes = Readonly<Record<string, number>>;

/** Sizes of a layer over channels-last tensors: everything not given is 1, pads are 0. */
export interface WindowOptions {
  readonly x: readonly [d: number, h: number, w: number];
  readonly inC: number;
  readonly outC: number;
  readonly kernel?: readonly [d: number, h: number, w: number];
  readonly stride?: number;
  readonly pad?: number;
}

/** The fields of `ndhwc` and `window`, and the elements of x and y. */
export function windowSizes({ x, inC, outC, kernel = [1, 1, 1], stride = 1, pad = 0 }: WindowOptions) {
  const axes = ['D', 'H', 'W'] as const;
  const pads = kernel.map(size => (size === 1 ? 0 : pad));
  const out = x.map((size, axis) => Math.floor((size + 2 * pads[axis]! - kernel[axis]!) / stride) + 1);
  const of = (prefix: string, sizes: readonly number[]): Sizes =>
    Object.fromEntries(axes.map((axis, i) => [`${prefix}${axis}`, sizes[i]!]));
  const ones = [1, 1, 1];
  const values = {
    batch: 1,
    inC,
    outC,
    ...of('in', x),
    ...of('out', out),
    ...of('k', kernel),
    ...of('stride', [stride, stride, stride]),
    ...of('dil', ones),
    ...of('pad', pads),
  } as Sizes & Record<'batch' | 'inC' | 'outC' | 'outD' | 'outH' | 'outW' | 'kD' | 'kH' | 'kW', number>;
  const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);
  return {
    values,
    inputs: product(x) * inC,
    positions: product(out),
    outputs: product(out) * outC,
    taps: product(kernel),
  };
}

export const activationOf = (kind: keyof typeof activationCodes): Sizes => ({
  activation: activationCodes[kind],
  alpha: 1,
  beta: 6,
});

/** Six sizes or strides as fields: prefix0 ... prefix5; missing ones in front. */
export function six(prefix: string, values: readonly number[], missing: number): Sizes {
  const all = [...new Array<number>(6 - values.length).fill(missing), ...values];
  return Object.fromEntries(all.map((value, axis) => [`${prefix}${axis}`, value]));
}
