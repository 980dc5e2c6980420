import type { Kernel } from './kernel.js';

/**
 * f32_reduce_mean, f32_reduce_max: x is [outer, count, inner], y is [outer, inner].
 * Fixed order: chunks of 256 of `count` are summed one after another, then the chunks' sums in order. NaN wins a maximum.
 * A unit is (outer, block of 64 of inner).
 */
export const reduceFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  outer: 'i32',
  count: 'i32',
  inner: 'i32',
} as const;

const chunk = 256;
const innerBlock = 64;

interface Reduction {
  readonly initial: number;
  readonly combine: (sum: number, value: number) => number;
  readonly finish: (sum: number, count: number) => number;
}

function reduce(name: string, { initial, combine, finish }: Reduction): Kernel<typeof reduceFields> {
  return {
    name,
    fields: reduceFields,
    units: d => d.outer * Math.ceil(d.inner / innerBlock),
    scratchBytes: () => 0,
    twin({ f32 }, d, begin, end) {
      const blocks = Math.ceil(d.inner / innerBlock);
      for (let unit = begin; unit < end; unit++) {
        const outer = Math.floor(unit / blocks);
        const first = (unit % blocks) * innerBlock;
        for (let inner = first; inner < Math.min(first + innerBlock, d.inner); inner++) {
          const x = d.xPtr / 4 + outer * d.count * d.inner + inner;
          let total = initial;
          for (let start = 0; start < d.count; start += chunk) {
            let sum = initial;
            for (let i = start; i < Math.min(start + chunk, d.count); i++) {
              sum = Math.fround(combine(sum, f32[x + i * d.inner]!));
            }
            total = Math.fround(combine(total, sum));
          }
          f32[d.yPtr / 4 + outer * d.inner + inner] = finish(total, d.count);
        }
      }
    },
  };
}

/** ONNX ReduceMean and GlobalAveragePool (any opset). */
export const reduceMean = reduce('f32_reduce_mean', {
  initial: 0,
  combine: (sum, value) => sum + value,
  finish: (sum, count) => sum / count,
});

/** ONNX GlobalMaxPool (any opset). */
export const reduceMax = reduce('f32_reduce_max', {
  initial: Number.NEGATIVE_INFINITY,
  combine: Math.max,
  finish: maximum => maximum,
});
