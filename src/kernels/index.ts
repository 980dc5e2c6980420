import { convDepthwise } from './conv_depthwise.js';
import { convGemm } from './conv_gemm.js';
import { convPlanar } from './conv_planar.js';
import { convPlanarWinograd } from './conv_planar_winograd.js';
import { convPointwise } from './conv_pointwise.js';
import { convWinograd } from './conv_winograd.js';
import { copy, fill, gather } from './copy.js';
import { add, affine, div, mul, prelu, sub, unary } from './elementwise.js';
import { gemv, gemvBf16 } from './gemv.js';
import type { Kernel } from './kernel.js';
import { matmul } from './matmul.js';
import { packBf16 } from './pack_bf16.js';
import { packWinograd } from './pack_winograd.js';
import { poolAverage, poolMax } from './pool.js';
import { reduceMax, reduceMean } from './reduce.js';
import { resize } from './resize.js';
import { logSoftmax, softmax } from './softmax.js';
import { winogradInput } from './winograd_input.js';
import { winogradOutput } from './winograd_output.js';
import { winogradProducts } from './winograd_products.js';

const all = [
  convGemm,
  convPointwise,
  convPlanar,
  convPlanarWinograd,
  convDepthwise,
  convWinograd,
  gemv,
  gemvBf16,
  matmul,
  poolMax,
  poolAverage,
  reduceMean,
  reduceMax,
  unary,
  add,
  sub,
  mul,
  div,
  prelu,
  affine,
  copy,
  fill,
  gather,
  resize,
  softmax,
  logSoftmax,
  winogradInput,
  winogradProducts,
  winogradOutput,
] as unknown as readonly Kernel[];

const packing = [packWinograd, packBf16] as unknown as readonly Kernel[];

const byName = (list: readonly Kernel[]): Readonly<Record<string, Kernel>> =>
  Object.fromEntries(list.map(kernel => [kernel.name, kernel]));

/** Every kernel of a program's steps by its name, which is also its WebAssembly export's. */
export const kernels = byName(all);

/** Those that run while weights are packed, beside f32_copy. */
export const packKernels = byName(packing);
