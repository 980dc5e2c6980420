import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { traceBytes } from '../../../src/cli/profile/trace.js';
import { classifier, machine, numavox } from './fake_engine.js';
import { twoWorkers } from './two_workers.js';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const once: Readonly<Record<string, readonly string[]>> = {
  run: ['run', 'c3d', '--quiet'],
  bench: ['bench', 'c3d', '--quiet', '--runs', '2', '--warmup', '1'],
};

describe.each(['run', 'bench'])('%s', command => {
  const args = once[command]!;

  it('asks for no profile unless told', async () => {
    const { stdout, calls } = await numavox(args);
    expect(calls.profiled).toEqual([]);
    expect(stdout).not.toContain('imbalance');
    expect(JSON.parse((await numavox([...args, '--json'])).stdout)).not.toHaveProperty('profile');
  });

  it('prints layers, a total and workers, of the last run', async () => {
    const { code, stdout, calls } = await numavox([...args, '--profile']);
    expect([code, calls.profiled]).toEqual([0, [calls.fed.length]]);
    const tables = stdout.slice(stdout.indexOf('layer'));
    expect(tables.split('\n').map(line => line.split(/ {2,}/))).toEqual([
      ['layer', 'op', 'ms', 'share', 'GFLOP/s', 'effective', 'imbalance', 'wait ms', 'kernels'],
      ['conv1', 'Conv', '8.000', '80.0 %', '1.0', '2.0', '1.33', '2.000', 'f32_wino f32_gemm'],
      ['prob', 'Softmax', '2.000', '20.0 %', '-', '-', '2.00', '1.000', 'f32_softmax (twin)'],
      ['total', '10.000', '100.0 %', '0.8', '1.6', '1.43', '3.000'],
      [''],
      ['worker', 'node', 'CPU', 'busy ms', 'wait ms', 'waiting'],
      ['', '0', '0', '0', '10.000', '0.000', '0.0 %'],
      ['', '1', '0', '1', '4.000', '6.000', '60.0 %'],
      [''],
    ]);
  });

  it('puts the same into its JSON', async () => {
    const { profile } = JSON.parse((await numavox([...args, '--profile', '--json'])).stdout);
    expect(profile).toMatchObject({
      totalMs: 10,
      layers: [
        { name: 'conv1', gflops: 1, effectiveGflops: 2, imbalance: 8 / 6, busyMs: [8, 4], waitMs: [0, 4] },
        { name: 'prob', gflops: 0, effectiveGflops: 0, imbalance: 2, twin: true },
      ],
      workers: [
        { rank: 0, node: 0, cpu: 0, busyMs: 10, waitMs: 0 },
        { rank: 1, node: 0, cpu: 1, busyMs: 4, waitMs: 6 },
      ],
    });
  });

  it('writes a trace: names, and slices that follow one another on every thread', async () => {
    const { code, stdout } = await numavox([...args, '--trace', at('t.json')]);
    expect([code, readdirSync(folder)]).toEqual([0, ['t.json']]);
    expect(stdout).not.toContain('imbalance');
    const { traceEvents } = JSON.parse(readFileSync(at('t.json'), 'utf8'));
    const named = traceEvents.filter((event: { ph: string }) => event.ph === 'M');
    expect(named).toContainEqual({ ph: 'M', name: 'process_name', pid: 0, tid: 1, args: { name: 'node 0' } });
    expect(named).toContainEqual({ ph: 'M', name: 'thread_name', pid: 0, tid: 1, args: { name: 'worker 1 (CPU 1)' } });
    const second = traceEvents.filter((event: { ph: string; tid: number }) => event.ph === 'X' && event.tid === 1);
    expect(second.map(({ name, ts, dur }: { name: string; ts: number; dur: number }) => [name, ts, dur])).toEqual([
      ['conv1', 0, 1000],
      ['wait', 1000, 1000],
      ['conv1', 2000, 3000],
      ['wait', 5000, 3000],
      ['prob', 8000, 0],
      ['wait', 8000, 2000],
    ]);
    expect(second[2].args).toEqual({ layer: 'conv1', op: 'Conv', kernels: ['f32_gemm'], twin: false, flops: 8e6 });
  });

  it('refuses a place that cannot be written before anything runs', async () => {
    mkdirSync(at('folder'));
    for (const file of [at('none/t.json'), at('folder')]) {
      const { code, stderr, calls } = await numavox([...args, '--trace', file]);
      expect([code, calls.opened]).toEqual([2, []]);
      expect(stderr).toContain(`numavox: ${file}: cannot be written: `);
    }
    expect(readdirSync(folder)).toEqual(['folder']);
  });

  it('writes no trace of a run that fails', async () => {
    const run = () => Promise.reject(new Error('it broke'));
    const { code } = await numavox([...args, '--trace', at('t.json')], { ...classifier, run });
    expect([code, existsSync(at('t.json'))]).toEqual([1, false]);
  });
});

describe('run', () => {
  it('does not write the trace over another output', async () => {
    const { code, stderr } = await numavox(['run', 'c3d', '--output', at('y.npy'), '--trace', at('y.npy')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is written with a result')]);
  });
});

describe('a trace', () => {
  it('has a process per node', () => {
    const workers = machine.workers.map(worker => ({ ...worker, node: 4 + worker.rank }));
    const { traceEvents } = JSON.parse(Buffer.from(traceBytes(twoWorkers, workers)).toString());
    const threads = traceEvents.map(({ pid, tid }: { pid: number; tid: number }) => `${pid}/${tid}`);
    expect(new Set(threads)).toEqual(new Set(['4/0', '5/1']));
  });
});
