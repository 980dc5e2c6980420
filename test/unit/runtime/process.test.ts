/** How the runtime behaves as part of a process: scripts of their own, on the compiled runtime. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRuntime } from '../../../src/runtime/index.js';
import { chain, tree } from './chain.js';

const { program, memories, feed, expected } = chain({ memories: [[0, 1]], steps: 6 });
const dist = new URL('../../../dist/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'numavox-process-'));
const data = join(folder, 'program.bin');
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  const { serialize } = await import('node:v8');
  writeFileSync(data, serialize({ program, memories, feed, expected: expected(feed), teams: tree([[2]]) }));
});

/** Runs a script that finds `runtime` and the example's parts in scope. */
function script(body: string, env: NodeJS.ProcessEnv = process.env): Promise<{ code: number | null; out: string }> {
  const text = `
    import { readFileSync } from 'node:fs';
    import { deserialize } from 'node:v8';
    import { startRuntime } from '${new URL('src/runtime/index.js', dist)}';
    const { program, memories, feed, expected, teams } = deserialize(readFileSync('${data}'));
    const say = message => process.stdout.write(message + '\\n');
    const warnings = [];
    const runtime = await startRuntime({ teams, onWarning: message => warnings.push(message) });
    const loaded = await runtime.load(program, memories);
    const right = ([y]) => y.length === expected.length && y.every((value, i) => value === expected[i]);
    ${body}`;
  const path = join(folder, `script${Math.random()}.mjs`);
  writeFileSync(path, text);
  return new Promise(resolve => {
    const child = spawn(process.execPath, [path], { env, timeout: 20_000 });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        out += piece;
      });
    }
    child.on('close', code => resolve({ code, out }));
  });
}

describe('a process', () => {
  test('ends by itself although nobody has closed the runtime', async () => {
    expect(await script('say(String(right(await runtime.run(loaded, [feed]))));')).toEqual({ code: 0, out: 'true\n' });
  });

  test('survives runtimes that are closed as soon as they have started', async () => {
    const body = `
      const [cluster] = teams.nodes[0].clusters;
      const workers = Array.from({ length: 7 }, (_, rank) => ({ ...cluster.workers[0], rank }));
      const many = { ...teams, nodes: [{ ...teams.nodes[0], clusters: [{ ...cluster, workers }] }] };
      await runtime.close();
      for (let i = 0; i < 20; i++) await (await startRuntime({ teams: many, onWarning: () => {} })).close();
      say('closed');`;
    expect(await script(body)).toEqual({ code: 0, out: 'closed\n' });
  });

  test('ends by itself after a worker has been replaced', async () => {
    const body = `
      const fault = { rank: 1, step: 2, kind: 'exit' };
      await runtime.run(loaded, [feed], { fault }).catch(error => say(error.message));`;
    const out = 'step "layer2": worker 1 died: exited with code 3\n';
    expect(await script(body)).toEqual({ code: 0, out });
  });

  test('lives until the run in progress is over', async () => {
    const body = `
      const fault = { rank: 1, step: 2, kind: 'delay', delayMs: 500 };
      runtime.run(loaded, [feed], { fault }).then(outputs => say(String(right(outputs))));`;
    expect(await script(body)).toEqual({ code: 0, out: 'true\n' });
  });

  test('may exit in the middle of a run, or close and go on', async () => {
    const sleepy = `const fault = { rank: 1, step: 2, kind: 'delay', delayMs: 3_600_000 };
      runtime.run(loaded, [feed], { fault }).catch(error => say(error.kind));`;
    expect(await script(`${sleepy} setTimeout(() => process.exit(7), 100);`)).toEqual({ code: 7, out: '' });
    const closing = `${sleepy} setTimeout(async () => { await runtime.close(); say('done'); }, 100);`;
    expect(await script(closing)).toEqual({ code: 0, out: 'closed\ndone\n' });
  });

  test('pins its workers, and no other thread of the process', async () => {
    const body = `
      const { readdirSync } = await import('node:fs');
      const { readFile } = await import('node:fs/promises');
      await Promise.all(Array.from({ length: 8 }, () => readFile('/proc/self/status')));
      await runtime.run(loaded, [feed]);
      const masks = readdirSync('/proc/self/task').map(thread =>
        /Cpus_allowed_list:\\s*(.*)/.exec(readFileSync('/proc/self/task/' + thread + '/status', 'latin1'))[1]);
      const own = /Cpus_allowed_list:\\s*(.*)/.exec(readFileSync('/proc/self/status', 'latin1'))[1];
      const other = masks.filter(mask => mask !== own).sort();
      say(JSON.stringify({ own, other, workers: runtime.workers.map(worker => [worker.pinned, worker.allowed]) }));`;
    const { code, out } = await script(body);
    expect(code).toBe(0);
    const { own, other, workers } = JSON.parse(out) as { own: string; other: string[]; workers: [boolean, string][] };
    const pinned = workers.filter(([isPinned]) => isPinned).map(([, allowed]) => allowed);
    expect(other).toEqual(pinned.filter(allowed => allowed !== own).sort());
  });

  test('gets the memory of unloaded programs back', async () => {
    const body = `
      const floats = 16 * 2 ** 20;
      const [plan] = program.memories;
      const address = Math.ceil(plan.bytes / 64) * 64;
      const large = { ...program, memories: [{ ...plan, bytes: address + floats * 4 }],
        inputs: [...program.inputs,
          { name: 'large', dims: [floats], pieces: [{ memory: 0, address, begin: [0], dims: [floats] }] }] };
      const filler = new Float32Array(floats).fill(1);
      const rounds = [];
      for (let round = 0; round < 9; round++) {
        const again = await runtime.load(large, memories);
        if (!right(await runtime.run(again, [feed, filler]))) say('wrong');
        rounds.push(process.memoryUsage().rss / 2 ** 20);
        await runtime.unload(again);
      }
      say(String(rounds[8] - rounds[0]));`;
    const { code, out } = await script(body);
    expect(code).toBe(0);
    // Eight times 64 MiB, were they kept.
    expect(Number(out)).toBeLessThan(256);
  });

  test('goes on unpinned where there is no taskset, with one warning', async () => {
    const body = 'say(String(right(await runtime.run(loaded, [feed])))); say(warnings.join());';
    const { code, out } = await script(body, { PATH: folder });
    expect(code).toBe(0);
    expect(out).toMatch(/^true\n2 of 2 workers are not pinned to their CPUs: .*taskset.*\n$/);
  });
});

describe('weights in a file', () => {
  test('are read from the file that lies there when the program is loaded', async () => {
    const path = join(folder, 'weights.bin');
    const length = feed.length * 4;
    const source = { kind: 'file', path, offset: 8, length } as const;
    const weights = program.weights.map(task => ({ ...task, constant: { ...task.constant, source } }));
    const runtime = await startRuntime({ teams: tree([[2]]), onWarning: () => {} });
    try {
      for (const value of [1, 2]) {
        rmSync(path, { force: true });
        writeFileSync(path, Buffer.from(new Float32Array(feed.length + 2).fill(value).buffer));
        const loaded = await runtime.load({ ...program, weights }, memories);
        const [outputs] = await runtime.run(loaded, [new Float32Array(feed.length)]);
        // Three of the six steps add.
        expect(outputs).toEqual(new Float32Array(feed.length).fill(3 * value));
      }
    } finally {
      await runtime.close();
    }
  });
});

describe('workers that do not start', () => {
  const entry = (text: string): URL => {
    const path = join(folder, `worker${Math.random()}.mjs`);
    writeFileSync(path, text);
    return new URL(`file://${path}`);
  };
  const worker = fileURLToPath(new URL('workers/worker.js', dist));
  const teams = tree([[2]]);

  test('from the beginning: an error, and no process that waits', async () => {
    const workerEntry = entry('throw new Error("no worker today");');
    const starting = startRuntime({ teams, workerEntry, onWarning: () => {} });
    await expect(starting).rejects.toMatchObject({
      kind: 'runtime',
      message: expect.stringContaining('no worker today'),
    });
  });

  test('as a replacement: the session says that it is closed, and lets others in', async () => {
    const flag = join(folder, 'no-more');
    const workerEntry = entry(`
      import { existsSync } from 'node:fs';
      if (existsSync('${flag}')) throw new Error('no worker any more');
      export { default } from '${worker}';`);
    const runtime = await startRuntime({ teams, workerEntry, onWarning: () => {} });
    const loaded = await runtime.load(program, memories);
    writeFileSync(flag, '');
    const fault = { rank: 0, step: 1, kind: 'exit' } as const;
    await expect(runtime.run(loaded, [feed], { fault })).rejects.toMatchObject({ kind: 'runtime' });
    // Whether the replacement's failure is known yet or comes up during the run, the run ends.
    const next = await runtime.run(loaded, [feed]).catch(error => error);
    expect(next).toMatchObject({ kind: expect.stringMatching(/closed|runtime/) });
    await expect(runtime.run(loaded, [feed])).rejects.toMatchObject({ kind: 'closed' });
    await expect(runtime.load(program, memories)).rejects.toMatchObject({ kind: 'closed' });
    await runtime.unload(loaded).catch(error => expect(error).toMatchObject({ kind: 'closed' }));
    await runtime.close();
    const other = await startRuntime({ teams, onWarning: () => {} });
    try {
      expect(await other.run(await other.load(program, memories), [feed])).toEqual([expected(feed)]);
    } finally {
      await other.close();
    }
  });
});
