/** Programs that do next to nothing: what they take is overhead. Invariant: none depends on what is in its memory. */

import { fill } from '../kernels/copy.js';
import { encode } from '../kernels/descriptor.js';
import type { ExchangePiece, MemoryPlan, Port, Program, Step } from '../lower/program.js';

const imageStart = 65536;
const dataStart = 2 * imageStart;

const memoryOf = (bytes: number, image: MemoryPlan['image'] = []): MemoryPlan => ({
  nodeIndex: 0,
  bytes: dataStart + bytes,
  weightBytes: 0,
  arenaBytes: bytes,
  image,
  scratchAddress: dataStart + bytes,
  scratchBytes: 0,
});

const portOf = (name: string, address: number, bytes: number): Port => ({
  name,
  dims: [bytes / 4],
  pieces: [{ memory: 0, address, begin: [0], dims: [bytes / 4] }],
});

/** `count` steps of `units` units each that write one value. */
export function emptySteps(count: number, units: number): Program {
  const values = { yPtr: dataStart, count: units, value: 0, block: 1 };
  const share = { kind: 'kernel', memory: 0, kernel: fill.name, descriptor: imageStart, units, twin: false } as const;
  const step: Step = { name: 'empty', op: 'Case', shares: [share], flops: 0, barrier: 'machine' };
  return {
    memories: [memoryOf(4096, [{ address: imageStart, words: encode(fill.fields, values) }])],
    inputs: [],
    outputs: [],
    weights: [],
    steps: new Array<Step>(count).fill(step),
  };
}

/** A program without work whose input and output have `bytes` bytes each. */
export function portsOnly(bytes: number): Program {
  const { steps, memories, weights } = emptySteps(1, 0);
  return {
    memories: memories.map(({ image }) => memoryOf(2 * bytes, image)),
    inputs: [portOf('in', dataStart, bytes)],
    outputs: [portOf('out', dataStart + bytes, bytes)],
    weights,
    steps,
  };
}

/**
 * Copies of `bytes` bytes between two memories, in `pieces` pieces of runs of `runBytes` each, there and back, `count` times:
 * what is copied has been written just before.
 */
export function exchanges({
  count,
  bytes,
  pieces,
  runBytes,
}: Record<'count' | 'bytes' | 'pieces' | 'runBytes', number>) {
  const pieceBytes = bytes / pieces;
  const pieceOf = (from: number, index: number): ExchangePiece => ({
    from,
    fromAddress: dataStart + index * pieceBytes,
    fromPitch: runBytes,
    toAddress: dataStart + index * pieceBytes,
    toPitch: runBytes,
    runs: pieceBytes / runBytes,
    bytes: runBytes,
  });
  const steps = Array.from({ length: count }, (_, index): Step => {
    const from = index % 2;
    const all = Array.from({ length: pieces }, (_unused, piece) => pieceOf(from, piece));
    const share = { kind: 'exchange', memory: 1 - from, pieces: all } as const;
    return { name: 'copy', op: 'Case', shares: [share], flops: 0, barrier: 'machine' };
  });
  return {
    memories: [memoryOf(bytes), memoryOf(bytes)],
    inputs: [],
    outputs: [],
    weights: [],
    steps,
  } satisfies Program;
}
