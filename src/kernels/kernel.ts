import type { Fields, Values } from './descriptor.js';

/** A descriptor's values but for its addresses, whatever stands for them. */
export type Sizes<F extends Fields> = { readonly [K in keyof F]: F[K] extends 'ptr' ? unknown : number };

/** A kernel's whole memory, seen as words. Byte address p is element p / 4 of either view. */
export interface KernelMemory {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
}

/**
 * A kernel: the contract that its WebAssembly export and its plain-TypeScript twin share.
 *
 * The export has the kernel's name and the signature (descriptorPtr, unitBegin, unitEnd, scratchPtr) => void.
 * A step's work falls into `units` independent units; any worker may do any of them, in any order, with the same bits as
 * result. Units are small (well under 20 ms), so that work is shared evenly and an abort is seen soon.
 */
export interface Kernel<F extends Fields = Fields> {
  readonly name: string;
  readonly fields: F;
  /** Number of units of the work that the descriptor describes. */
  units(d: Values<F>): number;
  /** Bytes of scratch that each worker needs, private to it, 64-byte aligned; 0 where none is needed. */
  scratchBytes(d: Sizes<F>): number;
  /** The oracle: units [begin, end) in plain TypeScript, written to be read, never to be fast. */
  twin(memory: KernelMemory, d: Values<F>, begin: number, end: number): void;
}

/** What a kernel applies to each value it stores. Codes shared with assembly/activation.ts. */
export const activationCodes = { none: 0, relu: 1, leakyRelu: 2, elu: 3, sigmoid: 4, tanh: 5, clip: 6 } as const;
export type ActivationCode = (typeof activationCodes)[keyof typeof activationCodes];
