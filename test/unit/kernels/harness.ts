/**
 * Runs a kernel's WebAssembly export against its twin. Invariant: a case passes only if the outputs agree, every split
 * into units and every form of a tile give the same bits, nothing outside of the outputs was written, and all of that also at
 * high addresses.
 *
 *     | guard | operand | guard | operand | guard | ... | scratch | guard |
 *
 * Guards and fresh outputs hold a NaN of their own, so that reading one is seen as well as writing it.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { encode, type Fields, type Values } from '../../../src/kernels/descriptor.js';
import type { Kernel } from '../../../src/kernels/kernel.js';
import { otherForms, type TileForms, tileBits, tiledKernels } from '../../../src/kernels/tiles.js';

export const moduleNames = ['simd', 'relaxed'] as const;
export type ModuleName = (typeof moduleNames)[number];
export type KernelExport = (descriptorPtr: number, unitBegin: number, unitEnd: number, scratchPtr: number) => void;

/** An operand by its `ptr` field: its content (with `first`: the element of it that the field points to); `output`: this many
 * floats that the kernel writes; `inPlace`: the content of an operand that the kernel overwrites; `same`: the address of
 * another operand; null: absent. */
export type Operand =
  | Float32Array
  | Int32Array
  | { readonly output: number }
  | { readonly inPlace: Float32Array }
  | { readonly content: Float32Array; readonly first: number }
  | { readonly same: string }
  | null;

export interface KernelCase {
  readonly operands: Readonly<Record<string, Operand>>;
  /** Every field that is not a `ptr`. */
  readonly scalars: Readonly<Record<string, number>>;
  /** Allowed error, relative to the twin's largest finite output, or, `perElement`, to max(1, |the twin's element|). */
  readonly tolerance: number;
  readonly perElement?: boolean;
}

const pageBytes = 65536;
const guardBytes = 256;
const guardBits = 0x7fc5a5a5;
const halfway = 2 ** 31;
const spareBytes = 128 * 2 ** 20;

/** The part of the WebAssembly API that is used here; neither ES2023 nor Node's types declare it. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Memory: new (options: { initial: number; maximum: number; shared: true }) => { buffer: SharedArrayBuffer };
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object, imports: object) => { exports: Readonly<Record<string, unknown>> };
  };
};

/** Pages of it exist only where a test touches them. */
const memory = new WebAssembly.Memory({
  initial: (halfway + spareBytes) / pageBytes,
  maximum: 65536,
  shared: true,
});
const f32 = new Float32Array(memory.buffer);
const i32 = new Int32Array(memory.buffer);
const instances = new Map<string, Readonly<Record<string, unknown>>>();

/** The kernel's export in one of the two built modules (`npm run build` comes first), in an instance with tiles of these forms. */
export function kernelExport(module: ModuleName, name: string, forms: TileForms = {}): KernelExport {
  const key = module + JSON.stringify(forms);
  let exports = instances.get(key);
  if (!exports) {
    const bytes = readFileSync(new URL(`../../../dist/wasm/${module}.wasm`, import.meta.url));
    exports = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports;
    (exports.use_tiles as (lanes: number, wide: number) => void)(...tileBits(forms));
    instances.set(key, exports);
  }
  const run = exports[name];
  if (typeof run !== 'function') throw new Error(`${module}.wasm has no export ${name}`);
  return run as KernelExport;
}

/** Pseudo-random numbers, uniform in [0, 1): mulberry32. */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Floats, uniform in [-1, 1). */
export function randomFloats(length: number, seed: number): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length }, () => next() * 2 - 1);
}

/** Where a case is laid out: low, across 2 GiB, and above it. */
const places = ['low', 'across', 'above'] as const;
type Place = (typeof places)[number];

interface Placed {
  readonly name: string;
  readonly ptr: number;
  readonly words: number;
  /** null: a pure output. */
  readonly content: Int32Array | null;
  readonly written: boolean;
}

interface Layout {
  readonly values: Record<string, number>;
  readonly operands: readonly Placed[];
  readonly descriptorPtr: number;
  readonly scratchPtr: number;
  readonly begin: number;
  readonly end: number;
}

function contentOf(operand: Exclude<Operand, { same: string } | null>): { content: Int32Array | null; words: number } {
  if ('output' in operand) return { content: null, words: operand.output };
  const floats = 'inPlace' in operand ? operand.inPlace : 'content' in operand ? operand.content : operand;
  return { content: new Int32Array(floats.buffer, floats.byteOffset, floats.length), words: floats.length };
}

function layOut(kernel: Kernel, test: KernelCase, place: Place): Layout {
  let at = 0;
  const reserve = (words: number) => {
    const ptr = at + guardBytes;
    at = Math.ceil((ptr + words * 4) / 64) * 64 + guardBytes;
    return ptr;
  };
  const relative: Placed[] = [];
  for (const [name, type] of Object.entries(kernel.fields)) {
    if (type !== 'ptr') continue;
    const operand = test.operands[name];
    if (operand === undefined) throw new Error(`${kernel.name}: the case has no operand ${name}`);
    if (operand === null || 'same' in operand) continue;
    const { content, words } = contentOf(operand);
    const written = 'output' in operand || 'inPlace' in operand;
    relative.push({ name, ptr: reserve(words), words, content, written });
  }
  const descriptorAt = reserve(Object.keys(kernel.fields).length);
  const valuesAt = (base: number) => {
    const values: Record<string, number> = { ...test.scalars };
    for (const operand of relative) values[operand.name] = base + operand.ptr;
    for (const [name, operand] of Object.entries(test.operands)) {
      if (operand === null) values[name] = 0;
      else if ('same' in operand) values[name] = values[operand.same]!;
      else if ('first' in operand) values[name]! += 4 * operand.first;
    }
    return values;
  };
  const scratchAt = reserve(Math.ceil(kernel.scratchBytes(valuesAt(0)) / 4));
  if (at > spareBytes / 2) throw new Error(`${kernel.name}: the case needs ${at} bytes, more than the harness has`);
  const across = halfway - Math.floor(at / 2 / 64) * 64;
  const base = { low: pageBytes, across, above: halfway + spareBytes / 2 }[place];
  return {
    values: valuesAt(base),
    operands: relative.map(operand => ({ ...operand, ptr: base + operand.ptr })),
    descriptorPtr: base + descriptorAt,
    scratchPtr: base + scratchAt,
    begin: base,
    end: base + at,
  };
}

/** Everything as before the first unit: guards, outputs and scratch are the guard's NaN. */
function reset(kernel: Kernel, layout: Layout): void {
  i32.fill(guardBits, layout.begin / 4, layout.end / 4);
  for (const { ptr, content } of layout.operands) if (content) i32.set(content, ptr / 4);
  i32.set(encode(kernel.fields, layout.values as Values<Fields>), layout.descriptorPtr / 4);
}

const outputsOf = (layout: Layout) =>
  layout.operands
    .filter(operand => operand.written)
    .map(({ name, ptr, words }) => ({ name, floats: f32.slice(ptr / 4, ptr / 4 + words) }));

/** Every word that no kernel may write still holds what `reset` put there. */
function expectIntact(kernel: Kernel, layout: Layout, scratchWords: number, title: string): void {
  const descriptor = encode(kernel.fields, layout.values as Values<Fields>);
  const owned = [
    ...layout.operands,
    { name: 'descriptor', ptr: layout.descriptorPtr, words: descriptor.length, content: descriptor, written: false },
    { name: 'scratch', ptr: layout.scratchPtr, words: scratchWords, content: null, written: true },
  ];
  let at = layout.begin / 4;
  const expectGuards = (until: number, before: string) => {
    for (; at < until; at++)
      if (i32[at] !== guardBits) expect.fail(`${title}: word ${at - until} from ${before} was overwritten`);
  };
  for (const { name, ptr, words, content, written } of owned) {
    expectGuards(ptr / 4, name);
    for (let i = 0; !written && i < words; i++)
      if (i32[at + i] !== content![i]) expect.fail(`${title}: word ${i} of the input ${name} was overwritten`);
    at += words;
  }
  expectGuards(layout.end / 4, 'the end');
}

const bitsOf = (floats: Float32Array) => new Int32Array(floats.buffer, floats.byteOffset, floats.length);

function expectSameBits(actual: Float32Array, wanted: Float32Array, title: string): void {
  const a = bitsOf(actual);
  const b = bitsOf(wanted);
  const at = a.findIndex((bits, i) => bits !== b[i]);
  if (at >= 0) expect.fail(`${title}: element ${at} is ${actual[at]}, was ${wanted[at]}`);
}

/** NaN and infinities at the same places, the rest within the tolerance (see KernelCase). */
export function expectClose(
  actual: Float32Array,
  wanted: Float32Array,
  options: { tolerance: number; perElement?: boolean; title: string },
): void {
  let largest = 0;
  for (const value of wanted) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  expect(actual.length, options.title).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const a = actual[i]!;
    const b = wanted[i]!;
    const scale = options.perElement && Number.isFinite(b) ? Math.max(1, Math.abs(b)) : largest;
    const allowed = options.tolerance * scale;
    if (!Object.is(a, b) && !(Math.abs(a - b) <= allowed) && a !== b)
      expect.fail(`${options.title}: element ${i} is ${a}, the twin has ${b} (allowed difference ${allowed})`);
  }
}

function shuffled(count: number): number[] {
  const next = generator(count);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Every form that the tile of the kernel, or of the one that multiplies for it, has. */
function formsOf({ name }: Kernel): TileForms[] {
  // The transforms take vectors in pairs where some tile is wide.
  const multiplying = /^f32_(conv_winograd|winograd_)/.test(name) ? 'f32_winograd_products' : name;
  const tiled = tiledKernels.find(kernel => kernel === multiplying);
  return [{}, ...(tiled ? otherForms[tiled].map(form => ({ [tiled]: form })) : [])];
}

/**
 * Checks both modules of `kernel`, in every form of its tile, on one case: all units at once, one by one in shuffled order, and in two unequal parts; low in
 * memory, and (all at once) across and above 2 GiB. Returns the outputs of the twin by field name.
 */
export function checkKernel<F extends Fields>(typed: Kernel<F>, test: KernelCase): Record<string, Float32Array> {
  const kernel = typed as unknown as Kernel;
  const low = layOut(kernel, test, 'low');
  const units = kernel.units(low.values);
  const scratchWords = Math.ceil(kernel.scratchBytes(low.values) / 4);
  const third = Math.ceil(units / 3);
  const splits: Record<string, [number, number][]> = {
    'all at once': [[0, units]],
    'one by one': shuffled(units).map(unit => [unit, unit + 1]),
    'in two parts': [
      [third, units],
      [0, third],
    ],
  };
  expect(units, `${kernel.name}: units`).toBeGreaterThan(0);

  reset(kernel, low);
  for (const unit of shuffled(units)) kernel.twin({ f32, i32 }, low.values, unit, unit + 1);
  const wanted = outputsOf(low);
  expectIntact(kernel, low, scratchWords, `${kernel.name} (twin)`);

  for (const module of moduleNames) {
    let first: ReturnType<typeof outputsOf> | null = null;
    for (const forms of formsOf(kernel)) {
      const run = kernelExport(module, kernel.name, forms);
      for (const place of places) {
        const layout = layOut(kernel, test, place);
        for (const [split, ranges] of Object.entries(splits)) {
          if (place !== 'low' && split !== 'all at once') continue;
          const title = `${kernel.name} (${[module, place, split, ...Object.values(forms)].join(', ')})`;
          reset(kernel, layout);
          for (const [begin, end] of ranges) run(layout.descriptorPtr, begin, end, layout.scratchPtr);
          expectIntact(kernel, layout, scratchWords, title);
          const outputs = outputsOf(layout);
          outputs.forEach(({ name, floats }, i) => {
            if (first) expectSameBits(floats, first[i]!.floats, `${title}, ${name}`);
            else expectClose(floats, wanted[i]!.floats, { ...test, title: `${title}, ${name}` });
          });
          first ??= outputs;
        }
      }
    }
  }
  return Object.fromEntries(wanted.map(({ name, floats }) => [name, floats]));
}

/** The outputs of one module, all units at once, by field name. */
export function runKernel<F extends Fields>(
  typed: Kernel<F>,
  test: KernelCase,
  module: ModuleName,
): Record<string, Float32Array> {
  const kernel = typed as unknown as Kernel;
  const layout = layOut(kernel, test, 'low');
  reset(kernel, layout);
  kernelExport(module, kernel.name)(layout.descriptorPtr, 0, kernel.units(layout.values), layout.scratchPtr);
  return Object.fromEntries(outputsOf(layout).map(({ name, floats }) => [name, floats]));
}
