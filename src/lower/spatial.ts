import type { ConvNode, Window } from '../graph/ir.js';

/** [d, h, w] from one to three spatial sizes: 1D and 2D layers have unit sizes in front. */
export function lift(values: readonly number[], unit: number): [number, number, number] {
  const [d, h, w] = [unit, unit, unit, ...values].slice(-3);
  return [d!, h!, w!];
}

/** Descriptor fields of a channels-last tensor pair, from logical dimensions [N, C, spatial...]. */
export function ndhwcFields(x: readonly number[], y: readonly number[]) {
  const [inD, inH, inW] = lift(x.slice(2), 1);
  const [outD, outH, outW] = lift(y.slice(2), 1);
  return { batch: x[0]!, inC: x[1]!, inD, inH, inW, outC: y[1]!, outD, outH, outW };
}

/** Descriptor fields of a Conv's pool. */
export function poolFields({ pool }: Pick<ConvNode, 'pool'>) {
  const [poolD, poolH, poolW] = lift(pool ?? [], 1);
  return { poolD, poolH, poolW };
}

/** Descriptor fields of a window whose pads are explicit. */
export function windowFields(window: Window) {
  const [kD, kH, kW] = lift(window.kernel, 1);
  const [strideD, strideH, strideW] = lift(window.strides, 1);
  const [dilD, dilH, dilW] = lift(window.dilations, 1);
  const [padD, padH, padW] = lift(window.padsBegin, 0);
  return { kD, kH, kW, strideD, strideH, strideW, dilD, dilH, dilW, padD, padH, padW };
}
