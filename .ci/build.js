// Builds dist/ from src/, workers/ and assembly/: TypeScript by tsc, the two WebAssembly modules by asc.
// Run by `prepare` on every install, and again by npx in a checkout: an up-to-date build is left alone, and nothing
// is ever printed to stdout, which may belong to the CLI.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

const filesUnder = folder =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();

/** SHA-256 over every file that the output depends on, compilers' versions included. */
function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

function run(bin, args) {
  const done = spawnSync(process.execPath, [bin, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

/** Runs `build` unless `stamp` says that the same inputs were built already. */
function step(name, inputs, outputs, build) {
  const stamp = join(root, 'dist', `.${name}.stamp`);
  const now = digest(inputs);
  const fresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === now && outputs.every(path => existsSync(path));
  if (fresh && !process.argv.includes('--force')) return;
  rmSync(stamp, { force: true });
  build();
  writeFileSync(stamp, now);
}

const at = path => join(root, path);
const tools = [at('package-lock.json'), fileURLToPath(import.meta.url)];
mkdirSync(at('dist/wasm'), { recursive: true });

step(
  'wasm',
  [...filesUnder(at('assembly')), at('asconfig.json'), ...tools],
  [at('dist/wasm/simd.wasm'), at('dist/wasm/relaxed.wasm')],
  () => {
    const asc = join(require.resolve('assemblyscript/package.json'), '../bin/asc.js');
    for (const target of ['simd', 'relaxed']) run(asc, ['--config', 'asconfig.json', '--target', target]);
  },
);
step(
  'ts',
  [...filesUnder(at('src')), ...filesUnder(at('workers')), at('tsconfig.json'), ...tools],
  [at('dist/src/index.js')],
  () => {
    for (const folder of ['dist/src', 'dist/workers', 'dist/.tsbuildinfo'])
      rmSync(at(folder), { recursive: true, force: true });
    run(require.resolve('typescript/bin/tsc'), ['-p', 'tsconfig.json']);
    // npm makes a bin executable when it links it, once; a build afterwards would take that away again.
    chmodSync(at('dist/src/cli/main.js'), 0o755);
  },
);
