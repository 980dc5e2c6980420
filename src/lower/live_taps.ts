/**
 * Which taps of a convolution read anything but padding. The others add nothing to any output: they are neither packed nor
 * computed. Invariant: asked of the whole layer, so that every part of it is computed with the same taps.
 */

import type { ConvNode } from '../graph/ir.js';
import type { Triple } from '../kernels/sizes.js';
import { ndhwcFields, windowFields } from './spatial.js';

export interface LiveTaps {
  /** Along each axis, the first live tap and how many there are. */
  readonly first: Triple;
  readonly counts: Triple;
}

export function liveTaps(node: ConvNode, x: readonly number[], y: readonly number[]): LiveTaps {
  const { inD, inH, inW, outD, outH, outW } = ndhwcFields(x, y);
  const w = windowFields(node.window);
  const along = [
    liveAlong(inD, outD, { taps: w.kD, stride: w.strideD, dil: w.dilD, pad: w.padD }),
    liveAlong(inH, outH, { taps: w.kH, stride: w.strideH, dil: w.dilH, pad: w.padH }),
    liveAlong(inW, outW, { taps: w.kW, stride: w.strideW, dil: w.dilW, pad: w.padW }),
  ];
  return {
    first: along.map(([first]) => first) as unknown as Triple,
    counts: along.map(([first, last]) => last - first + 1) as unknown as Triple,
  };
}

interface AxisWindow {
  readonly taps: number;
  readonly stride: number;
  readonly dil: number;
  readonly pad: number;
}

/** The first and the last live tap; all of them where none is. */
function liveAlong(size: number, outputs: number, { taps, stride, dil, pad }: AxisWindow): [number, number] {
  const live: number[] = [];
  for (let tap = 0; tap < taps; tap++) {
    const first = tap * dil - pad;
    const reads = Array.from({ length: outputs }, (_, o) => first + o * stride);
    if (reads.some(position => position >= 0 && position < size)) live.push(tap);
  }
  return live.length === 0 ? [0, taps - 1] : [live[0]!, live.at(-1)!];
}

/** The window fields of a layer, or of a part of it, with the live taps alone. A pad may become negative. */
export function liveWindow(node: ConvNode, { first, counts }: LiveTaps) {
  const w = windowFields(node.window);
  return {
    ...w,
    ...{ kD: counts[0], kH: counts[1], kW: counts[2] },
    padD: w.padD - first[0] * w.dilD,
    padH: w.padH - first[1] * w.dilH,
    padW: w.padW - first[2] * w.dilW,
  };
}

/** The live taps as runs of the kernel's taps, each its first tap and its length. */
export function liveRuns(node: ConvNode, { first, counts }: LiveTaps): readonly (readonly [number, number])[] {
  const { kH, kW } = windowFields(node.window);
  const runs: [number, number][] = [];
  for (let d = first[0]; d < first[0] + counts[0]; d++) {
    for (let h = first[1]; h < first[1] + counts[1]; h++) {
      const start = (d * kH + h) * kW + first[2];
      const last = runs.at(-1);
      if (last && last[0] + last[1] === start) last[1] += counts[2];
      else runs.push([start, counts[2]]);
    }
  }
  return runs;
}
