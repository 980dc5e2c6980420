/**
 * The WebAssembly memories of a program, and the ports in them through which the main thread feeds it and reads it.
 * Nothing that leaves here is a view of shared memory.
 */
import { NumavoxError } from '../errors.js';
import type { MemoryPlan, Port, PortPiece } from '../lower/program.js';
import { forEachRun } from './box_runs.js';

const pageBytes = 65536;
const maximumPages = 65536;

/**
 * One shared memory of the planned size, untouched: its pages go to the node of whoever writes them first. `node` is the
 * number that errors give.
 * @throws NumavoxError `resource` where it is too large or the address space is not there
 */
export function allocateMemory(plan: MemoryPlan, node: number): WebAssembly.Memory {
  const pages = Math.max(1, Math.ceil(plan.bytes / pageBytes));
  const size = `${(plan.bytes / 2 ** 20).toFixed(1)} MiB (weights ${(plan.weightBytes / 2 ** 20).toFixed(1)}, activations ${(
    plan.arenaBytes / 2 ** 20
  ).toFixed(1)})`;
  if (pages > maximumPages) {
    throw new NumavoxError('resource', `node ${node} needs ${size}; a WebAssembly memory holds 4096 MiB`);
  }
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new NumavoxError(
      'resource',
      `cannot allocate ${size} for node ${node}; every WebAssembly memory also reserves 10 GiB of address ` +
        `space: see "ulimit -v" and the memory limits of the container`,
      { cause },
    );
  }
}

export const elementsOf = ({ dims }: Pick<Port, 'dims'>): number => dims.reduce((product, size) => product * size, 1);

const viewOf = (memories: readonly WebAssembly.Memory[], piece: PortPiece): Float32Array =>
  new Float32Array(memories[piece.memory]!.buffer, piece.address >>> 0, elementsOf(piece));

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

/** Writes every piece of every input. A piece that is the whole tensor is one copy. */
export function writeInputs(
  memories: readonly WebAssembly.Memory[],
  ports: readonly Port[],
  feeds: readonly Float32Array[],
): void {
  ports.forEach((port, index) => {
    const feed = feeds[index]!;
    for (const piece of port.pieces) {
      const view = viewOf(memories, piece);
      forEachRun(port.dims, piece, (from, to, count) => view.set(feed.subarray(from, from + count), to));
    }
  });
}

/** Each output put together from its pieces, in memory of its own. */
export const readOutputs = (memories: readonly WebAssembly.Memory[], ports: readonly Port[]): Float32Array[] =>
  ports.map(port => {
    const tensor = new Float32Array(elementsOf(port));
    for (const piece of port.pieces) {
      const view = viewOf(memories, piece);
      forEachRun(port.dims, piece, (to, from, count) => tensor.set(view.subarray(from, from + count), to));
    }
    return tensor;
  });
