import type { Values } from './descriptor.js';
import { ndhwc, window } from './fields.js';
import type { Kernel } from './kernel.js';
import { rowsPerUnit } from './rows.js';

/**
 * f32_pool_max, f32_pool_average: pooling over a window, channels last (outC = inC), lanes along channels.
 *
 * Maximum: over the taps inside x; NaN wins. Average: the sum of the taps inside x, over their number, or, with
 * countIncludePad, over the number of taps inside the padded extent [-pad, in + padEnd) of each axis.
 * A window without a tap inside x has the maximum -Infinity and the average 0.
 * A unit is a block of mBlock output rows (batch, d, h).
 */
export const poolFields = {
  ...ndhwc,
  ...window,
  padEndD: 'i32',
  padEndH: 'i32',
  padEndW: 'i32',
  countIncludePad: 'i32',
  mBlock: 'i32',
} as const;

type PoolValues = Values<typeof poolFields>;

interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
  readonly padEnd: number;
}

/** One axis of a window at one output position: its taps [begin, end) lie inside x, `padded` of them inside the padded extent;
 * tap t is at start + t * dilation. */
interface Taps {
  readonly start: number;
  readonly begin: number;
  readonly end: number;
  readonly padded: number;
}

function tapsAt(output: number, axis: Axis): Taps {
  const start = output * axis.stride - axis.pad;
  const tapsBefore = (limit: number) => Math.min(axis.kernel, Math.max(0, Math.ceil((limit - start) / axis.dilation)));
  return { start, begin: tapsBefore(0), end: tapsBefore(axis.size), padded: tapsBefore(axis.size + axis.padEnd) };
}

const axesOf = (d: PoolValues): [Axis, Axis, Axis] => [
  { size: d.inD, kernel: d.kD, stride: d.strideD, dilation: d.dilD, pad: d.padD, padEnd: d.padEndD },
  { size: d.inH, kernel: d.kH, stride: d.strideH, dilation: d.dilH, pad: d.padH, padEnd: d.padEndH },
  { size: d.inW, kernel: d.kW, stride: d.strideW, dilation: d.dilW, pad: d.padW, padEnd: d.padEndW },
];

/** How the values of a window become one. */
interface Reduction {
  readonly initial: number;
  readonly combine: (sum: number, value: number) => number;
  /** `inside`: taps inside x; `padded`: taps inside the padded extent. */
  readonly finish: (sum: number, counts: { inside: number; padded: number; includePad: boolean }) => number;
}

function pool(name: string, { initial, combine, finish }: Reduction): Kernel<typeof poolFields> {
  return {
    name,
    fields: poolFields,
    units: d => Math.ceil((d.batch * d.outD * d.outH) / d.mBlock),
    scratchBytes: () => 0,
    twin({ f32 }, d, begin, end) {
      const [axisD, axisH, axisW] = axesOf(d);
      const includePad = d.countIncludePad !== 0;
      const sums = new Float32Array(d.outC);
      const last = Math.min(end * d.mBlock, d.batch * d.outD * d.outH);
      for (let row = begin * d.mBlock; row < last; row++) {
        const h = tapsAt(row % d.outH, axisH);
        const plane = Math.floor(row / d.outH);
        const td = tapsAt(plane % d.outD, axisD);
        const n = Math.floor(plane / d.outD);
        for (let ow = 0; ow < d.outW; ow++) {
          const w = tapsAt(ow, axisW);
          sums.fill(initial);
          for (let kd = td.begin; kd < td.end; kd++) {
            for (let kh = h.begin; kh < h.end; kh++) {
              for (let kw = w.begin; kw < w.end; kw++) {
                const inD = td.start + kd * d.dilD;
                const inH = h.start + kh * d.dilH;
                const inW = w.start + kw * d.dilW;
                const x = d.xPtr / 4 + (((n * d.inD + inD) * d.inH + inH) * d.inW + inW) * d.inC;
                for (let c = 0; c < d.outC; c++) sums[c] = combine(sums[c]!, f32[x + c]!);
              }
            }
          }
          const inside = (td.end - td.begin) * (h.end - h.begin) * (w.end - w.begin);
          const counts = { inside, padded: td.padded * h.padded * w.padded, includePad };
          const y = d.yPtr / 4 + (row * d.outW + ow) * d.outC;
          for (let c = 0; c < d.outC; c++) f32[y + c] = finish(sums[c]!, counts);
        }
      }
    },
  };
}

/** ONNX MaxPool (opset 1 to 22), without indices. */
export const poolMax = pool('f32_pool_max', {
  initial: Number.NEGATIVE_INFINITY,
  combine: Math.max,
  finish: maximum => maximum,
});

/** ONNX AveragePool (opset 1 to 22). */
export const poolAverage = pool('f32_pool_average', {
  initial: 0,
  combine: (sum, value) => sum + value,
  finish: (sum, { inside, padded, includePad }) => (inside === 0 ? 0 : sum / (includePad ? padded : inside)),
});

/** Default mBlock. */
export function poolRowBlock(shape: { outW: number; outC: number; kD: number; kH: number; kW: number }): number {
  return rowsPerUnit(shape.outW * shape.outC * (1 + shape.kD * shape.kH * shape.kW));
}
