/**
 * The kernel's two ways of writing a set of CPUs or nodes ("0-3,8" and "00000000,0000010f"), and sets of sets.
 * A set is a sorted list of distinct numbers.
 */

import type { Files } from './files.js';
import type { CpuSet } from './types.js';

/** Far above any kernel's limit (NR_CPUS is at most 8192): a range beyond it is garbage, and must not fill memory. */
const maxNumber = 65_535;

/** "0-3,8" -> [0, 1, 2, 3, 8]; "" -> []; null when it is no such list. Trailing white space and NULs are the kernel's. */
export function parseCpuList(text: string): number[] | null {
  const set = new Set<number>();
  for (const part of clean(text).split(',')) {
    if (part === '') continue;
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (match === null) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first || last > maxNumber) return null;
    for (let number = first; number <= last; number++) set.add(number);
  }
  return ascending(set);
}

/** "00000001,0000000f" -> [0, 1, 2, 3, 32]: groups of 32 bits, the lowest last; null when it is no such map. */
export function parseCpuMap(text: string): number[] | null {
  const groups = clean(text).split(',').reverse();
  if (!groups.every(group => /^[0-9a-fA-F]{1,8}$/.test(group))) return null;
  return groups.flatMap((group, index) => {
    const bits = Number.parseInt(group, 16);
    return Array.from({ length: 32 }, (_, bit) => bit)
      .filter(bit => (bits >>> bit) & 1)
      .map(bit => index * 32 + bit);
  });
}

/** The set that a pair of files describes: the list where it can be read, else the map, else null. */
export function readCpuSet(files: Files, listPath: string, mapPath: string): number[] | null {
  const list = files.read(listPath);
  const cpus = list === null ? null : parseCpuList(list);
  if (cpus !== null) return cpus;
  const map = files.read(mapPath);
  return map === null ? null : parseCpuMap(map);
}

/** [0, 1, 2, 3, 8] -> "0-3,8"; [] -> "". */
export function formatCpuList(cpus: CpuSet): string {
  const ranges: [number, number][] = [];
  for (const cpu of cpus) {
    const range = ranges.at(-1);
    if (range !== undefined && cpu === range[1] + 1) range[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

export function intersection(set: CpuSet, other: CpuSet): number[] {
  const members = new Set(other);
  return set.filter(number => members.has(number));
}

export function ascending(numbers: Iterable<number>): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/**
 * Disjoint sets, ordered by their first member, out of sets that may repeat, be empty or overlap (broken firmware): a
 * CPU stays in the first set that names it.
 */
export function disjoint(sets: Iterable<CpuSet>): number[][] {
  const taken = new Set<number>();
  const parts: number[][] = [];
  for (const set of sets) {
    const part = set.filter(cpu => !taken.has(cpu));
    for (const cpu of part) taken.add(cpu);
    if (part.length > 0) parts.push(part);
  }
  return parts.sort((a, b) => a[0]! - b[0]!);
}

/** Up to the first NUL: sysfs files of some kernels carry one behind the line. */
function clean(text: string): string {
  return text.split('\0', 1)[0]!.trim();
}
