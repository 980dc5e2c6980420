import { readFileSync } from 'node:fs';
import os from 'node:os';

/** What a figure depends on: CPU, vector extensions, Node, V8, and how busy the machine was. */
export function host() {
  const cpuinfo = read('/proc/cpuinfo');
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1].split(' ') ?? [];
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    vectors: flags.filter(flag => /^(avx|fma|asimd|sve)/.test(flag)).join(' '),
    node: process.version,
    v8: process.versions.v8,
    load: os.loadavg()[0].toFixed(2),
    stealSeconds: stealSeconds(),
  };
}

/** CPU time that a hypervisor gave to others since boot, over all CPUs. */
export function stealSeconds() {
  const ticks = /^cpu\s+(.*)$/m.exec(read('/proc/stat'))?.[1].split(/\s+/)[7];
  return Number(ticks ?? 0) / 100;
}

export const hostLine = ({ cpu, cores, vectors, node, v8, load }) =>
  `${cpu}, ${cores} CPUs (${vectors}); Node ${node}, V8 ${v8}; load ${load}`;

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
