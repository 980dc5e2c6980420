/** Reads class scores: the most probable classes of each item of a batch. */
import { NumavoxError } from '../index.js';
import type { FloatTensor } from './formats/npy.js';

export interface ClassScore {
  /** Position in the batch. */
  readonly item: number;
  readonly class: number;
  readonly label: string | null;
  readonly probability: number;
}

/**
 * Classes of an output: [C], [N, C] or [N, C, 1, ...] with at least two of them; null for anything else.
 * A symbolic size is taken for what it should be.
 */
export function classesOf<Dim extends number | string>(dims: readonly Dim[]): Dim | null {
  const classes = dims.length === 1 ? dims[0] : dims[1];
  if (classes === undefined || (typeof classes === 'number' && classes < 2)) return null;
  return dims.slice(2).every(dim => dim === 1 || typeof dim === 'string') ? classes : null;
}

/**
 * The `top` best classes per item, best first, equals in order of class; NaN comes last.
 * Scores that are no distribution yet go through softmax (in float64).
 */
export function topClasses(
  scores: FloatTensor,
  classes: number,
  top: number,
  labels: readonly string[] | null,
): ClassScore[] {
  const items = scores.data.length / classes;
  return Array.from({ length: items }, (_, item) => {
    const probabilities = toProbabilities(scores.data.subarray(item * classes, (item + 1) * classes));
    return probabilities
      .map((probability, index) => ({ item, class: index, label: labels?.[index] ?? null, probability }))
      .sort((a, b) => rank(b.probability) - rank(a.probability) || a.class - b.class)
      .slice(0, top);
  }).flat();
}

const rank = (probability: number): number => (Number.isNaN(probability) ? -1 : probability);

function toProbabilities(scores: Float32Array): number[] {
  const values = Array.from(scores);
  const sum = values.reduce((a, b) => a + b, 0);
  if (values.every(value => value >= 0 && value <= 1 + 1e-5) && Math.abs(sum - 1) < 1e-3) return values;
  const max = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = values.map(value => Math.exp(value - max));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map(power => power / total);
}

/** One name per line; blank lines at the end do not count. */
export function parseLabels(bytes: Uint8Array, file: string): string[] {
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  if (text.includes('\0') || text.includes('\uFFFD')) throw new NumavoxError('input', `${file}: not UTF-8 text`);
  const lines = text.split(/\r?\n/).map(line => line.trim());
  while (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new NumavoxError('input', `${file}: holds no names`);
  return lines;
}

/** Names must be as many as classes: one missing line would shift every name. */
export function checkLabels(labels: readonly string[], file: string, classes: number): void {
  if (labels.length === classes) return;
  throw new NumavoxError('input', `${file} has ${labels.length} names, the model has ${classes} classes`);
}
