import { describe, expect, it } from 'vitest';
import { type Packing, pack, packBytes, packUnits } from '../../../src/kernels/pack.js';
import { generator } from './harness.js';

/** Packings that only move elements; the transformed ones are held to whole convolutions. */
type Placed = Exclude<Packing, { kernel: 'f32_winograd_products' }>;

/** Where the constant's element i goes in the packed operand: each layout by its definition. -1: nowhere. */
function placeOf(packing: Placed, i: number): number {
  switch (packing.kernel) {
    case 'dense':
      return i;
    case 'f32_conv_gemm': {
      const { groups, outC, groupInC, taps } = packing;
      const [o, c, tap] = [Math.floor(i / (groupInC * taps)), Math.floor(i / taps) % groupInC, i % taps];
      const [group, inGroup] = [Math.floor(o / (outC / groups)), o % (outC / groups)];
      const panel = group * Math.ceil(outC / groups / 8) + Math.floor(inGroup / 8);
      return ((panel * taps + tap) * groupInC + c) * 8 + (inGroup % 8);
    }
    case 'f32_conv_gemm/matrix':
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
    case 'f32_conv_gemm/matrix':
    case 'f32_gemv':
      return packing.of * packing.depth;
    case 'f32_conv_planar':
      return packing.outC * packing.inC * packing.taps;
    case 'f32_conv_depthwise':
      return packing.channels * packing.taps;
  }
}

const matrices = (kernel: 'f32_gemv' | 'f32_conv_gemm/matrix'): Placed[] =>
  [true, false].flatMap(transposed =>
    [
      [1, 1],
      [7, 5],
      [8, 9],
      [32, 2049],
      [33, 17],
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
  }),
);

const packings: readonly Placed[] = [
  { kernel: 'dense', elements: 1 },
  { kernel: 'dense', elements: 262144 },
  { kernel: 'dense', elements: 700001 },
  ...convolutions,
  ...matrices('f32_conv_gemm/matrix'),
  ...matrices('f32_gemv'),
  { kernel: 'f32_conv_planar', outC: 5, inC: 3, taps: 27 },
  { kernel: 'f32_conv_planar', outC: 1, inC: 1, taps: 1 },
  { kernel: 'f32_conv_depthwise', channels: 37, taps: 27 },
];

describe('pack', () => {
  it.each(packings.map(packing => ({ title: JSON.stringify(packing), packing })))('$title', ({ packing }) => {
    const elements = elementsOf(packing);
    const wanted = new Float32Array(packBytes(packing) / 4);
    const places = Array.from({ length: elements }, (_, i) => placeOf(packing, i));
    places.forEach((place, i) => {
      if (place >= 0) wanted[place] = i + 1;
    });

    const out = new Float32Array(wanted.length);
    const reads = new Uint8Array(elements);
    const read = (start: number, count: number, into: Float32Array) => {
      expect(into.length).toBe(count);
      for (let i = 0; i < count; i++) {
        into[i] = start + i + 1;
        reads[start + i]!++;
      }
    };
    const next = generator(1);
    const units = Array.from({ length: packUnits(packing) }, (_, unit) => ({ unit, rank: next() }));
    for (const { unit } of units.sort((a, b) => a.rank - b.rank)) pack(packing, unit, read, out);

    expect(out.findIndex((value, i) => value !== wanted[i])).toBe(-1);
    expect(reads.findIndex((count, i) => count > 1 || (count === 0 && places[i]! >= 0))).toBe(-1);
  });
});
