import { describe, expect, it } from 'vitest';
import { fromBf16, toBf16 } from '../../../src/kernels/bf16.js';
import { decode } from '../../../src/kernels/descriptor.js';
import { kernels, packKernels } from '../../../src/kernels/index.js';
import type { KernelMemory } from '../../../src/kernels/kernel.js';
import { pack } from '../../../src/kernels/pack.js';
import { type Packer, packScratchBytes, type ReadElements } from '../../../src/kernels/pack_stage.js';
import { type Packing, packBytes, packUnits, type WinogradPacking } from '../../../src/kernels/packing.js';
import { winogradTransforms } from '../../../src/kernels/winograd.js';
import { generator, randomFloats } from './harness.js';

/** Packings that only move elements; the transformed ones are held to whole convolutions. */
type Placed = Exclude<Packing, { kernel: 'f32_winograd_products' | 'f32_conv_planar_winograd' | 'f32_gemv_bf16' }>;

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

const winograds = (
  [
    [[4, 4, 4], [3, 3, 3], 9, 19],
    [[2, 4, 0], [3, 3, 2], 8, 5],
    [[0, 2, 2], [5, 3, 3], 17, 33],
    [[2, 0, 4], [3, 1, 3], 3, 16],
    [[0, 0, 2], [1, 1, 3], 8, 3001],
    [[2, 2, 2], [3, 3, 3], 7, 310],
  ] as const
).map(([tiles, taps, outC, inC]): WinogradPacking => ({ kernel: 'f32_conv_gemm/winograd', tiles, taps, outC, inC }));

const address = 4096;

/** Packs all units in random order by the kernels' twins, with garbage in the scratch: the packed operand. */
function packed(packing: Packing, read: ReadElements): Float32Array {
  const words = packBytes(packing) / 4;
  const scratch = Math.ceil((address / 4 + words) / 16) * 64;
  const buffer = new ArrayBuffer(scratch + Math.ceil(packScratchBytes(packing) / 8) * 8);
  const memory: KernelMemory = { f32: new Float32Array(buffer), i32: new Int32Array(buffer) };
  memory.f32.fill(Number.NaN, scratch / 4);
  const packer: Packer = {
    memory,
    scratch,
    kernel: name => (descriptorPtr, begin, end) => {
      const kernel = (packKernels[name] ?? kernels[name])!;
      kernel.twin(memory, decode(kernel.fields, memory.i32, descriptorPtr), begin, end);
    },
  };
  const next = generator(1);
  const units = Array.from({ length: packUnits(packing) }, (_, unit) => ({ unit, rank: next() }));
  for (const { unit } of units.sort((a, b) => a.rank - b.rank)) pack(packing, unit, read, address, packer);
  expect(memory.f32.subarray(0, address / 4).every(value => value === 0)).toBe(true);
  return memory.f32.subarray(address / 4, address / 4 + words);
}

const reading =
  (values: Float32Array): ReadElements =>
  (start, count, into) =>
    into.set(values.subarray(start, start + count));

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
    const { outC, inC, taps, tiles } = packing;
    const kernelSize = taps[0] * taps[1] * taps[2];
    const values = randomFloats(outC * inC * kernelSize, 3);
    const out = packed(packing, reading(values));
    const wanted = new Float32Array(out.length);
    const sizes = taps.map((count, axis) => (tiles[axis] ? tiles[axis]! + 2 : count));
    const [panels, otherTaps] = [Math.ceil(outC / 8), taps.reduce((n, count, i) => (tiles[i] ? n : n * count), 1)];
    const factor = (axis: number, to: number, from: number) =>
      tiles[axis] ? winogradTransforms[tiles[axis]!].weight[to]![from]! : Number(to === from);
    for (let o = 0; o < outC; o++) {
      for (let c = 0; c < inC; c++) {
        const kernel = values.subarray((o * inC + c) * kernelSize, (o * inC + c + 1) * kernelSize);
        forEachIndex(sizes, to => {
          let sum = 0;
          forEachIndex(taps, (from, i) => {
            sum += kernel[i]! * factor(0, to[0]!, from[0]!) * factor(1, to[1]!, from[1]!) * factor(2, to[2]!, from[2]!);
          });
          let [transform, tap] = [0, 0];
          for (const axis of [2, 1, 0]) if (tiles[axis]) transform = transform * sizes[axis]! + to[axis]!;
          for (const axis of [0, 1, 2]) if (!tiles[axis]) tap = tap * sizes[axis]! + to[axis]!;
          const panel = transform * panels + Math.floor(o / 8);
          wanted[((panel * otherTaps + tap) * inC + c) * 8 + (o % 8)] = sum;
        });
      }
    }
    expect(out.findIndex((value, i) => !(Math.abs(value - wanted[i]!) <= 1e-7))).toBe(-1);
  });
});

function forEachIndex(sizes: readonly number[], use: (index: readonly number[], at: number) => void): void {
  const [d, h, w] = sizes as [number, number, number];
  for (let i = 0; i < d * h * w; i++) use([Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w], i);
}
