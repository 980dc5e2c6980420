/**
 * What a crew gets of memory and caches when more is known of a machine's nodes than their distances: what links carry, and
 * that a memory gives no more to many nodes than to its own. Invariant: nothing is supplied faster than its source gives it.
 */
import type { Crew } from './crew.js';
import { type Bandwidth, bandwidthOf, type NodeRates, type Rates } from './rates.js';
import type { CacheSizes, Work } from './work.js';

/** The link of a distance: the first that reaches as far, else the longest. */
export const linkOf = ({ links }: NodeRates, distance: number): Bandwidth =>
  links.find(link => link.distance >= distance) ?? links.at(-1)!;

/** The caches that a crew's working set may stay in: shared ones add up, as neighbouring units stay with a cluster. */
export const cachesOf = ({ clusters }: Crew, { caches, nodes }: Rates): CacheSizes =>
  nodes ? { ...caches, sharedBytes: caches.sharedBytes * clusters } : caches;

/** Milliseconds of a step's traffic beyond the caches of `busy` workers of a crew. */
export function trafficMs({ cacheBytes, memoryBytes, repeated }: Work, crew: Crew, busy: number, rates: Rates): number {
  const { cache, memory, nodes, workers: measured } = rates;
  if (!nodes) {
    const cacheMs = (1000 * cacheBytes) / bandwidthOf(cache, measured, busy);
    return cacheMs + (1000 * memoryBytes * crew.remoteness) / bandwidthOf(memory, measured, busy);
  }
  const parts = crew.nodes.length;
  const cacheMs = (1000 * cacheBytes) / (parts * bandwidthOf(cache, measured, Math.max(1, busy / parts)));
  const asked = crew.nodes.reduce((sum, { workers, distance, isHome }) => {
    const working = Math.max(1, (workers * busy) / crew.workers);
    const near = bandwidthOf(memory, measured, working);
    if (isHome) return sum + near;
    const link = linkOf(nodes, distance);
    return sum + Math.min(near, working * link.oneBytesPerSecond, link.allBytesPerSecond);
  }, 0);
  const fromHome = Math.min(asked, memory.allBytesPerSecond);
  const fromAnywhere = Math.min(asked, parts * memory.allBytesPerSecond);
  const again = repeated ? repeatedBytes(repeated, crew.clusters) : { weightBytes: 0, inputBytes: 0 };
  const memoryMs = (1000 * (memoryBytes + again.weightBytes)) / fromHome;
  return cacheMs + memoryMs + (1000 * again.inputBytes) / fromAnywhere;
}

/**
 * What shared caches fetch once more, because each of them has a contiguous range of the units, and these run through all
 * positions for one block of outputs after another: the input where there are several blocks, the weights where there are few.
 */
export function repeatedBytes(
  { inputBytes, weightBytes, outputBlocks }: NonNullable<Work['repeated']>,
  clusters: number,
): { readonly inputBytes: number; readonly weightBytes: number } {
  return {
    inputBytes: inputBytes * (Math.min(clusters, outputBlocks) - 1),
    weightBytes: (weightBytes * (clusters - 1)) / outputBlocks,
  };
}

/** Bytes on their way from one node to another, at the same time as others. */
export interface Passage {
  readonly from: number;
  readonly to: number;
  readonly distance: number;
  readonly bytes: number;
}

/** How much longer a worker copies at a distance than in its own node's memory. */
export function farness(distance: number, ownDistance: number, { memory, nodes }: Rates): number {
  if (!nodes) return distance / ownDistance;
  if (distance === ownDistance) return 1;
  return Math.max(1, memory.oneBytesPerSecond / linkOf(nodes, distance).oneBytesPerSecond);
}

/** The least milliseconds that links and the memories at their ends allow; 0 where nothing is known of them. */
export function passageMs(passages: readonly Passage[], { memory, nodes }: Rates): number {
  if (!nodes) return 0;
  const onLink = new Map<string, number>();
  const fromMemory = new Map<number, number>();
  for (const { from, to, distance, bytes } of passages) {
    const key = `${from}-${to}`;
    onLink.set(key, (onLink.get(key) ?? 0) + bytes / linkOf(nodes, distance).allBytesPerSecond);
    fromMemory.set(from, (fromMemory.get(from) ?? 0) + bytes / memory.allBytesPerSecond);
  }
  return 1000 * Math.max(0, ...onLink.values(), ...fromMemory.values());
}
