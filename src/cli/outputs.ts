/** Where results go: names are understood and places tried before a run starts, files are written after it. */
import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { NumavoxError } from '../index.js';
import { checkWritable } from './files.js';
import { isNiftiName } from './input.js';

export interface OutputFiles {
  /** The first output as it is. */
  readonly npy: string | null;
  /** Labels as NIfTI. */
  readonly labels: string | null;
  readonly png: string | null;
  /** Which worker did what, and when, as a Chrome trace. */
  readonly trace: string | null;
}

export interface OutputFlags {
  readonly output?: string;
  readonly png?: string;
  readonly trace?: string;
}

/**
 * Labels bring a picture of the same name unless --png names it.
 * @param hasVolume labels and pictures lie on the grid of a volume that is fed
 * @param sources files that are read: none of them is written over
 * @throws NumavoxError `usage` for a name or place that cannot be
 */
export function planOutputs(flags: OutputFlags, hasVolume: boolean, sources: readonly string[]): OutputFiles {
  const { output = null, png = null, trace = null } = flags;
  const labels = output !== null && isNiftiName(output) ? output : null;
  const npy = output !== null && /\.npy$/i.test(output) ? output : null;
  if (output !== null && labels === null && npy === null) {
    throw new NumavoxError('usage', `--output ${output}: expected a name in .npy, .nii or .nii.gz`);
  }
  if (png !== null && !/\.png$/i.test(png)) throw new NumavoxError('usage', `--png ${png}: expected a name in .png`);
  if (!hasVolume && (labels !== null || png !== null)) {
    const flag = labels !== null ? `--output ${labels}` : `--png ${png}`;
    throw new NumavoxError('usage', `${flag}: labels need an --input volume (.nii or .nii.gz), on whose grid they lie`);
  }
  const picture = png ?? labels?.replace(/\.nii(\.gz)?$/i, '.png') ?? null;
  const results = [npy, labels, picture].filter(file => file !== null);
  for (const file of results) checkOutput(file, sources);
  if (trace !== null) checkOutput(trace, sources);
  if (trace !== null && results.some(file => resolve(file) === resolve(trace) || sameFile(file, trace))) {
    throw new NumavoxError('usage', `--trace ${trace}: is written with a result, so it cannot hold the trace too`);
  }
  return { npy, labels, png: picture, trace };
}

/** @throws NumavoxError `usage` where the file cannot be written, or is one of those that are read */
export function checkOutput(file: string, sources: readonly string[]): void {
  checkWritable(file);
  if (sources.some(source => sameFile(source, file))) {
    throw new NumavoxError('usage', `${file}: is read by this run, so it cannot be written`);
  }
}

/** Whether two names that exist are one file. */
export const sameFile = (a: string, b: string): boolean =>
  existsSync(a) && existsSync(b) && realpathSync(a) === realpathSync(b);
