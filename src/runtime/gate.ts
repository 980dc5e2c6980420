/**
 * The process-wide gate: at most one load or run at a time on any CPU, first come, first served. Who is in line behind
 * somebody with a CPU in common waits, even where the CPUs it wants are free, so that nobody is overtaken for ever.
 */

export interface Pass {
  /** Whether the pass was admitted on entering, without waiting. */
  readonly admitted: boolean;
  /** Resolves when it is this pass's turn. */
  readonly ready: Promise<void>;
  /** Lets the next ones in, or gives up the place in the line. Further calls do nothing. */
  leave(): void;
}

interface Entry {
  readonly cpus: ReadonlySet<number>;
  inside: boolean;
  admit(): void;
}

/** Everyone inside and in line, in the order of arrival. */
const entries: Entry[] = [];

const overlap = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => [...a].some(cpu => b.has(cpu));

const isFree = (entry: Entry): boolean =>
  entries.slice(0, entries.indexOf(entry)).every(earlier => !overlap(earlier.cpus, entry.cpus));

export function enterGate(cpus: ReadonlySet<number>): Pass {
  let admit = (): void => {};
  const ready = new Promise<void>(resolve => {
    admit = resolve;
  });
  const entry: Entry = { cpus, inside: false, admit };
  entries.push(entry);
  admitAll();
  return {
    admitted: entry.inside,
    ready,
    leave() {
      const at = entries.indexOf(entry);
      if (at < 0) return;
      entries.splice(at, 1);
      admitAll();
    },
  };
}

function admitAll(): void {
  for (const entry of entries) {
    if (entry.inside || !isFree(entry)) continue;
    entry.inside = true;
    entry.admit();
  }
}
