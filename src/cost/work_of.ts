/** Every kernel's work, by the kernel's name. Invariant: a kernel of the runtime without an entry is an error, not free. */
import { depthwiseWork, gemmWork, planarWinogradWork, planarWork, pointwiseWork } from './convolution_work.js';
import {
  affineWork,
  binaryWork,
  copyWork,
  fillWork,
  gatherWork,
  gemvWork,
  matmulWork,
  poolWork,
  reduceWork,
  resizeWork,
  softmaxWork,
  unaryWork,
} from './streaming_work.js';
import { convWinogradWork, winogradInputWork, winogradOutputWork, winogradProductsWork } from './winograd_work.js';
import type { CacheSizes, CostedStep, Values, Work } from './work.js';

const works: Readonly<Record<string, (values: Values, caches: CacheSizes) => Work>> = {
  f32_conv_gemm: gemmWork,
  f32_conv_pointwise: pointwiseWork,
  f32_conv_planar: planarWork,
  f32_conv_planar_winograd: planarWinogradWork,
  f32_conv_depthwise: depthwiseWork,
  f32_gemv: gemvWork(4),
  f32_gemv_bf16: gemvWork(2),
  f32_matmul: matmulWork,
  f32_pool_max: poolWork('poolMaxTap'),
  f32_pool_average: poolWork('poolAverageTap'),
  f32_reduce_mean: reduceWork,
  f32_reduce_max: reduceWork,
  f32_unary: unaryWork,
  f32_add: binaryWork,
  f32_sub: binaryWork,
  f32_mul: binaryWork,
  f32_div: binaryWork,
  f32_prelu: binaryWork,
  f32_affine: affineWork,
  f32_copy: copyWork,
  f32_fill: fillWork,
  f32_gather_nd: gatherWork,
  f32_resize: resizeWork,
  f32_softmax: softmaxWork,
  f32_log_softmax: softmaxWork,
  f32_conv_winograd: convWinogradWork,
  f32_winograd_input: winogradInputWork,
  f32_winograd_products: winogradProductsWork,
  f32_winograd_output: winogradOutputWork,
};

/** Names of the kernels whose work is known: all of them. */
export const costedKernels: readonly string[] = Object.keys(works);

/** @throws TypeError for a kernel that is not in the table */
export function workOf({ kernel, values }: CostedStep, caches: CacheSizes): Work {
  const work = works[kernel];
  if (!work) throw new TypeError(`the work of ${kernel} is not known`);
  return work(values, caches);
}
