import { NumavoxError } from '../errors.js';
import type { Constant } from '../graph/ir.js';
import { encode, type Fields, type Values } from '../kernels/descriptor.js';
import type { Kernel } from '../kernels/kernel.js';
import { type Packing, packBytes } from '../kernels/pack.js';
import type { Plan } from '../plan/plan.js';
import { align, planArena } from './arena.js';
import { extentOf, type Layout } from './layout.js';
import type { MemoryPlan, Port, Program, Step, WeightTask } from './program.js';

/** A stretch of the arena that one step writes and later ones read. Its address is known when the program is finished. */
export interface Buffer {
  readonly id: number;
  readonly bytes: number;
}

/** A packed constant, or words of the image: there for the program's whole life. */
export interface Fixed {
  readonly region: 'image' | 'weights';
  readonly offset: number;
}

/** An operand of a step: a place, and bytes to add to it. */
export interface Address {
  readonly at: Buffer | Fixed;
  readonly offsetBytes: number;
}

export type Operands<F extends Fields> = { readonly [K in keyof F]: number | Address };

interface PendingStep {
  readonly name: string;
  readonly op: string;
  readonly kernel: Kernel;
  readonly operands: Readonly<Record<string, number | Address>>;
  readonly flops: number;
  readonly descriptor: { readonly offset: number; readonly words: Int32Array };
}

interface PendingWeight {
  readonly task: Omit<WeightTask, 'address' | 'memory'>;
  readonly offset: number;
}

export interface PendingPort {
  readonly name: string;
  readonly dims: readonly number[];
  readonly address: Address;
}

/** Where a memory's image begins: the page below belongs to the module's static data. */
const imageStart = 65536;
const memoryLimit = 2 ** 32;

export interface EmitterOptions {
  readonly plan: Plan;
  /** Every step is done by its kernel's twin. */
  readonly reference: boolean;
}

/**
 * Collects steps in execution order and turns them into a Program. Steps name buffers; addresses come last, when every
 * lifetime is known. Invariant: a buffer's readers come after its writer.
 */
export function createEmitter({ plan, reference }: EmitterOptions) {
  const steps: PendingStep[] = [];
  const lifetimes: { bytes: number; first: number; last: number }[] = [];
  const image: { offset: number; words: Int32Array }[] = [];
  const weights = new Map<Constant, Map<string, PendingWeight>>();
  let imageBytes = 0;
  let weightBytes = 0;

  const placeWords = (words: Int32Array) => {
    const placed = { offset: imageBytes, words };
    image.push(placed);
    imageBytes = align(imageBytes + words.byteLength);
    return placed;
  };

  /** Space for `bytes` that the next emitted step writes. 64 bytes behind it may be read and are never written by its readers. */
  function buffer(bytes: number): Buffer {
    const id = lifetimes.length;
    lifetimes.push({ bytes: bytes + 64, first: steps.length, last: steps.length });
    return { id, bytes };
  }

  /** Space for a tensor of float32. */
  const tensor = (dims: readonly number[], layout: Layout): Buffer => buffer(4 * extentOf(dims, layout));

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

  function step<F extends Fields>(
    where: { readonly name: string; readonly op: string; readonly flops?: number },
    kernel: Kernel<F>,
    operands: Operands<F>,
  ): void {
    const index = steps.length;
    for (const operand of Object.values<number | Address>(operands)) {
      if (typeof operand === 'object' && 'id' in operand.at) lifetimes[operand.at.id]!.last = index;
    }
    const descriptor = placeWords(new Int32Array(Object.keys(kernel.fields).length));
    steps.push({
      name: where.name,
      op: where.op,
      kernel: kernel as unknown as Kernel,
      operands,
      flops: where.flops ?? 0,
      descriptor,
    });
  }

  /** The program, with the ports that the main thread fills and empties. */
  function finish(inputs: readonly PendingPort[], outputs: readonly PendingPort[]): Program {
    for (const { address } of inputs) if ('id' in address.at) lifetimes[address.at.id]!.first = 0;
    for (const { address } of outputs) if ('id' in address.at) lifetimes[address.at.id]!.last = steps.length;
    const arena = planArena(lifetimes);
    const weightStart = imageStart + imageBytes;
    const arenaStart = align(weightStart + weightBytes);
    const scratchStart = align(arenaStart + arena.bytes);

    const resolve = ({ at, offsetBytes }: Address): number => {
      if ('id' in at) return arenaStart + arena.offsets[at.id]! + offsetBytes;
      return (at.region === 'image' ? imageStart : weightStart) + at.offset + offsetBytes;
    };
    const port = ({ name, dims, address }: PendingPort): Port => ({
      name,
      dims,
      pieces: [{ memory: 0, address: resolve(address), begin: dims.map(() => 0), dims }],
    });

    let scratchBytes = 0;
    const finished = steps.map(({ name, op, kernel, operands, flops, descriptor }): Step => {
      const values: Values<Fields> = Object.fromEntries(
        Object.entries(operands).map(([field, value]) => [field, typeof value === 'number' ? value : resolve(value)]),
      );
      descriptor.words.set(encode(kernel.fields, values));
      scratchBytes = Math.max(scratchBytes, align(kernel.scratchBytes(values)));
      const share = {
        kind: 'kernel',
        memory: 0,
        kernel: kernel.name,
        descriptor: imageStart + descriptor.offset,
        units: kernel.units(values),
        twin: reference,
      } as const;
      return { name, op, shares: [share], flops, barrier: 'machine' };
    });

    const { nodeIndex, ranks } = plan.memories[0]!;
    const bytes = scratchStart + scratchBytes * ranks.length;
    if (bytes > memoryLimit) {
      const gib = (bytes / 2 ** 30).toFixed(1);
      throw new NumavoxError('resource', `the model needs ${gib} GiB at these sizes, and one memory holds 4 GiB`);
    }
    const memory: MemoryPlan = {
      nodeIndex,
      bytes,
      weightBytes,
      arenaBytes: arena.bytes,
      image: image.map(({ offset, words: data }) => ({ address: imageStart + offset, words: data })),
      scratchAddress: scratchStart,
      scratchBytes,
    };
    return {
      memories: [memory],
      inputs: inputs.map(port),
      outputs: outputs.map(port),
      weights: [...weights.values()]
        .flatMap(packed => [...packed.values()])
        .map(({ task, offset }) => ({ ...task, memory: 0, address: weightStart + offset })),
      steps: finished,
    };
  }

  return { buffer, tensor, weight, words, step, finish };
}

export type Emitter = ReturnType<typeof createEmitter>;
