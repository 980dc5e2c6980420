import { describe, expect, it } from 'vitest';
import { type Packing, pack, packBytes, packUnits } from '../../../src/kernels/pack.js';
import { generator } from './harness.js';

/** Packings that only move elements; the transformed ones are held to whole convolutions. */
type Placed = Exclude<Packing, { kernel: 'f32_conv_gemm/winograd' }>;

/** Where the constant's element i goes in the packed operand: each layout by its definition. */
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
      const { outputs, depth, transposed } = packing;
      const width = packing.kernel === 'f32_gemv' ? 32 : 8;
      const [k, n] = transposed ? [i % depth, Math.floor(i / depth)] : [Math.floor(i / outputs), i % outputs];
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
      return packing.outputs * packing.depth;
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
    ].map(([outputs, depth]): Placed => ({ kernel, outputs: outputs!, depth: depth!, transposed })),
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
    for (let i = 0; i < elements; i++) wanted[placeOf(packing, i)] = i + 1;

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
    expect(reads.findIndex(count => count !== 1)).toBe(-1);
  });
});
