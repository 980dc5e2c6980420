// What a guest needs of the project, in a folder of its own: the build, the packages it needs at run time, and this test.
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Copies it from the repository `root` into `folder`. Optional packages stay behind: they are native. */
export function packProject(root, folder) {
  const copy = path => cpSync(join(root, path), join(folder, path), { recursive: true });
  for (const path of ['package.json', 'dist/src', 'dist/workers', 'dist/wasm', 'test/guest']) copy(path);
  const packages = new Set();
  needed(root, root, packages);
  for (const path of packages) copy(relative(root, path));
}

/** Adds the folders of the packages that the one in `folder` depends on, and theirs in turn. */
function needed(root, folder, found) {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  for (const name of Object.keys(dependencies)) {
    if (Object.hasOwn(optionalDependencies, name)) continue;
    const path = resolvePackage(root, folder, name);
    if (found.has(path)) continue;
    found.add(path);
    needed(root, path, found);
  }
}

/** As Node looks for it: in the package's own node_modules, then in those of the folders above. */
function resolvePackage(root, folder, name) {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, 'node_modules', name);
    if (existsSync(path)) return path;
    if (at === root) throw new Error(`${name} is not installed: run npm ci`);
  }
}
