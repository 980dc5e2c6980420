import { convDepthwise } from './conv_depthwise.js';
import { convGemm } from './conv_gemm.js';
import { convPlanar } from './conv_planar.js';
import { convPlanarWinograd } from './conv_planar_winograd.js';
import { copy, fill, gather } from './copy.js';
import { add, affine, div, mul, prelu, sub, unary } from './elementwise.js';
import { gemv } from './gemv.js';
import type { Kernel } from './kernel.js';
import { matmul } from './matmul.js';
import { poolAverage, poolMax } from './pool.js';
import { reduceMax, reduceMean } from './reduce.js';
import { resize } from './resize.js';
import { logSoftmax, softmax } from './softmax.js';
import { winogradInput, winogradOutput } from './winograd.js';

const all = [
  convGemm,
  convPlanar,
  convPlanarWinograd,
  convDepthwise,
  gemv,
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
  winogradOutput,
] as unknown as readonly Kernel[];

/** Every kernel by its name, which is also its WebAssembly export's. */
export const kernels: Readonly<Record<string, Kernel>> = Object.fromEntries(all.map(kernel => [kernel.name, kernel]));
