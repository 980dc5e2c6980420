/** The weights of f32_winograd_products: transformed along each axis that is, and packed by panels. */
import { type AxisTile, transformsOf } from './winograd_transforms.js';

type Triple<T = number> = readonly [T, T, T];

/**
 * w [outC, inC, kD, kH, kW] -> [point][panel of 8 outputs][tap along d that is not transformed][channel][8]. `strides`: taps that lie
 * so far apart belong to one channel, [position along d][along h][along w][inC], with `shifts` empty taps in front; channels are
 * filled up to a multiple of four.
 */
export interface WinogradPacking {
  readonly kernel: 'f32_winograd_products';
  readonly axes: Triple<AxisTile>;
  readonly strides: Triple;
  readonly shifts: Triple;
  readonly outC: number;
  readonly inC: number;
  readonly taps: Triple;
}

const product = (values: readonly number[]) => values.reduce((all, value) => all * value, 1);

/** Sizes of the packed weights. */
export function winogradSizes({ axes, strides, taps, inC, outC }: WinogradPacking) {
  return {
    points: product(axes.map(axis => axis.points)),
    otherTaps: axes[0].points > 1 ? 1 : taps[0],
    channels: 4 * Math.ceil((inC * product(strides)) / 4),
    panels: Math.ceil(outC / 8),
  };
}

/** One axis of a kernel to its points, or to its taps where it is not transformed: [results][taps of the kernel]. */
function axisMatrix(packing: WinogradPacking, axis: number, position: number): number[][] {
  const tile = packing.axes[axis]!;
  const [taps, stride, shift] = [packing.taps[axis]!, packing.strides[axis]!, packing.shifts[axis]!];
  const chosen = (tap: number) => tap * stride + position - shift;
  const rows = tile.points > 1 ? transformsOf(tile).weight : identity(taps);
  return rows.map(row => {
    const result = new Array<number>(taps).fill(0);
    row.forEach((factor, tap) => {
      if (chosen(tap) >= 0 && chosen(tap) < taps) result[chosen(tap)] = factor;
    });
    return result;
  });
}

const identity = (size: number) =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => +(i === j)));

/**
 * For each position along [d, h, w] within a stride, the transform of a kernel [kD][kH][kW], in double precision. The result is
 * [point][tap along d], and good until the next call.
 */
export function kernelTransforms(packing: WinogradPacking): ((kernel: Float32Array) => Float64Array)[] {
  const [sD, sH, sW] = packing.strides;
  return Array.from({ length: sD * sH * sW }, (_, i) => {
    const positions = [Math.floor(i / (sH * sW)), Math.floor(i / sW) % sH, i % sW];
    return kernelTransform(packing, positions);
  });
}

function kernelTransform(
  packing: WinogradPacking,
  positions: readonly number[],
): (kernel: Float32Array) => Float64Array {
  const sizes: number[] = [...packing.taps];
  const passes = [2, 1, 0].map(axis => {
    const matrix = axisMatrix(packing, axis, positions[axis]!);
    const inner = product(sizes.slice(axis + 1));
    const outer = product(sizes.slice(0, axis));
    const taps = sizes[axis]!;
    sizes[axis] = matrix.length;
    return { outer, inner, taps, flat: Float64Array.from(matrix.flat()), out: new Float64Array(product(sizes)) };
  });
  // Where depth is not transformed, its taps come behind the points.
  const [depth, plane] = [sizes[0]!, sizes[1]! * sizes[2]!];
  const swapped = packing.axes[0].points > 1 ? null : new Float64Array(depth * plane);
  return kernel => {
    let from: ArrayLike<number> = kernel;
    for (const pass of passes) {
      multiplyAlong(pass, from);
      from = pass.out;
    }
    const out = passes[2]!.out;
    if (!swapped) return out;
    for (let d = 0; d < depth; d++) for (let i = 0; i < plane; i++) swapped[i * depth + d] = out[d * plane + i]!;
    return swapped;
  };
}

interface AxisPass {
  readonly outer: number;
  readonly inner: number;
  readonly taps: number;
  readonly flat: Float64Array;
  readonly out: Float64Array;
}

function multiplyAlong({ outer, inner, taps, flat, out }: AxisPass, from: ArrayLike<number>): void {
  const results = flat.length / taps;
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < results; r++) {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let t = 0; t < taps; t++) sum += flat[r * taps + t]! * from[(o * taps + t) * inner + i]!;
        out[to++] = sum;
      }
    }
  }
}
