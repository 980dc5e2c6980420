// Where this process's pages lie, from /proc/self/maps and numa_maps. Invariant: only anonymous memory is counted; pages of
// files belong to whoever read them first.
import { readFileSync } from 'node:fs';

/** V8 reserves this much or more behind every WebAssembly memory, without access; nothing else in the process does. */
const guardBytes = 2 ** 32;

/** Every WebAssembly memory, in address order: its address (hexadecimal), its size, and its pages by node. */
export function wasmMemories() {
  const areas = readFileSync('/proc/self/maps', 'latin1')
    .trim()
    .split('\n')
    .map(line => {
      const [, address, end, access] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line);
      return { address, access, bytes: Number.parseInt(end, 16) - Number.parseInt(address, 16), end };
    });
  const numa = anonymousPages();
  return areas.flatMap(({ address, access, bytes, end }, index) => {
    const next = areas[index + 1];
    const guarded = next?.access.startsWith('---') && next.address === end && next.bytes >= guardBytes;
    if (!access.startsWith('rw') || !guarded) return [];
    return [{ address, bytes, pages: numa.get(address) ?? {} }];
  });
}

/** Pages of all anonymous memory, by node. */
export function processPages() {
  const sum = {};
  for (const pages of anonymousPages().values()) {
    for (const [node, count] of Object.entries(pages)) sum[node] = (sum[node] ?? 0) + count;
  }
  return sum;
}

/** By address of the mapping: pages by node. */
function anonymousPages() {
  const found = new Map();
  for (const line of readFileSync('/proc/self/numa_maps', 'latin1').trim().split('\n')) {
    if (line.includes(' file=') || !line.includes(' anon=')) continue;
    const counts = [...line.matchAll(/ N(\d+)=(\d+)/g)].map(([, node, count]) => [node, Number(count)]);
    found.set(line.slice(0, line.indexOf(' ')), Object.fromEntries(counts));
  }
  return found;
}
