/** From a network's output to one label per voxel. */
import { NumavoxError } from '../../index.js';

/** Labels are stored in a byte each. */
const maxClasses = 256;

/** Voxels whose best score so far is kept: scores of a large volume leave little memory for a second array. */
const blockVoxels = 1 << 16;

/** Of one channel: where a probability makes a voxel foreground. */
const threshold = 0.5;

/** Classes that `labelVoxels` tells apart; more than a byte holds is an error of kind `unsupported`. */
export function classCount(channels: number): number {
  if (channels > maxClasses) {
    throw new NumavoxError('unsupported', `${channels} classes do not fit into uint8 labels (at most ${maxClasses})`);
  }
  return channels === 1 ? 2 : channels;
}

/**
 * The channel with the largest score, the first of equals; of one channel, 1 where it is above 0.5.
 * NaN never wins over a number, and is label 0 where every channel has it.
 * @param scores [channels, voxels], row-major
 */
export function labelVoxels(scores: Float32Array, channels: number): Uint8Array {
  const voxels = scores.length / channels;
  const labels = new Uint8Array(voxels);
  if (channels === 1) {
    for (let i = 0; i < voxels; i++) if (scores[i]! > threshold) labels[i] = 1;
    return labels;
  }
  const best = new Float32Array(Math.min(voxels, blockVoxels));
  for (let start = 0; start < voxels; start += blockVoxels) {
    const count = Math.min(blockVoxels, voxels - start);
    best.fill(Number.NEGATIVE_INFINITY);
    for (let channel = 0; channel < channels; channel++) {
      const offset = channel * voxels + start;
      for (let i = 0; i < count; i++) {
        const score = scores[offset + i]!;
        if (score > best[i]!) {
          best[i] = score;
          labels[start + i] = channel;
        }
      }
    }
  }
  return labels;
}

/** Voxels of each label. */
export function countLabels(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  return counts;
}
