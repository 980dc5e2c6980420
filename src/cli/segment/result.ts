/** A network's output as labels on the grid of the volume it was fed with. */
import { NumavoxError } from '../../index.js';
import type { VolumeFeed } from '../feeds.js';
import type { FloatTensor } from '../formats/npy.js';
import { formatDims } from '../text.js';
import { restore, sizeXyz } from './fit.js';
import { classCount, countLabels, labelVoxels } from './labels.js';

export interface Segmentation {
  /** Row-major [z, y, x] of the volume's own grid. */
  readonly labels: Uint8Array;
  /** Voxels by label. */
  readonly counts: readonly number[];
}

/**
 * Why an output of these sizes is no segmentation of the volume, or null where it is one ([1, C, D, H, W] with D, H, W
 * as fed). Symbolic sizes are taken for what they should be.
 */
export function segmentationProblem(dims: readonly (number | string)[], volume: VolumeFeed): string | null {
  if (dims.length !== 5 || (typeof dims[0] === 'number' && dims[0] !== 1)) {
    return `labels need an output of 1xCxDxHxW, the model's is ${formatDims(dims)}`;
  }
  const spatial = dims.slice(2);
  if (spatial.every((dim, axis) => typeof dim === 'string' || dim === volume.fedSize[axis])) return null;
  const size = [...spatial].reverse().join('x');
  return `labels need an output of the input's size, ${sizeXyz(volume.fedSize)} (x, y, z), the model's is ${size}`;
}

/** @throws NumavoxError `unsupported` where the output is no segmentation, or has more classes than labels. */
export function requireSegmentation(dims: readonly (number | string)[], volume: VolumeFeed): void {
  const problem = segmentationProblem(dims, volume);
  if (problem !== null) throw new NumavoxError('unsupported', problem);
  if (typeof dims[1] === 'number') classCount(dims[1]);
}

export function segment(output: FloatTensor, volume: VolumeFeed): Segmentation {
  requireSegmentation(output.dims, volume);
  const channels = output.dims[1]!;
  const onModelGrid = labelVoxels(output.data, channels);
  const labels = volume.fit === null ? onModelGrid : restore(onModelGrid, volume.fit);
  return { labels, counts: countLabels(labels, classCount(channels)) };
}
