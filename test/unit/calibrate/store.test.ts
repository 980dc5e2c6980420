import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineKey } from '../../../src/calibrate/machine.js';
import { loadRates, ratesPath, saveRates } from '../../../src/calibrate/store.js';
import { defaultRates } from '../../../src/cost/default_rates.js';

let folder: string;
let env: NodeJS.ProcessEnv;
const machine = machineKey('relaxed');
const rates = { ...defaultRates, machine };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-'));
  env = { XDG_CACHE_HOME: folder };
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

describe('the rates on disk', () => {
  it('come back as they went, and leave nothing else behind', () => {
    expect(loadRates('relaxed', env)).toBeNull();
    expect(saveRates(rates, env)).toBeNull();
    expect(loadRates('relaxed', env)).toEqual(rates);
    expect(readdirSync(join(folder, 'numavox'))).toHaveLength(1);
  });

  it('belong to one CPU, Node version, module and version', () => {
    saveRates(rates, env);
    expect(loadRates('simd', env)).toBeNull();
    const paths = [machine, { ...machine, cpu: 'x' }, { ...machine, node: 'v1' }, { ...machine, version: '9.9.9' }];
    expect(new Set(paths.map(key => ratesPath(key, env))).size).toBe(4);
  });

  it('lie in the home folder where XDG_CACHE_HOME is unset, empty or relative', () => {
    for (const value of [undefined, '', 'cache']) {
      const path = ratesPath(machine, value === undefined ? {} : { XDG_CACHE_HOME: value });
      expect(dirname(path)).toBe(join(homedir(), '.cache', 'numavox'));
    }
  });

  it.each([
    ['cut off', '{"format": 1, "machine'],
    ['of another format', JSON.stringify({ ...rates, format: 0 })],
    ['without a rate', JSON.stringify({ ...rates, pieceNs: { ...rates.pieceNs, gemmStep: undefined } })],
    ['with a rate that is none', JSON.stringify({ ...rates, memory: { oneBytesPerSecond: 0, allBytesPerSecond: 1 } })],
    ['of another machine', JSON.stringify({ ...rates, machine: { ...machine, cpu: 'another' } })],
    ['null', 'null'],
    ['without a machine', JSON.stringify({ ...rates, machine: null })],
  ])('count for nothing where the file is %s', (_, text) => {
    const path = ratesPath(machine, env);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    expect(loadRates('relaxed', env)).toBeNull();
  });

  it('say why they cannot be kept', () => {
    writeFileSync(join(folder, 'numavox'), 'a file');
    expect(saveRates(rates, env)).toMatch(/^rates cannot be kept in .*numavox/);
    expect(loadRates('relaxed', env)).toBeNull();
  });
});
