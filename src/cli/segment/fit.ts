/**
 * A volume laid centred on a grid of another size, and labels taken back. Along each axis one common stretch of voxels
 * is copied; `restore` reads exactly the voxels that `place` wrote.
 */
import { NumavoxError } from '../../index.js';

/** `pad` refuses to lose voxels; `crop` cuts the axes that are too long and pads those that are too short. */
export type FitMode = 'pad' | 'crop';

export type Size3 = readonly [number, number, number];

/** The common stretch of one axis. */
export interface AxisFit {
  readonly source: number;
  readonly target: number;
  readonly sourceStart: number;
  readonly targetStart: number;
  readonly length: number;
}

export type Fit = readonly [AxisFit, AxisFit, AxisFit];

/** Sizes are [z, y, x]; errors speak of x, y, z as volumes do. */
export function planFit(source: Size3, target: Size3, mode: FitMode): Fit {
  if (mode === 'pad' && source.some((size, axis) => size > target[axis]!)) {
    throw new NumavoxError(
      'input',
      `--fit pad cannot fit a volume of ${sizeXyz(source)} into ${sizeXyz(target)} (x, y, z): use --fit crop`,
    );
  }
  const [z, y, x] = source.map((size, axis) => fitAxis(size, target[axis]!)) as [AxisFit, AxisFit, AxisFit];
  return [z, y, x];
}

export const sizeXyz = (sizeZyx: Size3): string => [...sizeZyx].reverse().join('x');

function fitAxis(source: number, target: number): AxisFit {
  const length = Math.min(source, target);
  return {
    source,
    target,
    sourceStart: Math.floor((source - length) / 2),
    targetStart: Math.floor((target - length) / 2),
    length,
  };
}

/** The volume on the target grid, `background` where it does not reach. */
export function place(volume: Float32Array, fit: Fit, background: number): Float32Array {
  const result = new Float32Array(fit[0].target * fit[1].target * fit[2].target).fill(background);
  eachRow(fit, (sourceAt, targetAt, length) => {
    result.set(volume.subarray(sourceAt, sourceAt + length), targetAt);
  });
  return result;
}

/** Labels of the target grid back on the source's, 0 where they do not reach. */
export function restore(labels: Uint8Array, fit: Fit): Uint8Array {
  const result = new Uint8Array(fit[0].source * fit[1].source * fit[2].source);
  eachRow(fit, (sourceAt, targetAt, length) => {
    result.set(labels.subarray(targetAt, targetAt + length), sourceAt);
  });
  return result;
}

/** Calls with the offset in the source, the offset in the target and the length of every common row. */
function eachRow(fit: Fit, copy: (sourceAt: number, targetAt: number, length: number) => void): void {
  const [z, y, x] = fit;
  for (let k = 0; k < z.length; k++) {
    for (let j = 0; j < y.length; j++) {
      copy(
        ((z.sourceStart + k) * y.source + y.sourceStart + j) * x.source + x.sourceStart,
        ((z.targetStart + k) * y.target + y.targetStart + j) * x.target + x.targetStart,
        x.length,
      );
    }
  }
}
