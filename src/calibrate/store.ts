/**
 * Rates on disk: $XDG_CACHE_HOME/numavox, or ~/.cache/numavox, one file for each CPU model, Node version, module and version
 * of numavox. Invariant: a cache is never needed: whatever is wrong with it, loading gives null and saving gives a reason.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { ModuleName } from '../assets.js';
import type { MachineKey, Rates } from '../cost/rates.js';
import { ratesProblem } from '../cost/rates_problem.js';
import { chooseModule } from '../runtime/module.js';
import { machineKey } from './machine.js';

/** Where the rates of such a machine are kept. A relative XDG_CACHE_HOME does not count, as its specification says. */
export function ratesPath(key: MachineKey, env: NodeJS.ProcessEnv = process.env): string {
  const wanted = env.XDG_CACHE_HOME ?? '';
  const base = isAbsolute(wanted) ? wanted : join(homedir(), '.cache');
  const parts = [key.cpu, key.node, key.module, key.version];
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
  return join(base, 'numavox', `rates-${digest}.json`);
}

/** The rates of this machine, for the module that sessions choose unless it is given; null where there are none that can be read, are whole and belong to it. */
export function loadRates(module: ModuleName = chooseModule(), env: NodeJS.ProcessEnv = process.env): Rates | null {
  const key = machineKey(module);
  try {
    const rates: unknown = JSON.parse(readFileSync(ratesPath(key, env), 'utf8'));
    return ratesProblem(rates) === null && sameKey((rates as Rates).machine, key) ? (rates as Rates) : null;
  } catch {
    return null;
  }
}

/** Keeps the rates. Null, or why it could not be done. */
export function saveRates(rates: Rates, env: NodeJS.ProcessEnv = process.env): string | null {
  const path = ratesPath(rates.machine, env);
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Whole or not at all, for who reads at the same time.
    writeFileSync(draft, `${JSON.stringify(rates, null, 2)}\n`);
    renameSync(draft, path);
    return null;
  } catch (cause) {
    return `rates cannot be kept in ${path}: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

const sameKey = (a: MachineKey, b: MachineKey): boolean =>
  a.cpu === b.cpu && a.node === b.node && a.module === b.module && a.version === b.version;
