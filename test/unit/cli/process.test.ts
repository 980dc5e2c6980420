/** The compiled command line as a process: exit codes, signals, pipes. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const numavox = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });

describe('the numavox process', () => {
  it('runs a zoo network and prints the result alone on stdout', () => {
    const { status, stdout, stderr } = numavox('run', 'c3d', '--width', '0.0625', '--output', 'y.npy', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ untrained: true, outputs: [{ dims: [1, 101], notFinite: 0 }] });
    expect(stderr).toContain('its classes mean nothing');
    expect(readdirSync(folder)).toEqual(['y.npy']);
  });

  it('writes a zoo network that it runs with the same result', () => {
    const size = ['--width', '0.0625', '--classes', '7'];
    expect(numavox('zoo', 'c3d', '-o', 'c3d.onnx', ...size).status).toBe(0);
    const outputs = (...args: string[]) => JSON.parse(numavox('run', '--json', ...args).stdout).outputs;
    expect(outputs('c3d.onnx')).toEqual(outputs('c3d', ...size));
  });

  it.each([
    [['run', 'c3d', '--workers', '0'], 2],
    [['run', 'none.onnx'], 2],
    [['run', '.'], 2],
    [['inspect', main], 2],
    [['--version'], 0],
  ] as [string[], number][])('%j ends with code %i and no more than a line', (args, code) => {
    const { status, stdout, stderr } = numavox(...args);
    expect(status).toBe(code);
    expect((stdout + stderr).split('\n').length).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends on %s with code %i and leaves no file', async (signal, code) => {
    const args = ['run', 'c3d', '--width', '0.25', '--algorithm', 'reference', '--output', 'y.npy'];
    const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', chunk => {
      output += chunk;
    });
    const ended = new Promise(resolve => child.on('exit', (status, by) => resolve(status ?? by)));
    await new Promise(resolve => child.stderr.once('data', resolve));
    child.kill(signal);
    expect(await ended).toBe(code);
    expect(output).toBe('');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('is quiet on a closed pipe, and says so of a full disk', () => {
    const shell = (command: string) => spawnSync('bash', ['-o', 'pipefail', '-c', command], { encoding: 'utf8' });
    const quoted = `'${process.execPath}' '${main}'`;
    // The reader is gone before anything is written.
    const closed = shell(`(sleep 0.2; ${quoted} topology --json) | true`);
    expect([closed.status, closed.stderr]).toEqual([0, '']);
    const full = shell(`${quoted} topology --json > /dev/full`);
    expect(full.status).toBe(1);
    expect(full.stderr).toMatch(/^numavox: the result cannot be written to stdout: .*ENOSPC.*\n$/);
  });
});
