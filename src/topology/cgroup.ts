/**
 * What the process's control groups grant: a set of CPUs and nodes, and a share of CPU time. A limit holds for
 * everything below the group that sets it, so every ancestor counts.
 */
import { parseCpuList } from './cpu_sets.js';
import type { Files } from './files.js';
import type { CpuSet } from './types.js';

export interface CgroupCpuset {
  readonly kind: 'v1' | 'v2';
  readonly dir: string;
  readonly cpus: CpuSet;
  readonly mems: CpuSet;
}

interface Groups {
  readonly kind: 'v1' | 'v2';
  /** The process's own group first, the mounted root last. */
  readonly dirs: readonly string[];
}

/** The cpuset of the nearest group that has one; null where none is visible. Lists are as the kernel gives them. */
export function readCgroupCpuset(files: Files): CgroupCpuset | null {
  for (const { kind, dirs } of groupsOf(files, 'cpuset')) {
    for (const dir of dirs) {
      const cpus = firstList(files, dir, cpusetNames[kind].cpus);
      const mems = firstList(files, dir, cpusetNames[kind].mems);
      if (cpus !== null) return { kind, dir: `/${dir}`, cpus, mems: mems ?? [] };
    }
  }
  return null;
}

/** CPUs' worth of time per period, rounded down but at least 1: the least that any group grants. null: no limit. */
export function readQuotaCpus(files: Files): number | null {
  const limits = groupsOf(files, 'cpu').flatMap(({ kind, dirs }) =>
    dirs.map(dir => (kind === 'v2' ? quotaV2(files, dir) : quotaV1(files, dir))),
  );
  const least = Math.min(...limits.map(limit => limit ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(least) ? Math.max(1, Math.floor(least)) : null;
}

const cpusetNames = {
  v1: { cpus: ['cpuset.effective_cpus', 'cpuset.cpus'], mems: ['cpuset.effective_mems', 'cpuset.mems'] },
  v2: { cpus: ['cpuset.cpus.effective'], mems: ['cpuset.mems.effective'] },
} as const;

/** The first of `names` that holds a list that is not empty. */
function firstList(files: Files, dir: string, names: readonly string[]): number[] | null {
  for (const name of names) {
    const text = readIn(files, dir, name);
    const list = text === null ? null : parseCpuList(text);
    if (list !== null && list.length > 0) return list;
  }
  return null;
}

function quotaV2(files: Files, dir: string): number | null {
  const [quota, period] = (readIn(files, dir, 'cpu.max') ?? '').trim().split(/\s+/);
  return ratio(quota, period ?? '100000');
}

function quotaV1(files: Files, dir: string): number | null {
  return ratio(readIn(files, dir, 'cpu.cfs_quota_us')?.trim(), readIn(files, dir, 'cpu.cfs_period_us')?.trim());
}

/** null for "max", -1 and what is no number. */
function ratio(quota: string | undefined, period: string | undefined): number | null {
  const value = Number(quota) / Number(period);
  return value > 0 && Number.isFinite(value) ? value : null;
}

/**
 * The group that a controller puts the process in, in the hierarchies where it may be (mounted where systemd and the
 * container engines mount it). In a container /proc may name the group as the host sees it, while the mount begins at
 * the container's own group: then only the root of the mount exists, and it is the right one.
 */
function groupsOf(files: Files, controller: string): Groups[] {
  const lines = (files.read('proc/self/cgroup') ?? '').split('\n').map(line => {
    const [, controllers = '', ...path] = line.trim().split(':');
    return { controllers, path: path.join(':') };
  });
  const groups: Groups[] = [];
  for (const { controllers, path } of lines.filter(line => line.controllers.split(',').includes(controller))) {
    for (const mount of new Set([controllers, controller])) {
      groups.push({ kind: 'v1', dirs: upwards(`sys/fs/cgroup/${mount}`, path) });
    }
  }
  const unified = lines.find(line => line.controllers === '' && line.path !== '');
  if (unified !== undefined) {
    for (const mount of ['sys/fs/cgroup', 'sys/fs/cgroup/unified']) {
      groups.push({ kind: 'v2', dirs: upwards(mount, unified.path) });
    }
  }
  return groups;
}

/** The root of a mount is written with a slash behind it, as /proc writes it. */
function readIn(files: Files, dir: string, name: string): string | null {
  return files.read(`${dir.replace(/\/$/, '')}/${name}`);
}

/** `mount/a/b`, `mount/a`, `mount/`. */
function upwards(mount: string, path: string): string[] {
  const names = path.split('/').filter(name => name !== '' && name !== '..');
  return Array.from({ length: names.length + 1 }, (_, up) => `${mount}/${names.slice(0, names.length - up).join('/')}`);
}
