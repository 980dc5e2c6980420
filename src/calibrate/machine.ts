/** What rates are valid for, and what of the machine goes into them. */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import type { ModuleName } from '../assets.js';
import type { MachineKey } from '../cost/rates.js';
import type { CacheSizes } from '../cost/work.js';
import type { Topology } from '../topology/index.js';

const { version } = createRequire(import.meta.url)('numavox/package.json') as { version: string };

export const machineKey = (module: ModuleName): MachineKey => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  node: process.version,
  module,
  version,
});

const unitBytes: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** The kernel's way of writing a size ("512K") in bytes; undefined for anything else. */
function parseSize(text: string | undefined): number | undefined {
  const match = /^(\d+)([KMG]?)$/.exec(text ?? '');
  return match ? Number(match[1]) * unitBytes[match[2]!]! : undefined;
}

/** L2 as a worker's own, divided where cores share it, and the last level as the shared one; `otherwise` where nobody says. */
export function cacheSizesOf({ caches, cacheSizes, cores }: Topology, otherwise: CacheSizes): CacheSizes {
  const levels = Object.keys(cacheSizes)
    .filter(level => /^L[2-9]$/.test(level) && (caches[level]?.length ?? 0) > 0)
    .sort();
  const sizeOf = (level: string | undefined) => (level === undefined ? undefined : parseSize(cacheSizes[level]?.[0]));
  const first = caches.L2?.[0] ?? [];
  const sharers = cores.filter(core => core.some(cpu => first.includes(cpu))).length;
  const l2 = levels[0] === 'L2' ? sizeOf('L2') : undefined;
  const ownBytes = l2 === undefined ? otherwise.ownBytes : l2 / Math.max(1, sharers);
  const last = levels.at(-1);
  const sharedBytes = sizeOf(last) ?? otherwise.sharedBytes;
  return { ownBytes, sharedBytes: Math.max(ownBytes, sharedBytes) };
}
