/**
 * Seeded weights from a counter-based generator: element i of a tensor is a hash of (seed, tensor, i), so any owner makes
 * any share of it, in any order, and gets the same bits.
 */
import type { WeightGenerator } from './ir.js';

/** 32-bit finalizer of Ettinger (hash-prospector, "lowbias32"): a bijection with little bias. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0xd35a2d97);
  return x ^ (x >>> 15);
}

/**
 * Writes elements [start, start + into.length) of the tensor. Each is mean + halfWidth * u, rounded to float32, with u one of
 * the 2^24 multiples of 2^-23 in [-1, 1): u itself is exact in float32. Of the seed and the tensor's number 32 bits count.
 */
export function fillGenerated(generator: WeightGenerator, start: number, into: Float32Array): void {
  const { mean } = generator;
  const step = generator.halfWidth / 0x800000;
  const tensorKey = mix(mix(generator.seed | 0) ^ (generator.tensor | 0));
  let at = 0;
  while (at < into.length) {
    // The high word of the index changes the keys; the low word, spread out by an odd
    // multiplier, is hashed between the two of them.
    const high = Math.floor((start + at) / 0x100000000);
    const low = start + at - high * 0x100000000;
    const count = Math.min(into.length - at, 0x100000000 - low);
    const first = mix(tensorKey ^ high);
    const second = mix(first ^ 0x9e3779b9);
    for (let i = 0; i < count; i++) {
      let x = (Math.imul(low + i, 0x9e3779b1) + first) | 0;
      x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
      x = Math.imul(x ^ (x >>> 15) ^ second, 0xd35a2d97);
      x ^= x >>> 15;
      into[at + i] = mean + step * ((x >>> 8) - 0x800000);
    }
    at += count;
  }
}
