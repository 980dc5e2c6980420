import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Which parts of the project each part may import, beside itself, errors.ts and assets.ts. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  graph: [],
  onnx: ['graph'],
  passes: ['graph'],
  topology: [],
  plan: ['graph', 'topology'],
  kernels: [],
  cost: ['graph', 'kernels', 'plan', 'lower/program'],
  lower: ['graph', 'kernels', 'plan'],
  // The runtime reads a constant's bytes, but never sees a graph.
  runtime: ['graph/constant', 'graph/ir', 'kernels', 'lower/program', 'plan/plan', 'plan/team', 'topology'],
  calibrate: ['graph', 'kernels', 'plan', 'lower', 'runtime', 'topology', 'cost'],
  zoo: ['graph'],
  session: ['graph', 'onnx', 'passes', 'topology', 'plan', 'lower', 'runtime', 'zoo', 'cost', 'calibrate'],
  cli: ['index'],
  index: ['onnx', 'passes', 'topology', 'plan', 'session', 'zoo', 'cost', 'calibrate'],
  workers: ['runtime'],
  assembly: [],
};

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)));
}

/** The part a file belongs to: its folder in src, `index` for the entry point, the top folder elsewhere. */
function partOf(path: string): string {
  const [top, first] = path.split('/');
  return top === 'src' ? first!.replace(/\.[tj]s$/, '') : top!;
}

function localImports(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(match =>
    relative(root, resolve(root, dirname(path), match[1]!)),
  );
}

describe('import directions', () => {
  const paths = [...sources('src'), ...sources('workers'), ...sources('assembly')];

  it.each(paths)('%s', path => {
    const part = partOf(path);
    if (part === 'errors' || part === 'assets') return expect(localImports(path)).toEqual([]);
    for (const target of localImports(path)) {
      const targetPart = partOf(target);
      if (targetPart === part || targetPart === 'errors' || targetPart === 'assets') continue;
      const module = target.replace(/^src\//, '').replace(/\.[tj]s$/, '');
      const permitted = allowed[part]?.some(name => module === name || module.startsWith(`${name}/`));
      expect(permitted, `${path} imports ${target}`).toBe(true);
    }
    return undefined;
  });
});
