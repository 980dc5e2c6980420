import { defineConfig } from 'vitest/config';

// unit: the project's own tests. data: real models and volumes outside the project (NUMAVOX_DATA or ../shared/data).
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    execArgv: ['--experimental-wasm-relaxed-simd'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      { extends: true, test: { name: 'data', include: ['test/data/**/*.test.ts'], testTimeout: 600_000 } },
    ],
  },
});
