/**
 * What a node computes of a layer, drawn into a frame that stands for the whole output: channels run across, space runs down (depth,
 * and height within it). Invariant: the painted area is the node's share.
 */
import type { PlannedLayerInfo } from '../../index.js';
import { colours, partColours } from './style.js';
import { rect } from './svg.js';

export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type Layer = Pick<PlannedLayerInfo, 'boxes' | 'cut' | 'dims'>;

/** The frame, and in it the part. */
export function partIn({ x, y, width, height }: Frame, layer: Layer, memory: number): string[] {
  const box = layer.boxes[memory] ?? null;
  const frame = (fill: string) => rect(x, y, width, height, { class: 'frame', fill, stroke: colours.line, rx: 2 });
  if (!box) return [frame('white')];
  const [left, right] = shareAlong(box, layer.dims, [1]);
  const [top, bottom] = shareAlong(box, layer.dims, spatialAxes(layer.dims.length));
  const painted = rect(x + left * width, y + top * height, (right - left) * width, (bottom - top) * height, {
    class: 'part',
    fill: partColours[layer.cut],
  });
  return [frame(colours.empty), painted];
}

/** Those that may be cut. */
const spatialAxes = (rank: number): number[] => Array.from({ length: Math.max(0, rank - 3) }, (_, axis) => axis + 2);

/** Where the box begins and ends of 0 to 1, its axes one within the other. */
function shareAlong(
  box: readonly (readonly [number, number])[],
  dims: readonly number[],
  axes: readonly number[],
): [number, number] {
  let [from, to] = [0, 1];
  for (const axis of axes) {
    const range = box[axis];
    const size = dims[axis]!;
    if (!range || (range[0] === 0 && range[1] === size)) continue;
    const length = to - from;
    [from, to] = [from + (length * range[0]) / size, from + (length * range[1]) / size];
  }
  return [from, to];
}
