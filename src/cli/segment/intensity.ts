/** Intensities of a volume, scaled as the network was trained on. NaN stays NaN; what is not finite counts for nothing. */
import { NumavoxError } from '../../index.js';

/**
 * - `min-max`: the smallest becomes 0, the largest 1
 * - `none`: as they are
 * - `range`: `low` becomes 0, `high` becomes 1, what lies beyond is cut off (a CT window)
 * - `zscore`: mean 0, standard deviation 1
 */
export type Scale =
  | { readonly kind: 'min-max' | 'none' | 'zscore' }
  | { readonly kind: 'range'; readonly low: number; readonly high: number };

export interface Scaled {
  /** The scaled value of the smallest intensity: what a volume is padded with. */
  readonly background: number;
  /** Every finite voxel has the same intensity. */
  readonly constant: boolean;
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** `min-max`, `none`, `zscore` or `LOW,HIGH`; anything else is an error of kind `usage`. */
export function parseScale(text: string): Scale {
  if (text === 'min-max' || text === 'none' || text === 'zscore') return { kind: text };
  const parts = text.split(',').map(part => part.trim());
  if (parts.length === 2 && parts.every(part => decimal.test(part))) {
    const [low, high] = parts.map(Number) as [number, number];
    if (low < high) return { kind: 'range', low, high };
  }
  throw new NumavoxError(
    'usage',
    `--scale ${text}: expected min-max, none, zscore or two numbers LOW,HIGH with LOW < HIGH`,
  );
}

/** Scales in place. Sums are float64, one rounding to float32 per voxel. */
export function scaleIntensities(data: Float32Array, scale: Scale): Scaled {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let finite = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) continue;
    finite++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const constant = !(max > min);
  if (finite === 0) return { background: 0, constant };
  switch (scale.kind) {
    case 'none':
      return { background: min, constant };
    case 'zscore': {
      const mean = sum / finite;
      const deviation = standardDeviation(data, mean, finite);
      return { background: rescale(data, mean, constant ? 1 : deviation, min), constant };
    }
    case 'min-max':
      return { background: rescale(data, min, constant ? 1 : max - min, min), constant };
    case 'range':
      for (let i = 0; i < data.length; i++) data[i] = clip(data[i]!, scale.low, scale.high);
      return {
        background: rescale(data, scale.low, scale.high - scale.low, clip(min, scale.low, scale.high)),
        constant,
      };
  }
}

/** x -> (x - offset) / unit, and the same of `value`. */
function rescale(data: Float32Array, offset: number, unit: number, value: number): number {
  for (let i = 0; i < data.length; i++) data[i] = (data[i]! - offset) / unit;
  return Math.fround((value - offset) / unit);
}

/** NaN stays NaN. */
const clip = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

function standardDeviation(data: Float32Array, mean: number, finite: number): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) if (Number.isFinite(data[i]!)) sum += (data[i]! - mean) ** 2;
  return Math.sqrt(sum / finite);
}
