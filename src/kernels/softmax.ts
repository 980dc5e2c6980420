import type { Kernel } from './kernel.js';

/**
 * f32_softmax, f32_log_softmax: over the middle dimension of x [outer, count, inner], y alike; the maximum is taken off first.
 * exp(x - maximum) is summed in one chain along `count`. A NaN, or no maximum above -Infinity, makes the whole line NaN.
 * In place is allowed. A unit is (outer, block of 64 of inner).
 */
export const softmaxFields = {
  xPtr: 'ptr',
  yPtr: 'ptr',
  outer: 'i32',
  count: 'i32',
  inner: 'i32',
} as const;

const innerBlock = 64;

/** What becomes of one value, given x - maximum and the line's sum of exp(x - maximum). */
type Finish = (shifted: number, sum: number) => number;

function softmaxLike(name: string, finish: Finish): Kernel<typeof softmaxFields> {
  return {
    name,
    fields: softmaxFields,
    units: d => d.outer * Math.ceil(d.inner / innerBlock),
    scratchBytes: () => 0,
    twin({ f32 }, d, begin, end) {
      const blocks = Math.ceil(d.inner / innerBlock);
      for (let unit = begin; unit < end; unit++) {
        const outer = Math.floor(unit / blocks);
        const first = (unit % blocks) * innerBlock;
        for (let inner = first; inner < Math.min(first + innerBlock, d.inner); inner++) {
          const at = outer * d.count * d.inner + inner;
          const x = d.xPtr / 4 + at;
          const y = d.yPtr / 4 + at;
          let maximum = Number.NEGATIVE_INFINITY;
          for (let i = 0; i < d.count; i++) maximum = Math.max(maximum, f32[x + i * d.inner]!);
          let sum = 0;
          for (let i = 0; i < d.count; i++) {
            sum = Math.fround(sum + Math.fround(Math.exp(Math.fround(f32[x + i * d.inner]! - maximum))));
          }
          for (let i = 0; i < d.count; i++) {
            f32[y + i * d.inner] = finish(Math.fround(f32[x + i * d.inner]! - maximum), sum);
          }
        }
      }
    },
  };
}

/** ONNX Softmax (any opset). */
export const softmax = softmaxLike('f32_softmax', (shifted, sum) => Math.fround(Math.exp(shifted)) / sum);

/** ONNX LogSoftmax (any opset). */
export const logSoftmax = softmaxLike('f32_log_softmax', (shifted, sum) => shifted - Math.fround(Math.log(sum)));
