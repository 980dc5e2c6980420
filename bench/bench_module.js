// The module that is built for benches alone (assembly/bench.ts): the register tile, and a loop that touches no memory.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { tileBits, tiledKernels } from '../dist/src/kernels/tiles.js';
import { fuseVectors } from '../dist/src/runtime/module.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Whether V8 has been told to fuse neighbouring vectors; it is from here on, where it can. */
export const fuses = fuseVectors();

/** The loop that touches no memory, of as long vectors as there are, and floating-point operations of one of its steps. */
export const chainsOf = ({ bench_chains, bench_wide_chains }) => (fuses ? bench_wide_chains : bench_chains);
export const flopPerChainStep = 2 * 12 * (fuses ? 8 : 4);

/** Has kernels use wide tiles where vectors are fused, as sessions do when these have won their race. */
export function useHostTiles(kernels) {
  kernels.use_tiles(...tileBits(fuses ? Object.fromEntries(tiledKernels.map(kernel => [kernel, 'wide'])) : {}));
}

/** Builds and compiles the module; a failed build ends the process. */
export function buildBenchModule() {
  const asc = join(createRequire(import.meta.url).resolve('assemblyscript/package.json'), '../bin/asc.js');
  const args = [asc, 'assembly/bench.ts', '--config', 'asconfig.json', '--target', 'bench'];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
  const bytes = readFileSync(join(root, 'bench/.build/bench.wasm'));
  // Engines that have relaxed SIMD for good reject the flag.
  if (!WebAssembly.validate(bytes)) setFlagsFromString('--experimental-wasm-relaxed-simd');
  return new WebAssembly.Module(bytes);
}
