/**
 * Where a topology is read from: anything that answers paths below `/` (`sys/devices/...`, `proc/self/...`) with text.
 * What cannot be read is null and never an error, so that a machine may lack any file.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { NumavoxError } from '../errors.js';

/** A path without a leading slash; null when there is no such file. */
export type ReadFile = (path: string) => string | null;

export interface Files {
  readonly read: ReadFile;
  /** Names in a folder; empty when there is none. */
  readonly list: (path: string) => readonly string[];
}

/**
 * The files below `root`, as if it were `/`: a copy of some machine's /sys and /proc. Throws `usage` where it is no
 * folder, or none with CPUs in it.
 */
export function filesUnder(root: string): Files {
  if (attempt(() => statSync(root).isDirectory()) !== true) {
    throw new NumavoxError('usage', `'${root}' is not a folder with a machine's /sys and /proc`);
  }
  const files = folderFiles(root);
  if (!showsCpus(files)) {
    throw new NumavoxError('usage', `'${root}' has no CPUs in ${cpuRoot}: it should hold a machine's /sys and /proc`);
  }
  return files;
}

const cpuRoot = 'sys/devices/system/cpu';

const showsCpus = (files: Files): boolean =>
  files.list(cpuRoot).some(name => name === 'online' || /^cpu\d+$/.test(name));

function folderFiles(root: string): Files {
  return {
    read: path => attempt(() => readFileSync(join(root, path), 'latin1')),
    list: path => attempt(() => readdirSync(join(root, path))) ?? [],
  };
}

/** A whole machine as `{path: content}`; paths with or without their leading slash. */
export function filesFromRecord(record: Readonly<Record<string, string>>): Files {
  const contents = new Map(Object.entries(record).map(([path, content]) => [path.replace(/^\/+/, ''), content]));
  const folders = new Map<string, Set<string>>();
  for (const path of contents.keys()) {
    const names = path.split('/');
    for (let depth = 0; depth < names.length; depth++) {
      const folder = names.slice(0, depth).join('/');
      const entries = folders.get(folder) ?? new Set<string>();
      folders.set(folder, entries.add(names[depth]!));
    }
  }
  return { read: path => contents.get(path) ?? null, list: path => [...(folders.get(path) ?? [])] };
}

/** This machine's own. Where there is no Linux /sys (macOS, Windows), a machine that is nothing but its CPUs. */
export function hostFiles(): Files {
  const linux = folderFiles('/');
  if (showsCpus(linux)) return linux;
  const count = Math.max(1, cpus().length);
  const online = filesFromRecord({ [`${cpuRoot}/online`]: `0-${count - 1}` });
  return { read: path => online.read(path) ?? linux.read(path), list: linux.list };
}

function attempt<T>(action: () => T): T | null {
  try {
    return action();
  } catch {
    return null;
  }
}
