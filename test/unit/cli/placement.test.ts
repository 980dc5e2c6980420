/** Where the workers of a process end up, by the kernel's own word, under the masks that people start it with. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hostTopology } from '../../../src/index.js';

const main = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
const command = [process.execPath, main, 'run', 'c3d', '--width', '0.0625', '--json'];

const has = (tool: string) => spawnSync(tool, ['--version']).error === undefined;
const { allowed } = hostTopology();
const last = allowed.cpus.at(-1)!;

/** CPU that each worker was meant for, and the Cpus_allowed_list that it read back. */
function placement(...prefix: string[]): { cpu: number; allowed: string }[] {
  const [file, ...args] = [...prefix, ...command];
  const { status, stdout, stderr } = spawnSync(file!, args, { encoding: 'utf8' });
  expect(stderr).not.toContain('warning');
  expect(status).toBe(0);
  const { machine } = JSON.parse(stdout) as { machine: { workers: { cpu: number; allowed: string }[] } };
  return machine.workers.map(({ cpu, allowed: list }) => ({ cpu, allowed: list }));
}

describe.skipIf(process.platform !== 'linux' || !has('taskset'))('workers are pinned, each to its own CPU', () => {
  it('to every allowed core', () => {
    const workers = placement();
    expect(workers.length).toBeGreaterThan(0);
    expect(new Set(workers.map(({ cpu }) => cpu)).size).toBe(workers.length);
    for (const worker of workers) {
      expect(worker.allowed).toBe(String(worker.cpu));
      expect(allowed.cpus).toContain(worker.cpu);
    }
  });

  it('one, to the only CPU that taskset leaves', () => {
    expect(placement('taskset', '-c', String(last))).toEqual([{ cpu: last, allowed: String(last) }]);
  });

  it.skipIf(!has('numactl'))('one, to the only CPU that numactl leaves', () => {
    expect(placement('numactl', `--physcpubind=${last}`)).toEqual([{ cpu: last, allowed: String(last) }]);
  });
});
