/** What a run found, for people, programs and files: statistics of every output, and the first one's classes or labels. */

import { type ClassScore, classesOf, topClasses } from './classify.js';
import type { NamedTensor } from './engine.js';
import type { Feeds } from './feeds.js';
import { writeWhole } from './files.js';
import { niftiLabels } from './formats/nifti_labels.js';
import { type FloatTensor, npyPieces } from './formats/npy.js';
import { pngBytes } from './formats/png.js';
import type { OutputFiles } from './outputs.js';
import { slicePicture } from './segment/picture.js';
import { type Segmentation, segment, segmentationProblem } from './segment/result.js';
import { formatDims, formatTable } from './text.js';

interface OutputStatistics {
  readonly name: string;
  readonly dims: readonly number[];
  /** Over finite values; null where there are none. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Values that are NaN or infinite. */
  readonly notFinite: number;
}

export interface Outcome {
  readonly first: FloatTensor;
  readonly outputs: readonly OutputStatistics[];
  readonly top: readonly ClassScore[] | null;
  readonly segmentation: Segmentation | null;
  readonly labelNames: readonly string[] | null;
}

export function readOutcome(
  outputs: readonly NamedTensor[],
  feeds: Feeds,
  options: { readonly top: number; readonly labels: readonly string[] | null },
): Outcome {
  const first = outputs[0]!;
  const { volume } = feeds;
  const segmented = volume !== null && segmentationProblem(first.dims, volume) === null;
  const classes = segmented ? null : classesOf(first.dims);
  return {
    first,
    outputs: outputs.map(statistics),
    top: classes === null ? null : topClasses(first, classes, options.top, options.labels),
    segmentation: segmented ? segment(first, volume) : null,
    labelNames: options.labels,
  };
}

export function writeOutcome(outcome: Outcome, feeds: Feeds, files: OutputFiles): void {
  if (files.npy !== null) writeWhole(files.npy, npyPieces(outcome.first));
  const { segmentation } = outcome;
  const { volume } = feeds;
  if (segmentation === null || volume === null) return;
  if (files.labels !== null) {
    writeWhole(files.labels, [niftiLabels(segmentation.labels, volume.grid, /\.gz$/i.test(files.labels))]);
  }
  if (files.png !== null) {
    writeWhole(files.png, [pngBytes(slicePicture(volume.intensities, segmentation.labels, volume.grid))]);
  }
}

export function outcomeText(outcome: Outcome): string {
  if (outcome.segmentation !== null) return labelTable(outcome.segmentation, outcome.labelNames);
  if (outcome.top !== null) return classTable(outcome.top);
  const rows = outcome.outputs.map(({ name, dims, min, max, mean, notFinite }) => [
    name,
    formatDims(dims),
    ...[min, max, mean].map(value => value?.toPrecision(6) ?? '-'),
    String(notFinite),
  ]);
  return formatTable('llrrrr', [['output', 'size', 'min', 'max', 'mean', 'not finite'], ...rows]);
}

export function outcomeJson({ outputs, top, segmentation, labelNames }: Outcome): object {
  return {
    outputs,
    ...(top !== null && { top }),
    ...(segmentation !== null && {
      labels: segmentation.counts.map((voxels, label) => ({ label, name: labelNames?.[label] ?? null, voxels })),
    }),
  };
}

function classTable(top: readonly ClassScore[]): string {
  const named = top.some(score => score.label !== null);
  const batched = top.some(score => score.item > 0);
  const pick = (item: string, rank: string, label: string, name: string, probability: string): string[] => [
    ...(batched ? [item] : []),
    rank,
    label,
    ...(named ? [name] : []),
    probability,
  ];
  const rows = top.map((score, i) => {
    const rank = 1 + i - top.findIndex(other => other.item === score.item);
    const percent = Number.isNaN(score.probability) ? 'NaN' : `${(100 * score.probability).toFixed(2)} %`;
    return pick(String(score.item), String(rank), String(score.class), score.label ?? '', percent);
  });
  const align = pick('r', 'r', 'r', 'l', 'r').join('');
  return formatTable(align, [pick('item', 'rank', 'class', 'name', 'probability'), ...rows]);
}

/** Labels that no voxel has are left out. */
function labelTable({ counts }: Segmentation, names: readonly string[] | null): string {
  const total = counts.reduce((a, b) => a + b, 0);
  const rows = counts
    .map((voxels, label) => [
      String(label),
      names?.[label] ?? '',
      String(voxels),
      `${((100 * voxels) / total).toFixed(2)} %`,
    ])
    .filter((_, label) => counts[label]! > 0);
  const header = ['label', 'name', 'voxels', 'share'];
  const columns = names === null ? [0, 2, 3] : [0, 1, 2, 3];
  const align = names === null ? 'rrr' : 'rlrr';
  return formatTable(
    align,
    [header, ...rows].map(row => columns.map(column => row[column]!)),
  );
}

function statistics({ name, dims, data }: NamedTensor): OutputStatistics {
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
  const some = finite > 0;
  return {
    name,
    dims,
    min: some ? min : null,
    max: some ? max : null,
    mean: some ? sum / finite : null,
    notFinite: data.length - finite,
  };
}
