import { describe, expect, it } from 'vitest';
import { fromBf16, toBf16 } from '../../../src/kernels/bf16.js';
import { type Packing, packBytes } from '../../../src/kernels/packing.js';
import { axisTiles, tapsOf, transformsOf } from '../../../src/kernels/winograd_transforms.js';
import { type WinogradPacking, winogradSizes } from '../../../src/kernels/winograd_weights.js';
import { randomFloats } from './harness.js';
import { packed, reading } from './packed.js';

/** Packings that only move elements. */
type Placed = Exclude<Packing, { kernel: 'f32_winograd_products' | 'f32_conv_planar_winograd' | 'f32_gemv_bf16' }>;

/** Where the constant's element i goes in the packed operand: each layout by its definition. -1: nowhere. */
function placeOf(packing: Placed, i: number): number {
  switch (packing.kernel) {
    case 'dense':
      return i;
    case 'f32_conv_gemm': {
      const { groups, outC, groupInC, taps, runs } = packing;
      const [o, c, tap] = [Math.floor(i / (groupInC * taps)), Math.floor(i / taps) % groupInC, i % taps];
      const [group, inGroup] = [Math.floor(o / (outC / groups)), o % (outC / groups)];
      const panel = group * Math.ceil(outC / groups / 8) + Math.floor(inGroup / 8);
      let [live, before] = [0, -1];
      for (const [first, length] of runs) {
        if (tap >= first && tap < first + length) before = live + tap - first;
        live += length;
      }
      return before < 0 ? -1 : ((panel * live + before) * groupInC + c) * 8 + (inGroup % 8);
    }
    case 'f32_conv_pointwise/matrix':
    case 'f32_gemv': {
      const { outputs, depth, transposed, first, of } = packing;
      const width = packing.kernel === 'f32_gemv' ? 32 : 8;
      const [k, column] = transposed ? [i % depth, Math.floor(i / depth)] : [Math.floor(i / of), i % of];
      const n = column - first;
      if (n < 0 || n >= outputs) return -1;
      return (Math.floor(n / width) * depth + k) * width + (n % width);
    }
    case 'f32_conv_planar':
    case 'f32_conv_depthwise': {
      const [outC, inC] = packing.kernel === 'f32_conv_planar' ? [packing.outC, packing.inC] : [packing.channels, 1];
      const { taps } = packing;
      const [o, c, tap] = [Math.floor(i / (inC * taps)), Math.floor(i / taps) % inC, i % taps];
      return (tap * inC + c) * outC + o;
    }
  }
}

function elementsOf(packing: Placed): number {
  switch (packing.kernel) {
    case 'dense':
      return packing.elements;
    case 'f32_conv_gemm':
      return packing.outC * packing.groupInC * packing.taps;
    case 'f32_conv_pointwise/matrix':
    case 'f32_gemv':
      return packing.of * packing.depth;
    case 'f32_conv_planar':
      return packing.outC * packing.inC * packing.taps;
    case 'f32_conv_depthwise':
      return packing.channels * packing.taps;
  }
}

const matrices = (kernel: 'f32_gemv' | 'f32_conv_pointwise/matrix'): Placed[] =>
  [true, false].flatMap(transposed =>
    [
      [1, 1],
      [7, 5],
      [8, 9],
      [32, 2049],
      [33, 17],
      [34, 4096],
      [101, 4099],
      [70001, 5],
    ].flatMap(([outputs, depth]): Placed[] =>
      [0, 3].map(first => ({ kernel, outputs: outputs!, depth: depth!, transposed, first, of: outputs! + 2 * first })),
    ),
  );

const convolutions = [
  [1, 1, 1, 1],
  [1, 8, 3, 27],
  [1, 19, 101, 27],
  [1, 9, 2051, 3],
  [1, 9, 9001, 1],
  [1, 7, 3, 2401],
  [3, 15, 5, 9],
  [2, 16, 4, 1],
].map(
  ([groups, outC, groupInC, taps]): Placed => ({
    kernel: 'f32_conv_gemm',
    groups: groups!,
    outC: outC!,
    groupInC: groupInC!,
    taps: taps!,
    runs: [[0, taps!]],
  }),
);

/** Of the taps, some alone. */
const trimmed: readonly Placed[] = [
  { kernel: 'f32_conv_gemm', groups: 1, outC: 17, groupInC: 301, taps: 27, runs: [[9, 9]] },
  {
    kernel: 'f32_conv_gemm',
    groups: 2,
    outC: 10,
    groupInC: 5,
    taps: 27,
    runs: [
      [4, 2],
      [7, 2],
      [22, 2],
      [25, 2],
    ],
  },
];

const packings: readonly Placed[] = [
  { kernel: 'dense', elements: 1 },
  { kernel: 'dense', elements: 262144 },
  { kernel: 'dense', elements: 700001 },
  ...convolutions,
  ...trimmed,
  ...matrices('f32_conv_pointwise/matrix'),
  ...matrices('f32_gemv'),
  { kernel: 'f32_conv_planar', outC: 5, inC: 3, taps: 27 },
  { kernel: 'f32_conv_planar', outC: 1, inC: 1, taps: 1 },
  { kernel: 'f32_conv_depthwise', channels: 37, taps: 27 },
];

const { none, f23, f43, f53, f44 } = axisTiles;

interface WinogradCase extends Partial<WinogradPacking> {
  readonly axes: WinogradPacking['axes'];
  readonly taps: WinogradPacking['taps'];
  readonly outC: number;
  readonly inC: number;
}

const winogradCases: readonly WinogradCase[] = [
  { axes: [f43, f43, f43], taps: [3, 3, 3], outC: 9, inC: 19 },
  { axes: [f23, f43, none], taps: [3, 3, 1], outC: 8, inC: 5 },
  { axes: [none, f23, f23], taps: [5, 3, 3], outC: 17, inC: 33 },
  { axes: [f23, none, f43], taps: [3, 1, 3], outC: 3, inC: 16 },
  { axes: [none, none, f23], taps: [1, 1, 3], outC: 8, inC: 3001 },
  { axes: [none, f53, f53], taps: [1, 3, 3], outC: 9, inC: 34 },
  { axes: [f23, f23, f23], taps: [3, 3, 3], outC: 7, inC: 310 },
  { axes: [none, f23, f43], taps: [3, 3, 3], outC: 17, inC: 423 },
  { axes: [none, f44, f44], taps: [3, 7, 7], outC: 9, inC: 150, strides: [1, 2, 2], shifts: [0, 1, 1] },
  { axes: [none, f44, f44], taps: [3, 7, 7], outC: 9, inC: 3, strides: [1, 2, 2], shifts: [0, 1, 1] },
  { axes: [none, f44, f44], taps: [2, 7, 6], outC: 16, inC: 1, strides: [1, 2, 2], shifts: [0, 0, 1] },
  { axes: [f43, f44, f44], taps: [3, 6, 7], outC: 5, inC: 16, strides: [1, 2, 2], shifts: [0, 0, 0] },
  { axes: [f44, f44, f43], taps: [7, 4, 5], outC: 11, inC: 2, strides: [2, 1, 2], shifts: [1, 0, 1] },
  { axes: [none, f43, f23], taps: [3, 3, 3], first: [1, 0, 0], counts: [1, 3, 3], outC: 9, inC: 5 },
  { axes: [none, f43, f23], taps: [5, 4, 6], first: [1, 1, 2], counts: [3, 3, 3], outC: 9, inC: 6 },
  { axes: [f23, f23, f43], taps: [7, 5, 8], outC: 4, inC: 31, strides: [3, 2, 3], shifts: [2, 0, 1] },
];
/** All taps are live and all strides 1 unless given. */
const winograds = winogradCases.map(
  (given): WinogradPacking => ({
    kernel: 'f32_winograd_products',
    strides: [1, 1, 1],
    shifts: [0, 0, 0],
    first: [0, 0, 0],
    counts: given.taps,
    ...given,
  }),
);

const titled = <P extends Packing>(list: readonly P[]) =>
  list.map(packing => ({ title: JSON.stringify(packing), packing }));

describe('pack', () => {
  it.each(titled(packings))('$title', ({ packing }) => {
    const elements = elementsOf(packing);
    const wanted = new Float32Array(packBytes(packing) / 4);
    const places = Array.from({ length: elements }, (_, i) => placeOf(packing, i));
    places.forEach((place, i) => {
      if (place >= 0) wanted[place] = i + 1;
    });

    const reads = new Uint8Array(elements);
    const out = packed(packing, (start, count, into) => {
      expect(into.length).toBe(count);
      for (let i = 0; i < count; i++) {
        into[i] = start + i + 1;
        reads[start + i]!++;
      }
    });

    expect(out.findIndex((value, i) => value !== wanted[i])).toBe(-1);
    expect(reads.findIndex((count, i) => count > 1 || (count === 0 && places[i]! >= 0))).toBe(-1);
  });

  it.each(titled(matrices('f32_gemv')))('rounds to bfloat16, $title', ({ packing }) => {
    const values = randomFloats(elementsOf(packing), 7);
    const rounded = { ...packing, kernel: 'f32_gemv_bf16' } as Extract<Packing, { kernel: 'f32_gemv_bf16' }>;
    const plain = packed(packing, reading(values));
    const halves = packed(rounded, reading(values));
    const words = new Uint32Array(halves.buffer, halves.byteOffset, halves.length);
    const wrong = plain.findIndex((value, i) => {
      const [row, o] = [Math.floor(i / 32), i % 32];
      const word = words[row * 16 + Math.floor(o / 8) * 4 + (o % 4)]!;
      return fromBf16(o % 8 < 4 ? word & 0xffff : word >>> 16) !== fromBf16(toBf16(value));
    });
    expect(wrong).toBe(-1);
  });

  it.each(titled(winograds))('transforms, $title', ({ packing }) => {
    const values = randomFloats(packing.outC * packing.inC * size(packing.taps), 3);
    const wanted = winogradWeights(packing, values);
    const out = packed(packing, reading(values));
    expect(out.length).toBe(wanted.length);
    expect(out.findIndex((value, i) => !(Math.abs(value - wanted[i]!) <= 1e-7))).toBe(-1);
  });
});

/** The layout by its definition: taps are dealt out to the channels of their positions, and what comes of it is transformed. */
function winogradWeights(packing: WinogradPacking, values: Float32Array) {
  const { axes, strides, shifts, taps, first, counts, outC, inC } = packing;
  const points = axes.map(axis => axis.points);
  /** Of one channel at one position: before the transforms, and after them. */
  const dealtTaps = axes.map((axis, i) => (axis.points > 1 ? tapsOf(axis) : counts[i]!));
  const results = axes.map((axis, i) => (axis.points > 1 ? axis.points : counts[i]!));
  const channels = size(strides) * inC;
  const dealt = new Float64Array(outC * channels * size(dealtTaps));
  for (let o = 0; o < outC; o++) {
    for (let c = 0; c < inC; c++) {
      forEachIndex(taps, (tap, i) => {
        const own = tap.map((t, axis) => t - first[axis]!);
        if (own.some((t, axis) => t < 0 || t >= counts[axis]!)) return;
        const from = own.map((t, axis) => t + shifts[axis]!);
        const position = from.map((t, axis) => t % strides[axis]!);
        const at = from.map((t, axis) => Math.floor(t / strides[axis]!));
        const row = o * channels + flat(position, strides) * inC + c;
        dealt[row * size(dealtTaps) + flat(at, dealtTaps)] = values[(o * inC + c) * size(taps) + i]!;
      });
    }
  }

  const factor = (axis: number, to: number, from: number) =>
    axes[axis]!.points > 1 ? transformsOf(axes[axis]!).weight[to]![from]! : Number(to === from);
  const factors = dealtTaps.map((count, axis) =>
    Array.from({ length: results[axis]! }, (_, to) =>
      Array.from({ length: count }, (_, from) => factor(axis, to, from)),
    ),
  );
  const panels = Math.ceil(outC / 8);
  const otherTaps = points[0]! > 1 ? 1 : counts[0];
  const { blockChannels } = winogradSizes(packing);
  const wanted = new Float32Array(size(points) * panels * otherTaps * channels * 8);
  for (let o = 0; o < outC; o++) {
    for (let channel = 0; channel < channels; channel++) {
      const start = (o * channels + channel) * size(dealtTaps);
      forEachIndex(results, to => {
        let sum = 0;
        forEachIndex(dealtTaps, (from, i) => {
          sum += from.reduce((all, tap, axis) => all * factors[axis]![to[axis]!]![tap]!, dealt[start + i]!);
        });
        const [tap, point] = points[0]! > 1 ? [0, to] : [to[0]!, [0, to[1]!, to[2]!]];
        const block = channel - (channel % blockChannels);
        const blockSize = Math.min(blockChannels, channels - block);
        const begin = (flat(point, points) * channels + block) * panels * otherTaps;
        const row = (Math.floor(o / 8) * otherTaps + tap) * blockSize + channel - block;
        wanted[(begin + row) * 8 + (o % 8)] = sum;
      });
    }
  }
  return wanted;
}

const size = (sizes: readonly number[]) => sizes.reduce((all, count) => all * count, 1);
/** Where an index lies, row-major. */
const flat = (index: readonly number[], sizes: readonly number[]) =>
  index.reduce((at, i, axis) => at * sizes[axis]! + i, 0);

function forEachIndex(sizes: readonly number[], use: (index: readonly number[], at: number) => void): void {
  const [d, h, w] = sizes as [number, number, number];
  for (let i = 0; i < d * h * w; i++) use([Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w], i);
}
