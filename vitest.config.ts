import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { dataPath } from './test/data/data.js';

/** Node 20 has relaxed SIMD behind a flag that later ones refuse. */
const flags = Number(process.versions.node.split('.')[0]) < 21 ? ['--experimental-wasm-relaxed-simd'] : [];

// unit: the project's own tests. data: real models and volumes outside the project (NUMAVOX_DATA or ../shared/data).
const hasData = existsSync(dataPath('README.md'));
if (!hasData && process.argv.includes('data'))
  console.warn(`SKIPPED: no test data at ${dataPath()} (set NUMAVOX_DATA)`);

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    execArgv: flags,
    passWithNoTests: !hasData,
    // Rates that this machine has been calibrated with would change the plans that tests look at.
    env: { XDG_CACHE_HOME: join(tmpdir(), 'numavox-test-cache') },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        test: { name: 'data', include: hasData ? ['test/data/**/*.test.ts'] : [], testTimeout: 600_000 },
      },
    ],
  },
});
