/** Numbers and tables as people read them. */

/** 78412345 -> "78.41 M", with a unit "78.41 MFLOP". */
export const formatCount = (value: number, unit = ''): string => withUnit(value, 1000, ['', 'k', 'M', 'G', 'T'], unit);

/** 526385152 -> "502 MiB". */
export const formatBytes = (bytes: number): string => withUnit(bytes, 1024, ['', 'Ki', 'Mi', 'Gi', 'Ti'], 'B');

export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${digits(ms)} ms`;
}

export const formatDims = (dims: readonly (number | string)[]): string =>
  dims.length === 0 ? 'scalar' : dims.join('x');

/** [0, 1, 2, 5] -> "0-2,5". */
export function formatCpus(cpus: readonly number[]): string {
  const sorted = [...new Set(cpus)].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const cpu of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === cpu - 1) last[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** "1 node", "2 nodes". */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Columns of equal width, two spaces apart; `align` has one letter per column: l(eft) or r(ight). */
export function formatTable(align: string, rows: readonly (readonly string[])[]): string {
  const widths = [...align].map((_, column) => Math.max(0, ...rows.map(row => row[column]?.length ?? 0)));
  return rows
    .map(row =>
      row
        .map((cell, column) => (align[column] === 'r' ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function withUnit(value: number, base: number, prefixes: readonly string[], unit: string): string {
  let step = 0;
  // What would be rounded up to a whole base goes to the next prefix.
  while (Math.abs(value) >= base - 0.5 && step < prefixes.length - 1) {
    value /= base;
    step++;
  }
  return `${step === 0 ? String(value) : digits(value)} ${prefixes[step]}${unit}`.trimEnd();
}

/** Four significant digits at most, at most two behind the point. */
const digits = (value: number): string => {
  if (Math.abs(value) >= 1000) return value.toFixed(0);
  return String(Number(value.toFixed(Math.abs(value) >= 100 ? 1 : 2)));
};
