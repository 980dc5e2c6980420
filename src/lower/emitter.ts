import type { Constant } from '../graph/ir.js';
import { encode, type Fields, type Values } from '../kernels/descriptor.js';
import type { Kernel } from '../kernels/kernel.js';
import { packScratchBytes } from '../kernels/pack_stage.js';
import { type Packing, packBytes } from '../kernels/packing.js';
import { align, planArena } from './arena.js';
import { extentOf, type Layout } from './layout.js';
import type { KernelShare, WeightTask } from './program.js';

/** A stretch of one memory's arena that one step writes and later ones read. Its address is known when the program is finished. */
export interface Buffer {
  readonly id: number;
  readonly bytes: number;
}

/** A packed constant, or words of the image: there for the program's whole life. */
export interface Fixed {
  readonly region: 'image' | 'weights';
  readonly offset: number;
}

/** An operand of a step: a place in the step's memory, and bytes to add to it. */
export interface Address {
  readonly at: Buffer | Fixed;
  readonly offsetBytes: number;
}

export type Operands<F extends Fields> = { readonly [K in keyof F]: number | Address };

/** What errors and profiles call a step. */
export interface Where {
  readonly name: string;
  readonly op: string;
  readonly flops?: number;
}

/** A kernel's work before addresses are known. */
export interface PendingShare {
  readonly kernel: Kernel;
  readonly operands: Readonly<Record<string, number | Address>>;
  readonly flops: number;
  readonly descriptor: { readonly offset: number; readonly words: Int32Array };
}

interface PendingWeight {
  readonly task: Omit<WeightTask, 'address' | 'memory'>;
  readonly offset: number;
}

/** Where a memory's image begins: the page below belongs to the module's static data. */
const imageStart = 65536;

/** A memory's share of the program, with its addresses. */
export interface Finished {
  readonly weightBytes: number;
  readonly arenaBytes: number;
  readonly image: readonly { readonly address: number; readonly words: Int32Array }[];
  readonly scratchAddress: number;
  readonly scratchBytes: number;
  readonly weights: readonly Omit<WeightTask, 'memory'>[];
  readonly shares: ReadonlyMap<PendingShare, Omit<KernelShare, 'kind' | 'memory' | 'twin'>>;
  resolve(address: Address): number;
}

/** Where steps go: step `at` of the program gets a share. */
export type PlaceShare = (at: number, where: Where, share: PendingShare) => void;

/**
 * Collects what one memory does, and turns it into addresses when every lifetime is known. Steps are counted through the
 * whole program: `next` is the number of the step that is emitted next. Invariant: a buffer's readers come after its writer.
 */
export function createEmitter(place: PlaceShare) {
  const lifetimes: { bytes: number; first: number; last: number }[] = [];
  const image: { offset: number; words: Int32Array }[] = [];
  const weights = new Map<Constant, Map<string, PendingWeight>>();
  const shares: PendingShare[] = [];
  let imageBytes = 0;
  let weightBytes = 0;
  let next = 0;

  const placeWords = (words: Int32Array) => {
    const placed = { offset: imageBytes, words };
    image.push(placed);
    imageBytes = align(imageBytes + words.byteLength);
    return placed;
  };

  /** Space for `bytes` that the next emitted step writes. 64 bytes behind it may be read and are never written by its readers. */
  function buffer(bytes: number): Buffer {
    const id = lifetimes.length;
    lifetimes.push({ bytes: bytes + 64, first: next, last: next });
    return { id, bytes };
  }

  /** Space for a tensor of float32. */
  const tensor = (dims: readonly number[], layout: Layout): Address => ({
    at: buffer(4 * extentOf(dims, layout)),
    offsetBytes: 0,
  });

  /** Keeps what lies at an address alive through step `at`. */
  function keep({ at: place }: Address, at: number): void {
    if (!('id' in place)) return;
    const lifetime = lifetimes[place.id]!;
    lifetime.first = Math.min(lifetime.first, at);
    lifetime.last = Math.max(lifetime.last, at);
  }

  /** A constant, packed for one kernel; the same constant packed alike twice is one. */
  function weight(name: string, constant: Constant, packing: Packing): Address {
    const packed = weights.get(constant) ?? new Map<string, PendingWeight>();
    weights.set(constant, packed);
    const key = JSON.stringify(packing);
    let entry = packed.get(key);
    if (!entry) {
      const bytes = packBytes(packing);
      entry = { task: { name, bytes, constant, packing }, offset: weightBytes };
      weightBytes += align(bytes);
      packed.set(key, entry);
    }
    return { at: { region: 'weights', offset: entry.offset }, offsetBytes: 0 };
  }

  /** Words that are ready now: biases, tables. */
  const words = (data: Int32Array | Float32Array): Address => ({
    at: { region: 'image', offset: placeWords(new Int32Array(data.buffer, data.byteOffset, data.length)).offset },
    offsetBytes: 0,
  });

  function step<F extends Fields>(where: Where, kernel: Kernel<F>, operands: Operands<F>): void {
    const at = next++;
    for (const operand of Object.values<number | Address>(operands)) if (typeof operand === 'object') keep(operand, at);
    const descriptor = placeWords(new Int32Array(Object.keys(kernel.fields).length));
    const share = { kernel: kernel as unknown as Kernel, operands, flops: where.flops ?? 0, descriptor };
    shares.push(share);
    place(at, where, share);
  }

  /** Addresses for everything. */
  function finish(): Finished {
    const arena = planArena(lifetimes);
    const weightStart = imageStart + imageBytes;
    const arenaStart = align(weightStart + weightBytes);
    const resolve = ({ at, offsetBytes }: Address): number => {
      if ('id' in at) return arenaStart + arena.offsets[at.id]! + offsetBytes;
      return (at.region === 'image' ? imageStart : weightStart) + at.offset + offsetBytes;
    };
    const packed = [...weights.values()].flatMap(entries => [...entries.values()]);
    let scratchBytes = align(Math.max(0, ...packed.map(({ task }) => packScratchBytes(task.packing))));
    const finished = shares.map(share => {
      const { kernel, operands, descriptor } = share;
      const values: Values<Fields> = Object.fromEntries(
        Object.entries(operands).map(([field, value]) => [field, typeof value === 'number' ? value : resolve(value)]),
      );
      descriptor.words.set(encode(kernel.fields, values));
      scratchBytes = Math.max(scratchBytes, align(kernel.scratchBytes(values)));
      const place = { kernel: kernel.name, descriptor: imageStart + descriptor.offset, units: kernel.units(values) };
      return [share, place] as const;
    });
    return {
      weightBytes,
      arenaBytes: arena.bytes,
      image: image.map(({ offset, words: data }) => ({ address: imageStart + offset, words: data })),
      scratchAddress: align(arenaStart + arena.bytes),
      scratchBytes,
      weights: packed.map(({ task, offset }) => ({ ...task, address: weightStart + offset })),
      shares: new Map(finished),
      resolve,
    };
  }

  return {
    get next(): number {
      return next;
    },
    get weightBytes(): number {
      return weightBytes;
    },
    /** Leaves steps out: the next one emitted is number `at` or later. */
    skipTo(at: number): void {
      next = Math.max(next, at);
    },
    buffer,
    tensor,
    keep,
    weight,
    words,
    step,
    finish,
  };
}

export type Emitter = ReturnType<typeof createEmitter>;
