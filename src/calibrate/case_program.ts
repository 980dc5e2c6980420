/**
 * Cases as one program: a step for each, on operands of its own. Before it, what the layer before would just have written is
 * written, where the caches would hold it; weights and what is too large come from memory. Invariant: no step reads what
 * another case writes, so that every run does the same.
 */

import { fill, fillBlock } from '../kernels/copy.js';
import { encode } from '../kernels/descriptor.js';
import { kernels } from '../kernels/index.js';
import type { KernelShare, Program, Step } from '../lower/program.js';
import type { KernelCase } from './kernel_case.js';

const imageStart = 65536;
const align = (bytes: number) => Math.ceil(bytes / 64) * 64;

export interface CaseProgram {
  readonly program: Program;
  /** By case: its step. */
  readonly stepOf: readonly number[];
  readonly units: readonly number[];
}

export interface CaseProgramOptions {
  readonly cases: readonly KernelCase[];
  readonly workers: number;
  /** Operands of more bytes together are not written just before. */
  readonly freshBytes: number;
}

export function caseProgram({ cases, workers, freshBytes }: CaseProgramOptions): CaseProgram {
  const image: { address: number; words: Int32Array }[] = [];
  let imageEnd = imageStart;
  const place = (words: Int32Array): number => {
    const address = imageEnd;
    image.push({ address, words });
    imageEnd += align(words.byteLength);
    return address;
  };
  const share = (kernelName: string, values: Readonly<Record<string, number>>): KernelShare => {
    const kernel = kernels[kernelName]!;
    const descriptor = place(encode(kernel.fields, values));
    return { kind: 'kernel', memory: 0, kernel: kernelName, descriptor, units: kernel.units(values), twin: false };
  };
  // Tables have their place in the image; the other operands come behind it, one after another.
  const tables = cases.map(({ operands }) =>
    Object.fromEntries(
      Object.entries(operands).flatMap(([name, operand]) =>
        typeof operand === 'number' ? [] : [[name, place(operand)]],
      ),
    ),
  );
  const stepCount = 1 + cases.reduce((count, { fresh }) => count + fresh.length + 1, 0);
  const longestDescriptor = Math.max(
    ...Object.values(kernels).map(({ fields }) => align(4 * Object.keys(fields).length)),
  );
  const start = imageEnd + stepCount * longestDescriptor;

  let end = start;
  const steps: Step[] = [];
  const stepOf: number[] = [];
  const units: number[] = [];
  let scratchBytes = 0;
  const step = (name: string, kernelShare: KernelShare): void => {
    steps.push({ name, op: 'Case', shares: [kernelShare], flops: 0, barrier: 'machine' });
  };
  const write = (yPtr: number, bytes: number): void => {
    const count = Math.floor(bytes / 4);
    step('write', share(fill.name, { yPtr, count, value: 0.5, block: fillBlock(count) }));
  };
  cases.forEach(({ kernel, values, operands, fresh }, index) => {
    const addresses: Record<string, number> = { ...tables[index] };
    for (const [name, operand] of Object.entries(operands)) {
      if (typeof operand !== 'number') continue;
      addresses[name] = end;
      // As in an arena: a little behind an operand may be read.
      end += align(operand) + 128;
    }
    const written = fresh.filter(name => typeof operands[name] === 'number');
    const total = written.reduce((sum, name) => sum + (operands[name] as number), 0);
    if (total <= freshBytes) for (const name of written) write(addresses[name]!, operands[name] as number);
    const absent = Object.keys(kernels[kernel]!.fields).filter(name => name.endsWith('Ptr') && !(name in addresses));
    const all = { ...values, ...Object.fromEntries(absent.map(name => [name, 0])), ...addresses };
    const own = share(kernel, all);
    scratchBytes = Math.max(scratchBytes, align(kernels[kernel]!.scratchBytes(all)));
    stepOf.push(steps.length);
    units.push(own.units);
    step(kernel, own);
  });
  // Written once per run, everything is there, and nothing of the run before is in the caches.
  const everything = share(fill.name, { yPtr: start, count: (end - start) / 4, value: 0.5, block: fillBlock(2 ** 20) });
  steps.unshift({ name: 'write', op: 'Case', shares: [everything], flops: 0, barrier: 'machine' });
  const scratchAddress = align(end);
  const program: Program = {
    memories: [
      {
        nodeIndex: 0,
        bytes: scratchAddress + workers * scratchBytes,
        weightBytes: 0,
        arenaBytes: end - start,
        image,
        scratchAddress,
        scratchBytes,
      },
    ],
    inputs: [],
    outputs: [],
    weights: [],
    steps,
  };
  return { program, stepOf: stepOf.map(at => at + 1), units };
}
