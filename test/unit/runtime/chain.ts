/**
 * A program small enough to check by hand, whose result shows every unit that is lost, repeated or overtaken: each step
 * needs what other workers, or other memories, have just written. Values are small integers, so sums are exact.
 */
import { copy } from '../../../src/kernels/copy.js';
import { encode } from '../../../src/kernels/descriptor.js';
import { add } from '../../../src/kernels/elementwise.js';
import type {
  BarrierScope,
  ExchangePiece,
  MemoryPlan,
  Port,
  Program,
  Share,
  Step,
  WeightTask,
} from '../../../src/lower/program.js';
import type { PlannedMemory } from '../../../src/plan/plan.js';
import { seats, type TeamTree } from '../../../src/plan/team.js';

/**
 * What a step does to the matrix x of every memory.
 *
 * - `add`: x + w
 * - `reverse`: the rows of x from last to first
 * - `fetch`: the next memory's x, in pieces of many runs, short and long
 * - `mixed`: x + w in the upper rows, the next memory's x in the lower ones
 * - `lone`: x + w in one memory, by turns; the others have no share and keep x
 */
export type ChainKind = 'add' | 'reverse' | 'fetch' | 'mixed' | 'lone';

export interface ChainOptions {
  readonly rows?: number;
  readonly columns?: number;
  readonly steps?: number;
  /** What the steps do, over and over. */
  readonly kinds?: readonly ChainKind[];
  /** Every how many steps the twin does it; 0: never. */
  readonly twinEvery?: number;
  /** Where the arena begins. */
  readonly arenaAddress?: number;
  /** The ranks of each memory; every memory gets its own input and output. */
  readonly memories: readonly (readonly number[])[];
  /** Where steps end that neither follow nor precede a copy between memories. */
  readonly barrier?: BarrierScope;
}

export interface Chain {
  readonly program: Program;
  readonly memories: readonly PlannedMemory[];
  /** By step. */
  readonly kinds: readonly ChainKind[];
  readonly feed: Float32Array;
  /** One per memory, no two the same; the first is `feed`. */
  readonly feeds: readonly Float32Array[];
  /** The outputs for such feeds. */
  results(feeds: readonly Float32Array[]): Float32Array[];
  /** The first memory's output where all of them are fed alike. */
  expected(feed: Float32Array): Float32Array;
}

const firstAddress = 65536;
const descriptorBytes = 256;
const none = { activation: 0, alpha: 0, beta: 0 };

export function chain(options: ChainOptions): Chain {
  const { rows = 67, columns = 29, steps = 12, twinEvery = 5, barrier = 'machine' } = options;
  const pattern = options.kinds ?? ['add', 'reverse'];
  const kinds = Array.from({ length: steps }, (_, step) => pattern[step % pattern.length]!);
  const memoryCount = options.memories.length;
  const count = rows * columns;
  const weight = Float32Array.from({ length: count }, (_, i) => (i * 7) % 11);
  const wPtr = firstAddress + 64 * 1024;
  const arena = options.arenaAddress ?? wPtr + count * 4;
  const bufferAt = (parity: number): number => arena + parity * (count * 4 + 64);
  const upperRows = Math.ceil(rows / 2);

  /** By memory: which of its two buffers holds x now. */
  let parities = options.memories.map(() => 0);
  const images = options.memories.map((): { address: number; words: Int32Array }[] => []);
  const sharesOf = (kind: ChainKind, step: number, memory: number): Share[] => {
    const xPtr = bufferAt(parities[memory]!);
    const yPtr = bufferAt(1 - parities[memory]!);
    const from = (memory + 1) % memoryCount;
    const fetched = { from, fromPtr: bufferAt(parities[from]!), toPtr: yPtr, rows, columns };
    const kernelShare = (operands: KernelOperands): Share => {
      const { kernel, values } = kernelCall(operands);
      const descriptor = firstAddress + step * descriptorBytes;
      images[memory]!.push({ address: descriptor, words: encode(kernel.fields, values as never) });
      const twin = twinEvery > 0 && step % twinEvery === twinEvery - 1;
      return { kind: 'kernel', memory, kernel: kernel.name, descriptor, units: kernel.units(values as never), twin };
    };
    switch (kind) {
      case 'add':
      case 'reverse':
        return [kernelShare({ kind, xPtr, wPtr, yPtr, rows, columns })];
      case 'fetch':
        return [{ kind: 'exchange', memory, pieces: scatteredPieces(fetched) }];
      case 'mixed':
        return [
          kernelShare({ kind: 'add', xPtr, wPtr, yPtr, rows: upperRows, columns }),
          { kind: 'exchange', memory, pieces: densePieces(fetched, upperRows) },
        ];
      case 'lone':
        return step % memoryCount === memory ? [kernelShare({ kind: 'add', xPtr, wPtr, yPtr, rows, columns })] : [];
    }
  };
  const exchanges = (step: number): boolean => kinds[step] === 'fetch' || kinds[step] === 'mixed';
  const stepList = kinds.map((kind, step): Step => {
    const shares = options.memories.map((_, memory) => sharesOf(kind, step, memory));
    parities = parities.map((parity, memory) => (shares[memory]!.length > 0 ? 1 - parity : parity));
    const scope = exchanges(step) || exchanges(step + 1) ? 'machine' : barrier;
    return { name: `layer${step}`, op: 'Test', shares: shares.flat(), flops: 0, barrier: scope };
  });

  const bytes = arena + count * 8 + 4096;
  const arenaBytes = count * 8 + 128;
  const sizes = { weightBytes: count * 4, arenaBytes, scratchAddress: arena + arenaBytes, scratchBytes: 0 };
  const port = (memory: number, parity: number): Port => {
    const dims = [rows, columns];
    return { name: `port${memory}`, dims, pieces: [{ memory, address: bufferAt(parity), begin: [0, 0], dims }] };
  };
  const program: Program = {
    memories: options.memories.map((_, nodeIndex): MemoryPlan => {
      return { nodeIndex, bytes, image: images[nodeIndex]!, ...sizes };
    }),
    inputs: options.memories.map((_, memory) => port(memory, 0)),
    outputs: options.memories.map((_, memory) => port(memory, parities[memory]!)),
    weights: options.memories.map((_, memory): WeightTask => {
      const source = { kind: 'bytes', bytes: new Uint8Array(weight.buffer) } as const;
      const constant = { dtype: 'float32', dims: [rows, columns], source } as const;
      const packing = { kernel: 'dense', elements: count } as const;
      return { name: 'w', memory, address: wPtr, bytes: count * 4, packing, constant };
    }),
    steps: stepList,
  };

  /** What a step makes of a memory's matrix x; the next memory's is `next`. */
  const apply = (step: number, memory: number, x: Float32Array, next: Float32Array): Float32Array => {
    const sum = () => x.map((value, i) => value + weight[i]!);
    switch (kinds[step]!) {
      case 'add':
        return sum();
      case 'reverse':
        return x.map((_, i) => x[(rows - 1 - Math.floor(i / columns)) * columns + (i % columns)]!);
      case 'fetch':
        return next;
      case 'mixed':
        return sum().map((value, i) => (i < upperRows * columns ? value : next[i]!));
      case 'lone':
        return step % memoryCount === memory ? sum() : x;
    }
  };
  const results = (feeds: readonly Float32Array[]): Float32Array[] =>
    kinds.reduce<Float32Array[]>(
      (all, _, step) => all.map((x, memory) => apply(step, memory, x, all[(memory + 1) % memoryCount]!)),
      [...feeds],
    );
  const feed = Float32Array.from({ length: count }, (_, i) => i % 101);
  return {
    program,
    memories: options.memories.map((ranks, nodeIndex) => ({ nodeIndex, ranks })),
    kinds,
    feed,
    feeds: options.memories.map((_, memory) => feed.map(value => value + 1000 * memory)),
    results,
    expected: fed => results(options.memories.map(() => fed))[0]!,
  };
}

interface KernelOperands {
  readonly kind: 'add' | 'reverse';
  readonly xPtr: number;
  readonly wPtr: number;
  readonly yPtr: number;
  readonly rows: number;
  readonly columns: number;
}

const unitStrides = (rowStride: number, prefix: string): Record<string, number> => ({
  [`${prefix}Stride0`]: 0,
  [`${prefix}Stride1`]: 0,
  [`${prefix}Stride2`]: 0,
  [`${prefix}Stride3`]: 0,
  [`${prefix}Stride4`]: rowStride,
  [`${prefix}Stride5`]: 1,
});

/** A unit per row. */
function kernelCall({ kind, xPtr, wPtr, yPtr, rows, columns }: KernelOperands) {
  const shape = { dim0: 1, dim1: 1, dim2: 1, dim3: 1, dim4: rows, dim5: columns, rowBlock: 1 };
  if (kind === 'add') {
    const strides = { ...unitStrides(columns, 'a'), ...unitStrides(columns, 'b') };
    return { kernel: add, values: { ...shape, ...none, ...strides, aPtr: xPtr, bPtr: wPtr, yPtr } };
  }
  const strides = { ...unitStrides(-columns, 'x'), ...unitStrides(columns, 'y') };
  return { kernel: copy, values: { ...shape, ...strides, xPtr: xPtr + (rows - 1) * columns * 4, yPtr } };
}

interface Fetched {
  readonly from: number;
  readonly fromPtr: number;
  readonly toPtr: number;
  readonly rows: number;
  readonly columns: number;
}

/** The whole matrix: a column of five elements as one piece, the rest of every nine rows as another. */
function scatteredPieces({ from, fromPtr, toPtr, rows, columns }: Fetched): ExchangePiece[] {
  const pitch = columns * 4;
  const piece = (row: number, column: number, runs: number, width: number): ExchangePiece => {
    const offset = row * pitch + column * 4;
    const addresses = { fromAddress: fromPtr + offset, toAddress: toPtr + offset };
    return { from, ...addresses, fromPitch: pitch, toPitch: pitch, runs, bytes: width * 4 };
  };
  const blocks = Array.from({ length: Math.ceil(rows / 9) }, (_, block) => block * 9);
  return [piece(0, 0, rows, 5), ...blocks.map(row => piece(row, 5, Math.min(9, rows - row), columns - 5))];
}

/** The rows from `firstRow` on, three of them in a run, a run in a piece. */
function densePieces({ from, fromPtr, toPtr, rows, columns }: Fetched, firstRow: number): ExchangePiece[] {
  const pieces: ExchangePiece[] = [];
  for (let row = firstRow; row < rows; row += 3) {
    const offset = row * columns * 4;
    const bytes = Math.min(3, rows - row) * columns * 4;
    const addresses = { fromAddress: fromPtr + offset, toAddress: toPtr + offset };
    pieces.push({ from, ...addresses, fromPitch: bytes, toPitch: bytes, runs: 1, bytes });
  }
  return pieces;
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

/** One memory per node. */
export const ranksByNode = (teams: TeamTree): number[][] =>
  teams.nodes.map((_, nodeIndex) => ranksOf(teams, nodeIndex));
