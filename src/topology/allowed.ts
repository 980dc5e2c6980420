/**
 * What the process may use: its mask, its cgroup's cpuset and CPU quota, and the memory policy that numactl left it.
 * /proc/self is the process, whichever thread asks, and its mask is the main thread's: read it before that is pinned.
 */
import { readCgroupCpuset, readQuotaCpus } from './cgroup.js';
import { intersection, parseCpuList } from './cpu_sets.js';
import type { Files } from './files.js';
import type { Allowed, CpuSet, MemoryPolicy } from './types.js';

export interface Limits {
  readonly allowed: Allowed;
  readonly cgroupCpus: CpuSet | null;
  readonly quotaCpus: number | null;
  readonly memoryPolicy: MemoryPolicy | null;
}

/** A mask that shares nothing with this machine's CPUs (or nodes) says nothing about it and is passed over. */
export function readLimits(files: Files, online: CpuSet, nodeIds: readonly number[]): Limits {
  const status = files.read('proc/self/status') ?? '';
  const maskCpus = statusList(status, 'Cpus_allowed_list');
  const maskMems = statusList(status, 'Mems_allowed_list');
  const cpuset = readCgroupCpuset(files);
  const where = cpuset === null ? null : { kind: cpuset.kind, dir: cpuset.dir };

  const restrictTo = (cpus: CpuSet, mems: readonly number[]) => {
    const known = intersection(nodeIds, mems);
    const usable = { cpus: intersection(online, cpus), mems: known.length > 0 ? known : nodeIds };
    const restricts = usable.cpus.length < online.length || usable.mems.length < nodeIds.length;
    return { ...usable, restricts };
  };
  let allowed: Allowed = { kind: 'none', ...restrictTo(online, nodeIds) };
  if (maskCpus !== null && intersection(online, maskCpus).length > 0) {
    const usable = restrictTo(maskCpus, maskMems ?? []);
    allowed = { kind: 'proc/self/status', ...usable, ...(where === null ? {} : { cgroup: where }) };
  } else if (cpuset !== null && where !== null && intersection(online, cpuset.cpus).length > 0) {
    allowed = { ...where, ...restrictTo(cpuset.cpus, cpuset.mems) };
  }
  return {
    allowed,
    cgroupCpus: cpuset === null ? null : intersection(online, cpuset.cpus),
    quotaCpus: readQuotaCpus(files),
    memoryPolicy: parseMemoryPolicy(files.read('proc/self/numa_maps') ?? ''),
  };
}

/** A list in the format of /proc/PID/status; null where the line is missing or no list. */
export function statusList(status: string, name: string): number[] | null {
  const line = status.split('\n').find(candidate => candidate.startsWith(`${name}:`));
  return line === undefined ? null : parseCpuList(line.slice(name.length + 1));
}

/**
 * The policy that most mappings of /proc/self/numa_maps are under ("7f0000000000 bind:0-1 anon=1 ..."): the process's
 * own, since single mappings may have another. null for the default.
 */
export function parseMemoryPolicy(numaMaps: string): MemoryPolicy | null {
  const counts = new Map<string, { policy: MemoryPolicy; count: number }>();
  for (const line of numaMaps.split('\n')) {
    const match = /^[0-9a-f]+ ((weighted interleave|prefer \(many\)|\w+)(?:=[\w|]+)?(?::([\d,-]+))?)(?: |$)/.exec(line);
    if (match === null) continue;
    const [, key = '', mode = '', nodes = ''] = match;
    const seen = counts.get(key) ?? { policy: { mode, nodes: parseCpuList(nodes) ?? [] }, count: 0 };
    seen.count++;
    counts.set(key, seen);
  }
  const most = [...counts.values()].sort((a, b) => b.count - a.count)[0]?.policy;
  return most === undefined || most.mode === 'default' ? null : most;
}
