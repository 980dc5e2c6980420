/**
 * Runs a Program in the test's own thread, without a pool: one worker for all memories. Invariant: whatever no step has
 * written is NaN (arena and scratch), and image and weights are the same after the run as before it.
 */
import { readFileSync } from 'node:fs';
import { type ModuleName, wasmUrl } from '../../src/assets.js';
import { readFloats } from '../../src/graph/constant.js';
import { decode } from '../../src/kernels/descriptor.js';
import { kernels } from '../../src/kernels/index.js';
import { pack } from '../../src/kernels/pack.js';
import { packUnits } from '../../src/kernels/packing.js';
import type {
  ExchangeShare,
  KernelShare,
  MemoryPlan,
  Program,
  Share,
  Step,
  WeightTask,
} from '../../src/lower/program.js';
import { checkFeeds, readOutputs, writeInputs } from '../../src/runtime/memory.js';

const pageBytes = 65536;
const maximumBytes = 256 * 2 ** 20;
const imageStart = 65536;
/** A NaN that no kernel makes by itself. */
const unwritten = 0x7fc5a5a5;

/** One of the memories that all runs of this thread share; it grows to what the largest of them needs. */
interface Bench {
  readonly memory: WebAssembly.Memory;
  readonly instances: Map<ModuleName, WebAssembly.Exports>;
  f32: Float32Array;
  i32: Int32Array;
}

const benches: Bench[] = [];
const modules = new Map<ModuleName, WebAssembly.Module>();

function benchAt(index: number, bytes: number): Bench {
  if (bytes > maximumBytes) throw new Error(`the program needs ${bytes} bytes, ${maximumBytes} are there`);
  let bench = benches[index];
  if (!bench) {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: maximumBytes / pageBytes, shared: true });
    bench = { memory, instances: new Map(), f32: new Float32Array(), i32: new Int32Array() };
    benches[index] = bench;
  }
  const { memory } = bench;
  const missing = Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes;
  if (missing > 0) memory.grow(missing);
  if (bench.f32.buffer !== memory.buffer) {
    bench.f32 = new Float32Array(memory.buffer);
    bench.i32 = new Int32Array(memory.buffer);
  }
  return bench;
}

/** The exports of one of the two built modules (`npm run build` comes first). */
function exportsOf({ instances, memory }: Bench, name: ModuleName): WebAssembly.Exports {
  let exports = instances.get(name);
  if (!exports) {
    const module = modules.get(name) ?? new WebAssembly.Module(readFileSync(wasmUrl(name)));
    modules.set(name, module);
    exports = new WebAssembly.Instance(module, { env: { memory } }).exports;
    instances.set(name, exports);
  }
  return exports;
}

/**
 * The outputs by name, in the graph's order; shares that are lowered to their twin run on it.
 *
 * Between barriers of the machine memories are as far apart as they may get: one after another does all its steps, that with
 * index `first` before the others. The shares of a step are done in their order, or backwards where that memory is not the first.
 */
export function execute(
  program: Program,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
  module: ModuleName = 'simd',
  first = 0,
): Map<string, Float32Array> {
  // Kernels may read, and never use, up to 64 words behind the end.
  const used = program.memories.map(({ bytes }, index) => benchAt(index, bytes + 256));
  const memories = used.map(({ memory }) => memory);
  program.memories.forEach((plan, index) => {
    fill(used[index]!, plan);
  });
  for (const task of program.weights) {
    packWeight(used[task.memory]!, task, program.memories[task.memory]!.scratchAddress, module);
  }
  program.memories.forEach((plan, index) => {
    forget(used[index]!, plan);
  });
  const fixed = program.memories.map((plan, index) => fixedWords(used[index]!, plan).slice());

  const fed = program.inputs.map(({ name }) => Float32Array.from(feeds[name]!));
  checkFeeds(program.inputs, fed);
  writeInputs(memories, program.inputs, fed);
  for (const steps of betweenMeetings(program.steps)) {
    for (let turn = 0; turn < used.length; turn++) {
      const memory = (first + turn) % used.length;
      const ordered = (shares: readonly Share[]) => (first === 0 ? shares : shares.toReversed());
      for (const share of steps.flatMap(({ shares }) => ordered(shares.filter(own => own.memory === memory)))) {
        if (share.kind === 'exchange') exchange(used, share);
        else runShare(used[memory]!, share, program.memories[memory]!.scratchAddress, module);
      }
    }
  }
  program.memories.forEach((plan, index) => {
    const now = fixedWords(used[index]!, plan);
    const changed = fixed[index]!.findIndex((word, i) => word !== now[i]);
    if (changed >= 0) throw new Error(`a step wrote word ${changed} of the image or the weights of memory ${index}`);
  });
  const outputs = readOutputs(memories, program.outputs);
  return new Map(program.outputs.map(({ name }, index) => [name, outputs[index]!]));
}

/** The steps, cut after every barrier of the machine. */
function betweenMeetings(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = [[]];
  for (const step of steps) {
    runs.at(-1)!.push(step);
    if (step.barrier === 'machine') runs.push([]);
  }
  return runs;
}

const arenaStartOf = ({ scratchAddress, arenaBytes }: MemoryPlan): number => scratchAddress - arenaBytes;

/** The image and the weights. */
const fixedWords = ({ i32 }: Bench, plan: MemoryPlan): Int32Array =>
  i32.subarray(imageStart / 4, arenaStartOf(plan) / 4);

function fill(bench: Bench, plan: MemoryPlan): void {
  const { i32 } = bench;
  i32.fill(0, imageStart / 4, arenaStartOf(plan) / 4);
  for (const { address, words } of plan.image) i32.set(words, address / 4);
  forget(bench, plan);
}

/** Arena and scratch as nobody has written them. */
function forget({ i32 }: Bench, plan: MemoryPlan): void {
  i32.fill(unwritten, arenaStartOf(plan) / 4, Math.ceil(plan.bytes / 4) + 64);
}

function packWeight(
  bench: Bench,
  { constant, packing, address }: WeightTask,
  scratch: number,
  module: ModuleName,
): void {
  const read = (start: number, count: number, into: Float32Array) => readFloats(constant, start, count, into);
  const packer = { memory: bench, scratch, kernel: (name: string) => kernelOf(bench, name, module) };
  for (let unit = 0; unit < packUnits(packing); unit++) pack(packing, unit, read, address, packer);
}

/** The later half of the units first: any order has to do. */
function runShare(bench: Bench, share: KernelShare, scratch: number, module: ModuleName): void {
  const { kernel, descriptor, units, twin } = share;
  const half = Math.floor(units / 2);
  const run = twin ? twinOf(bench, kernel, descriptor) : kernelOf(bench, kernel, module);
  run(descriptor, half, units, scratch);
  if (half > 0) run(descriptor, 0, half, scratch);
}

function kernelOf(bench: Bench, name: string, module: ModuleName): (...words: number[]) => void {
  const kernel = exportsOf(bench, module)[name];
  if (typeof kernel !== 'function') throw new Error(`${module}.wasm has no export ${name}`);
  return kernel as (...words: number[]) => void;
}

function twinOf(bench: Bench, name: string, descriptor: number): (_: number, begin: number, end: number) => void {
  const kernel = kernels[name]!;
  const values = decode(kernel.fields, bench.i32, descriptor);
  return (_, begin, end) => kernel.twin(bench, values, begin, end);
}

function exchange(used: readonly Bench[], { memory, pieces }: ExchangeShare): void {
  for (const piece of [...pieces].reverse()) {
    const { from, fromAddress, fromPitch, toAddress, toPitch, runs, bytes } = piece;
    if (from === memory) throw new Error(`memory ${memory} fetches from itself`);
    for (let run = 0; run < runs; run++) {
      const start = (fromAddress + run * fromPitch) / 4;
      used[memory]!.f32.set(used[from]!.f32.subarray(start, start + bytes / 4), (toAddress + run * toPitch) / 4);
    }
  }
}
