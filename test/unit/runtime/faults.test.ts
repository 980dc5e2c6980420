import { afterAll, describe, expect, test } from 'vitest';
import { type Fault, startRuntime } from '../../../src/runtime/index.js';
import { chain, ranksOf, tree } from './chain.js';
import { causes, deadlyKinds, rejection } from './failing.js';

describe.each([
  { workers: 1, shape: [[1]] },
  { workers: 2, shape: [[2]] },
  { workers: 3, shape: [[2, 1]] },
  { workers: 7, shape: [[2, 2], [3]] },
])('$workers workers', ({ workers, shape }) => {
  const teams = tree(shape);
  const starting = startRuntime({ teams, onWarning: () => {} });
  afterAll(async () => (await starting).close());
  const { program, memories, feed, expected } = chain({ memories: [ranksOf(teams)], steps: 10 });
  const loading = starting.then(runtime => runtime.load(program, memories));

  const places = [0, 4, 9].flatMap(step => [...new Set([0, workers - 1])].map(rank => ({ step, rank })));
  const cases = deadlyKinds.flatMap(kind => places.map(place => ({ kind, ...place })));

  test.each(cases)('$kind in step $step of worker $rank: the run says so, the next one works', async fault => {
    const runtime = await starting;
    const loaded = await loading;
    const { kind, message, soon } = await rejection(runtime.run(loaded, [feed], { fault }));
    expect({ kind, soon }).toEqual({ kind: 'runtime', soon: true });
    expect(message).toContain(`step "layer${fault.step}": worker ${fault.rank} `);
    expect(message).toMatch(causes[fault.kind]);
    expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
    expect(runtime.workers.map(worker => worker.rank)).toEqual(ranksOf(teams));
  });

  test.each(deadlyKinds)('%s while loading: load says so, the next one works', async kind => {
    const runtime = await starting;
    const last = program.weights.length + program.inputs.length;
    const fault: Fault = { rank: workers - 1, step: last, kind };
    const failed = await rejection(runtime.load(program, memories, { fault }));
    expect(failed).toMatchObject({ kind: 'runtime', soon: true });
    expect(failed.message).toContain(`loading "w": worker ${fault.rank} `);
    const loaded = await runtime.load(program, memories);
    expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
    expect(await runtime.run(await loading, [feed])).toEqual([expected(feed)]);
  });

  test('abort in the middle names the step; the next run works', async () => {
    const runtime = await starting;
    const loaded = await loading;
    const controller = new AbortController();
    const fault: Fault = { rank: 0, step: 3, kind: 'delay', delayMs: 300 };
    const running = rejection(runtime.run(loaded, [feed], { fault, signal: controller.signal }));
    setTimeout(() => controller.abort(), 100);
    expect(await running).toEqual({ kind: 'aborted', message: 'aborted in step "layer3"', soon: true });
    expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
  });

  test('an abort that a worker asks for ends the run where it is', async () => {
    const runtime = await starting;
    const loaded = await loading;
    const faults: Fault[] = [0, 4].map(step => ({ rank: workers - 1, step, kind: 'abort' }));
    for (const fault of faults) {
      const aborted = { kind: 'aborted', message: `aborted in step "layer${fault.step}"`, soon: true };
      expect(await rejection(runtime.run(loaded, [feed], { fault }))).toEqual(aborted);
      expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
    }
  });
});

describe('two workers', () => {
  const teams = tree([[2]]);
  const { program, memories, feed, expected } = chain({ memories: [[0, 1]], steps: 10 });
  const start = () => startRuntime({ teams, onWarning: () => {} });

  test('a worker that is late to see an abort does not keep the caller, nor disturb the next run', async () => {
    const runtime = await start();
    try {
      const loaded = await runtime.load(program, memories);
      const controller = new AbortController();
      const fault: Fault = { rank: 1, step: 5, kind: 'delay', delayMs: 1500 };
      const running = rejection(runtime.run(loaded, [feed], { fault, signal: controller.signal }));
      setTimeout(() => controller.abort(), 50);
      expect(await running).toMatchObject({ kind: 'aborted', soon: true });
      const next = feed.map(value => value + 5);
      expect(await runtime.run(loaded, [next])).toEqual([expected(next)]);
    } finally {
      await runtime.close();
    }
  });

  test('a worker that never sees an abort is replaced', async () => {
    const runtime = await start();
    try {
      const loaded = await runtime.load(program, memories);
      const controller = new AbortController();
      const fault: Fault = { rank: 0, step: 5, kind: 'delay', delayMs: 3_600_000 };
      const running = rejection(runtime.run(loaded, [feed], { fault, signal: controller.signal }));
      setTimeout(() => controller.abort(), 50);
      expect(await running).toMatchObject({ kind: 'aborted', soon: true });
      expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
    } finally {
      await runtime.close();
    }
  });

  test('a worker that runs out of JavaScript heap', async () => {
    const runtime = await startRuntime({ teams, heapLimitMb: 48, onWarning: () => {} });
    try {
      const loaded = await runtime.load(program, memories);
      const fault: Fault = { rank: 1, step: 2, kind: 'heap' };
      const failed = await rejection(runtime.run(loaded, [feed], { fault }));
      expect(failed.kind).toBe('runtime');
      expect(failed.message).toMatch(/^step "layer2": worker 1 died: .*memory/);
      expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
    } finally {
      await runtime.close();
    }
  });

  test('a signal that is aborted already', async () => {
    const runtime = await start();
    try {
      const loaded = await runtime.load(program, memories);
      const signal = AbortSignal.abort();
      expect(await rejection(runtime.run(loaded, [feed], { signal }))).toMatchObject({ kind: 'aborted' });
      expect(await rejection(runtime.load(program, memories, { signal }))).toMatchObject({ kind: 'aborted' });
      expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
    } finally {
      await runtime.close();
    }
  });

  test('an abort in line leaves the line', async () => {
    const runtime = await start();
    try {
      const loaded = await runtime.load(program, memories);
      const fault: Fault = { rank: 0, step: 1, kind: 'delay', delayMs: 300 };
      const controller = new AbortController();
      const first = runtime.run(loaded, [feed], { fault });
      const second = rejection(runtime.run(loaded, [feed], { signal: controller.signal }));
      const third = runtime.run(loaded, [feed]);
      controller.abort();
      expect(await second).toMatchObject({ kind: 'aborted', message: expect.stringContaining('before the run began') });
      expect(await first).toEqual([expected(feed)]);
      expect(await third).toEqual([expected(feed)]);
    } finally {
      await runtime.close();
    }
  });

  test.each([300, 5000])('close during a run that sleeps for %i ms', async delayMs => {
    const runtime = await start();
    const loaded = await runtime.load(program, memories);
    const fault: Fault = { rank: 0, step: 1, kind: 'delay', delayMs };
    const running = rejection(runtime.run(loaded, [feed], { fault }));
    const waiting = rejection(runtime.run(loaded, [feed]));
    const startMs = performance.now();
    await Promise.all([runtime.close(), runtime.close()]);
    expect(performance.now() - startMs).toBeLessThan(3000);
    expect(await running).toMatchObject({ kind: 'closed' });
    expect(await waiting).toMatchObject({ kind: 'closed' });
    expect(await rejection(runtime.run(loaded, [feed]))).toMatchObject({ kind: 'closed' });
    expect(await rejection(runtime.load(program, memories))).toMatchObject({ kind: 'closed' });
    // The gate is open again for others on the same CPUs.
    const other = await start();
    try {
      expect(await other.run(await other.load(program, memories), [feed])).toEqual([expected(feed)]);
    } finally {
      await other.close();
    }
  });

  test('one failure after another', async () => {
    const runtime = await start();
    try {
      const loaded = await runtime.load(program, memories);
      for (let round = 0; round < 12; round++) {
        const fault: Fault = { rank: round % 2, step: round % 10, kind: deadlyKinds[round % 4]! };
        expect(await rejection(runtime.run(loaded, [feed], { fault }))).toMatchObject({ kind: 'runtime' });
      }
      expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
    } finally {
      await runtime.close();
    }
  });
});
