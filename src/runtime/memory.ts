/**
 * The WebAssembly memories of a program, and the ports in them through which the main thread feeds it and reads it.
 * Nothing that leaves here is a view of shared memory.
 */
import { NumavoxError } from '../errors.js';
import type { MemoryPlan, Port } from '../lower/program.js';

const pageBytes = 65536;
const maximumPages = 65536;

/**
 * One shared memory of the planned size, untouched: its pages go to the node of whoever writes them first.
 * @throws NumavoxError `resource` where it is too large or the address space is not there
 */
export function allocateMemory(plan: MemoryPlan): WebAssembly.Memory {
  const pages = Math.max(1, Math.ceil(plan.bytes / pageBytes));
  const size = `${(plan.bytes / 2 ** 20).toFixed(1)} MiB (weights ${(plan.weightBytes / 2 ** 20).toFixed(1)}, activations ${(
    plan.arenaBytes / 2 ** 20
  ).toFixed(1)})`;
  if (pages > maximumPages) {
    throw new NumavoxError('resource', `node ${plan.nodeIndex} needs ${size}; a WebAssembly memory holds 4096 MiB`);
  }
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new NumavoxError(
      'resource',
      `cannot allocate ${size} for node ${plan.nodeIndex}; every WebAssembly memory also reserves 10 GiB of address ` +
        `space: see "ulimit -v" and the memory limits of the container`,
      { cause },
    );
  }
}

export const elementsOf = (port: Port): number => port.dims.reduce((product, size) => product * size, 1);

const viewOf = (memory: WebAssembly.Memory, port: Port): Float32Array =>
  new Float32Array(memory.buffer, port.address >>> 0, elementsOf(port));

/** @throws NumavoxError `input` where a feed has not the port's number of elements */
export function checkFeeds(ports: readonly Port[], feeds: readonly Float32Array[]): void {
  if (feeds.length !== ports.length) {
    throw new NumavoxError('input', `the program has ${ports.length} inputs, ${feeds.length} were fed`);
  }
  ports.forEach((port, index) => {
    if (feeds[index]!.length === elementsOf(port)) return;
    throw new NumavoxError(
      'input',
      `input "${port.name}" has ${feeds[index]!.length} elements, [${port.dims.join(', ')}] needs ${elementsOf(port)}`,
    );
  });
}

export function writeInputs(
  memories: readonly WebAssembly.Memory[],
  ports: readonly Port[],
  feeds: readonly Float32Array[],
): void {
  ports.forEach((port, index) => {
    viewOf(memories[port.memory]!, port).set(feeds[index]!);
  });
}

export const readOutputs = (memories: readonly WebAssembly.Memory[], ports: readonly Port[]): Float32Array[] =>
  ports.map(port => {
    const copy = new Float32Array(elementsOf(port));
    copy.set(viewOf(memories[port.memory]!, port));
    return copy;
  });
