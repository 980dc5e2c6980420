/** A profile of two layers on two workers: a convolution by Winograd's method, then a softmax on a twin. */
import type { InferenceProfile, ProfiledStep } from '../../../src/index.js';

const step = (name: string, kernel: string, at: Pick<ProfiledStep, 'startMs' | 'busyMs' | 'waitMs'>): ProfiledStep => ({
  name,
  layer: name,
  op: name === 'conv1' ? 'Conv' : 'Softmax',
  kernels: [kernel],
  twin: name === 'prob',
  flops: kernel === 'f32_gemm' ? 8e6 : 0,
  ...at,
});

export const twoWorkers: InferenceProfile = {
  totalMs: 10,
  layers: [
    {
      name: 'conv1',
      op: 'Conv',
      ms: 8,
      flops: 8e6,
      directFlops: 16e6,
      kernels: ['f32_wino', 'f32_gemm'],
      twin: false,
      busyMs: [8, 4],
      waitMs: [0, 4],
    },
    {
      name: 'prob',
      op: 'Softmax',
      ms: 2,
      flops: 0,
      directFlops: 0,
      kernels: ['f32_softmax'],
      twin: true,
      busyMs: [2, 0],
      waitMs: [0, 2],
    },
  ],
  steps: [
    step('conv1', 'f32_wino', { startMs: [0, 0], busyMs: [2, 1], waitMs: [0, 1] }),
    step('conv1', 'f32_gemm', { startMs: [2, 2], busyMs: [6, 3], waitMs: [0, 3] }),
    step('prob', 'f32_softmax', { startMs: [8, 8], busyMs: [2, 0], waitMs: [0, 2] }),
  ],
};
