/**
 * The programs that this worker holds, ready to run: the module instantiated on the memories it works in, and each step's
 * share bound to its export or its twin. Nothing is allocated per run.
 */
import { decode } from '../../kernels/descriptor.js';
import { kernels } from '../../kernels/index.js';
import type { KernelMemory } from '../../kernels/kernel.js';
import type { Packer } from '../../kernels/pack_stage.js';
import { tileBits } from '../../kernels/tiles.js';
import type { KernelShare, Share, Step } from '../../lower/program.js';
import { rangesOf } from '../clusters.js';
import { type Control, heldWord, isUnloaded, openControl } from '../control.js';
import type { BarrierRef, Bundle, BundleMemory } from '../protocol.js';
import { exchangeUnits } from './exchange.js';
import type { Place } from './seat.js';
import type { UnitRange, Units } from './share_out.js';

type Export = (descriptor: number, begin: number, end: number, scratch: number) => void;

/** A memory that this worker works in. */
interface Bench extends BundleMemory {
  readonly exports: WebAssembly.Exports;
  /** Index of the worker's own cluster. */
  readonly cluster: number;
  readonly scratch: number;
}

export interface HeldStep {
  readonly barrier: BarrierRef;
  /** The shares in memories that this worker works in. */
  readonly shares: readonly Units[];
}

export interface Held {
  readonly control: Control;
  readonly steps: readonly HeldStep[];
  /** For each memory, where this worker packs constants; null where it does not work in it. */
  readonly packers: readonly (Packer | null)[];
}

const held = new Map<number, Held>();

/** Instantiates a program for this worker, unless it is here, and says so in its control block. */
export function hold(bundle: Bundle, place: Place): Held {
  const known = held.get(bundle.id);
  if (known) return known;
  const control = openControl(bundle.control);
  const benches = bundle.memories.map(memory => bench(bundle, memory, place.rank));
  let counters = 0;
  const steps = bundle.steps.map(step => ({
    barrier: place.barriers[step.barrier],
    shares: step.shares
      .map(share => {
        const firstCounter = counters;
        counters += bundle.memories[share.memory]!.clusters.length;
        return { share, firstCounter };
      })
      // Copies first: they are few and may be large, and the kernel's many units even out what is left.
      .sort((a, b) => Number(a.share.kind === 'kernel') - Number(b.share.kind === 'kernel'))
      .flatMap(({ share, firstCounter }) => {
        const where = benches[share.memory];
        if (!where) return [];
        const count = share.kind === 'exchange' ? share.pieces.length : share.units;
        return [{ ranges: claimOrder(count, firstCounter, where), do: unitsOf(step, share, where, bundle) }];
      }),
  }));
  const program = { control, steps, packers: benches.map(where => where && packer(where)) };
  held.set(bundle.id, program);
  Atomics.store(control.words, heldWord(place.rank), place.threadId);
  return program;
}

export function heldProgram(id: number): Held {
  const program = held.get(id);
  if (!program) throw new Error(`worker does not hold program ${id}`);
  return program;
}

/** Lets go of what the main thread has unloaded. */
export function sweep(): void {
  for (const [id, { control }] of held) if (isUnloaded(control)) held.delete(id);
}

function bench({ module, tileForms }: Bundle, plan: BundleMemory, rank: number): Bench | null {
  const position = plan.ranks.indexOf(rank);
  if (position < 0) return null;
  const cluster = plan.clusters.findIndex(ranks => ranks.includes(rank));
  const { exports } = new WebAssembly.Instance(module, { env: { memory: plan.memory } });
  (exports.use_tiles as (lanes: number, wide: number) => void)(...tileBits(tileForms));
  return { ...plan, exports, cluster, scratch: plan.scratchAddress + position * plan.scratchBytes };
}

/** The ranges of a share in the order in which this worker claims: its own cluster's, then the next ones, round and round. */
function claimOrder(count: number, firstCounter: number, { clusters, cluster }: Bench): UnitRange[] {
  const ranges = rangesOf(count, clusters).map((range, index) => ({
    ...range,
    counter: firstCounter + index,
    team: clusters[index]!.length,
  }));
  return [...ranges.slice(cluster), ...ranges.slice(0, cluster)].filter(({ begin, end }) => begin < end);
}

function unitsOf(step: Step, share: Share, where: Bench, { memories }: Bundle): Units['do'] {
  if (share.kind === 'exchange') return exchangeUnits(share, memories);
  return share.twin ? twin(step.name, share, where) : wasm(share, where);
}

const viewsOf = ({ memory: { buffer } }: Bench): KernelMemory => ({
  f32: new Float32Array(buffer),
  i32: new Int32Array(buffer),
});

const packer = (where: Bench): Packer => ({
  memory: viewsOf(where),
  scratch: where.scratch,
  kernel: name => exportOf(where, name),
});

function exportOf({ exports }: Bench, name: string): Export {
  const kernel = exports[name] as Export | undefined;
  if (typeof kernel !== 'function') throw new Error(`the module has no kernel ${name}`);
  return kernel;
}

function wasm({ kernel: name, descriptor }: KernelShare, where: Bench): Units['do'] {
  const kernel = exportOf(where, name);
  return (begin, end) => kernel(descriptor, begin, end, where.scratch);
}

function twin(stepName: string, { kernel: name, descriptor }: KernelShare, where: Bench): Units['do'] {
  const kernel = kernels[name];
  if (!kernel) throw new Error(`step "${stepName}": there is no twin of ${name}`);
  const memory = viewsOf(where);
  return (begin, end) => kernel.twin(memory, decode(kernel.fields, memory.i32, descriptor), begin, end);
}
