/** Whether something from outside is rates. Invariant: what passes can be predicted from without a division by zero. */
import { defaultRates } from './default_rates.js';
import { ratesFormat } from './rates.js';

/** What is wrong with a value that should be rates, in a few words that name the field; null where nothing is. */
export function ratesProblem(value: unknown): string | null {
  const format = isObject(value) ? value.format : undefined;
  if (typeof format === 'number' && format !== ratesFormat)
    return `format is ${format}, this version has ${ratesFormat}`;
  return problemAt(defaultRates, value, '') ?? nodesProblem((value as { readonly nodes?: unknown }).nodes);
}

const linkPattern = { distance: 0, oneBytesPerSecond: 0, allBytesPerSecond: 0 };

/** Rates of nodes may be missing. */
function nodesProblem(nodes: unknown): string | null {
  if (nodes === undefined) return null;
  const problem = problemAt({ farArrival: 0 }, nodes, 'nodes');
  if (problem) return problem;
  const { links } = nodes as { readonly links?: unknown };
  if (!Array.isArray(links) || links.length === 0) return 'nodes.links is no list with a link';
  return links.map((link, index) => problemAt(linkPattern, link, `nodes.links.${index}`)).find(Boolean) ?? null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Compares with a pattern of the same fields; others are ignored. */
function problemAt(pattern: unknown, value: unknown, path: string): string | null {
  const name = path || 'the whole';
  if (!isObject(pattern)) return valueProblem(pattern, value, name);
  if (value === undefined) return `${name} is missing`;
  if (!isObject(value)) return `${name} is no object`;
  for (const [key, part] of Object.entries(pattern)) {
    const problem = problemAt(part, value[key], path ? `${path}.${key}` : key);
    if (problem) return problem;
  }
  return null;
}

function valueProblem(pattern: unknown, value: unknown, name: string): string | null {
  if (value === undefined) return `${name} is missing`;
  if (typeof value !== typeof pattern) return `${name} is no ${typeof pattern}`;
  if (typeof value !== 'number') return null;
  const positive = isDivisor(name);
  if (Number.isFinite(value) && (positive ? value > 0 : value >= 0)) return null;
  return `${name} is ${value}; it must be ${positive ? 'above 0' : 'at least 0'}`;
}

/** Speeds, sizes and counts; the others are times, which may be too short to measure. */
const isDivisor = (name: string): boolean => /(PerSecond|PerWorker|workers|Bytes|crowding)$/.test(name);
