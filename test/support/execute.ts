/**
 * Runs a Program in the test's own thread, without a pool: one memory, one worker. Invariant: whatever no step has written
 * is NaN (arena and scratch), and image and weights are the same after the run as before it.
 */
import { readFileSync } from 'node:fs';
import { type ModuleName, wasmUrl } from '../../src/assets.js';
import { readFloats } from '../../src/graph/constant.js';
import { decode } from '../../src/kernels/descriptor.js';
import { kernels } from '../../src/kernels/index.js';
import { pack, packUnits } from '../../src/kernels/pack.js';
import type { Port, Program, Step } from '../../src/lower/program.js';

const memoryBytes = 96 * 2 ** 20;
const pages = memoryBytes / 65536;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const words = { f32: new Float32Array(memory.buffer), i32: new Int32Array(memory.buffer) };
const imageStart = 65536;
/** A NaN that no kernel makes by itself. */
const unwritten = 0x7fc5a5a5;

const instances = new Map<ModuleName, WebAssembly.Exports>();

/** The exports of one of the two built modules (`npm run build` comes first). */
function exportsOf(module: ModuleName): WebAssembly.Exports {
  let exports = instances.get(module);
  if (!exports) {
    const compiled = new WebAssembly.Module(readFileSync(wasmUrl(module)));
    exports = new WebAssembly.Instance(compiled, { env: { memory } }).exports;
    instances.set(module, exports);
  }
  return exports;
}

/** The outputs by name, in the graph's order; steps that are lowered to their twin run on it. */
export function execute(
  program: Program,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
  module: ModuleName = 'simd',
): Map<string, Float32Array> {
  const [plan, ...others] = program.memories;
  if (!plan || others.length > 0) throw new Error(`${program.memories.length} memories; one is executed`);
  if (plan.bytes > memoryBytes) throw new Error(`the program needs ${plan.bytes} bytes, ${memoryBytes} are there`);
  const arenaStart = plan.scratchAddress - plan.arenaBytes;

  words.i32.fill(0, imageStart / 4, arenaStart / 4);
  words.i32.fill(unwritten, arenaStart / 4, Math.ceil(plan.bytes / 4) + 64);
  for (const { address, words: data } of plan.image) words.i32.set(data, address / 4);
  for (const { constant, packing, address, bytes } of program.weights) {
    const read = (start: number, count: number, into: Float32Array) => readFloats(constant, start, count, into);
    const packed = new Float32Array(memory.buffer, address, bytes / 4);
    for (let unit = 0; unit < packUnits(packing); unit++) pack(packing, unit, read, packed);
  }
  const fixed = words.i32.slice(imageStart / 4, arenaStart / 4);

  for (const port of program.inputs) {
    const data = feeds[port.name]!;
    if (data.length !== viewOf(port).length) throw new Error(`feed '${port.name}' has ${data.length} elements`);
    viewOf(port).set(data);
  }
  for (const step of program.steps) runStep(step, plan.scratchAddress, module);
  const changed = fixed.findIndex((word, i) => word !== words.i32[imageStart / 4 + i]);
  if (changed >= 0) throw new Error(`a step wrote word ${changed} of the image or the weights`);
  return new Map(program.outputs.map(port => [port.name, viewOf(port).slice()]));
}

function viewOf({ address, dims }: Port): Float32Array {
  const elements = dims.reduce((all, size) => all * size, 1);
  return new Float32Array(memory.buffer, address, elements);
}

/** The later half of the units first: any order has to do. */
function runStep({ name, kernel, shares, twin }: Step, scratch: number, module: ModuleName): void {
  const [share] = shares;
  if (!share) throw new Error(`step '${name}' has no share`);
  const { descriptor, units } = share;
  const half = Math.floor(units / 2);
  const run = twin ? twinOf(kernel, descriptor) : exportsOf(module)[kernel];
  if (typeof run !== 'function') throw new Error(`${module}.wasm has no export ${kernel}`);
  run(descriptor, half, units, scratch);
  if (half > 0) run(descriptor, 0, half, scratch);
}

function twinOf(name: string, descriptor: number): (descriptorPtr: number, begin: number, end: number) => void {
  const kernel = kernels[name]!;
  const values = decode(kernel.fields, words.i32, descriptor);
  return (_, begin, end) => kernel.twin(words, values, begin, end);
}
