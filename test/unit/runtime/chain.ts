/**
 * A program small enough to check by hand, whose result shows every unit that is lost, repeated or overtaken: steps turn by
 * turn add w to every row and reverse the order of the rows, so that each worker needs what another has just written.
 * Values are small integers, so sums are exact.
 */
import { copy } from '../../../src/kernels/copy.js';
import { encode } from '../../../src/kernels/descriptor.js';
import { add } from '../../../src/kernels/elementwise.js';
import type { BarrierScope, MemoryPlan, Program, Share, Step } from '../../../src/lower/program.js';
import type { PlannedMemory } from '../../../src/plan/plan.js';
import { seats, type TeamTree } from '../../../src/plan/team.js';

export interface ChainOptions {
  readonly rows?: number;
  readonly columns?: number;
  readonly steps?: number;
  /** Every how many steps the twin does it; 0: never. */
  readonly twinEvery?: number;
  /** Where the arena begins. */
  readonly arenaAddress?: number;
  /** The ranks of each memory; every memory gets its own input and output. */
  readonly memories: readonly (readonly number[])[];
  readonly barrier?: BarrierScope;
}

export interface Chain {
  readonly program: Program;
  readonly memories: readonly PlannedMemory[];
  readonly feed: Float32Array;
  readonly feeds: readonly Float32Array[];
  expected(feed: Float32Array): Float32Array;
}

const firstAddress = 65536;
const unitStrides = (rowStride: number, prefix: string): Record<string, number> => ({
  [`${prefix}Stride0`]: 0,
  [`${prefix}Stride1`]: 0,
  [`${prefix}Stride2`]: 0,
  [`${prefix}Stride3`]: 0,
  [`${prefix}Stride4`]: rowStride,
  [`${prefix}Stride5`]: 1,
});

export function chain(options: ChainOptions): Chain {
  const { rows = 67, columns = 29, steps = 12, twinEvery = 5, barrier = 'machine' } = options;
  const count = rows * columns;
  const weight = Float32Array.from({ length: count }, (_, i) => (i * 7) % 11);
  const wPtr = firstAddress + 64 * 1024;
  const arena = options.arenaAddress ?? wPtr + count * 4;
  const buffer = (step: number): number => arena + (step % 2) * (count * 4 + 64);
  const words: Int32Array[] = [];
  const stepList: Step[] = [];
  for (let step = 0; step < steps; step++) {
    const shape = { dim0: 1, dim1: 1, dim2: 1, dim3: 1, dim4: rows, dim5: columns, rowBlock: 1 };
    const xPtr = buffer(step);
    const yPtr = buffer(step + 1);
    const adds = step % 2 === 0;
    const none = { activation: 0, alpha: 0, beta: 0 };
    const values = adds
      ? {
          ...{ ...shape, ...none, aPtr: xPtr, bPtr: wPtr, yPtr },
          ...unitStrides(columns, 'a'),
          ...unitStrides(columns, 'b'),
        }
      : {
          ...{ ...shape, xPtr: xPtr + (rows - 1) * columns * 4, yPtr },
          ...unitStrides(-columns, 'x'),
          ...unitStrides(columns, 'y'),
        };
    const kernel = adds ? add : copy;
    words.push(encode(kernel.fields, values as never));
    const units = kernel.units(values as never);
    const twin = twinEvery > 0 && step % twinEvery === twinEvery - 1;
    const shares = options.memories.map((_, memory): Share => {
      return { kind: 'kernel', memory, kernel: kernel.name, descriptor: firstAddress + step * 256, units, twin };
    });
    stepList.push({ name: `layer${step}`, op: 'Test', shares, flops: 0, barrier });
  }
  const image = words.map((part, step) => ({ address: firstAddress + step * 256, words: part }));
  const memoryPlans = options.memories.map((_, nodeIndex): MemoryPlan => {
    const bytes = arena + count * 8 + 4096;
    const sizes = { weightBytes: count * 4, arenaBytes: count * 8 + 128, scratchAddress: 0, scratchBytes: 0 };
    return { nodeIndex, bytes, image, ...sizes };
  });
  const port = (memory: number, step: number) => {
    const dims = [rows, columns];
    return { name: `port${memory}`, dims, pieces: [{ memory, address: buffer(step), begin: [0, 0], dims }] };
  };
  const program: Program = {
    memories: memoryPlans,
    inputs: options.memories.map((_, memory) => port(memory, 0)),
    outputs: options.memories.map((_, memory) => port(memory, steps)),
    weights: options.memories.map((_, memory) => ({
      ...{ name: 'w', memory, address: wPtr, bytes: count * 4, packing: { kernel: 'dense', elements: count } as const },
      constant: {
        dtype: 'float32',
        dims: [rows, columns],
        source: { kind: 'bytes', bytes: new Uint8Array(weight.buffer) },
      },
    })),
    steps: stepList,
  };
  const feed = Float32Array.from({ length: count }, (_, i) => i % 101);
  return {
    program,
    memories: options.memories.map((ranks, nodeIndex) => ({ nodeIndex, ranks })),
    feed,
    feeds: options.memories.map(() => feed),
    expected(fed) {
      let values = fed;
      for (let step = 0; step < steps; step++) {
        const before = values;
        values = before.map((_, i) => {
          const row = Math.floor(i / columns);
          return step % 2 === 0 ? before[i]! + weight[i]! : before[(rows - 1 - row) * columns + (i % columns)]!;
        });
      }
      return values;
    },
  };
}

/** A team tree of logical nodes: `shape[n]` lists the cluster sizes of node n. All workers share the first CPUs. */
export function tree(shape: readonly (readonly number[])[], cpus: readonly number[] = [0, 1]): TeamTree {
  let rank = 0;
  const nodes = shape.map((clusters, node) => ({
    node,
    clusters: clusters.map(size => ({
      via: 'test',
      workers: Array.from({ length: size }, () => ({ rank, cpu: cpus[rank++ % cpus.length]! })),
    })),
  }));
  return { nodes, logical: true };
}

export const ranksOf = (teams: TeamTree, nodeIndex?: number): number[] =>
  seats(teams)
    .filter(seat => nodeIndex === undefined || seat.nodeIndex === nodeIndex)
    .map(seat => seat.rank);
