import { defineConfig } from 'vitest/config';

// The kernel table under an emulated Node, which cannot start processes of its own kind; see arm.js.
export default defineConfig({
  test: { pool: 'threads', maxWorkers: 1, include: ['test/unit/kernels/**/*.test.ts'], testTimeout: 600_000 },
});
