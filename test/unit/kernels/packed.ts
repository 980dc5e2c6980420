/** Packs a constant as a worker does, by the kernels' twins. */
import { expect } from 'vitest';
import { decode } from '../../../src/kernels/descriptor.js';
import { kernels, packKernels } from '../../../src/kernels/index.js';
import type { KernelMemory } from '../../../src/kernels/kernel.js';
import { pack } from '../../../src/kernels/pack.js';
import { type Packer, packScratchBytes, type ReadElements } from '../../../src/kernels/pack_stage.js';
import { type Packing, packBytes, packUnits } from '../../../src/kernels/packing.js';
import { generator } from './harness.js';

const address = 4096;

/** The packed operand. Its units are packed in random order, with garbage in the scratch. */
export function packed(packing: Packing, read: ReadElements): Float32Array {
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

/** Reads from an array of all elements. */
export const reading =
  (values: Float32Array): ReadElements =>
  (start, count, into) =>
    into.set(values.subarray(start, start + count));
