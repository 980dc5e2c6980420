import { describe, expect, it } from 'vitest';
import { kernels, packKernels } from '../../../src/kernels/index.js';
import { kernelExport, moduleNames } from './harness.js';

describe('the kernel table', () => {
  it.each(Object.entries({ ...kernels, ...packKernels }))(
    '%s is an export of both modules under its own name',
    (name, kernel) => {
      expect(kernel.name).toBe(name);
      for (const module of moduleNames) expect(kernelExport(module, name)).toBeTypeOf('function');
    },
  );

  it('holds every kernel of this folder', () => {
    expect(Object.keys(kernels)).toEqual(
      expect.arrayContaining([
        ...['f32_pool_max', 'f32_pool_average', 'f32_reduce_mean', 'f32_reduce_max', 'f32_unary', 'f32_affine'],
        ...['f32_add', 'f32_sub', 'f32_mul', 'f32_div', 'f32_prelu', 'f32_copy', 'f32_fill', 'f32_gather_nd'],
        ...['f32_resize', 'f32_softmax', 'f32_log_softmax', 'f32_conv_gemm', 'f32_gemv', 'f32_gemv_bf16'],
        'f32_conv_pointwise',
      ]),
    );
  });
});
