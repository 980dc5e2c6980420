import { afterAll, describe, expect, test } from 'vitest';
import { type RunProfile, type Runtime, startRuntime } from '../../../src/runtime/index.js';
import { execute } from '../../support/execute.js';
import { chain, ranksByNode, ranksOf, tree } from './chain.js';

const shapes = [[[1]], [[2]], [[2, 1]], [[2, 2], [3]]];

describe.each(shapes.map(shape => ({ workers: shape.flat(2).reduce((a, b) => a + b), shape })))(
  '$workers workers',
  ({ workers, shape }) => {
    const teams = tree(shape);
    const warnings: string[] = [];
    const starting = startRuntime({ teams, onWarning: message => warnings.push(message) });
    afterAll(async () => (await starting).close());

    test('each takes a seat of its own and says where it runs', async () => {
      const runtime = await starting;
      expect(runtime.workers.map(worker => worker.rank)).toEqual(ranksOf(teams));
      for (const worker of runtime.workers) {
        if (worker.pinned) expect(worker.allowed).toBe(String(worker.cpu));
        else expect(worker.reason).toBeTruthy();
      }
      expect(warnings).toHaveLength(runtime.workers.every(worker => worker.pinned) ? 0 : 1);
      expect(runtime.workers).toHaveLength(workers);
    });

    test('no unit is lost, repeated or overtaken', async () => {
      const runtime = await starting;
      const { program, memories, feed, expected } = chain({ memories: [ranksOf(teams)], steps: 40 });
      const loaded = await runtime.load(program, memories);
      for (let round = 0; round < 20; round++) {
        const fed = feed.map(value => value + round);
        expect(await runtime.run(loaded, [fed])).toEqual([expected(fed)]);
      }
    });

    test('every memory is worked on by its own ranks', async () => {
      const runtime = await starting;
      const { program, memories, feeds, results } = chain({ memories: ranksByNode(teams), barrier: 'node' });
      const loaded = await runtime.load(program, memories);
      for (let round = 0; round < 5; round++) expect(await runtime.run(loaded, feeds)).toEqual(results(feeds));
    });
  },
);

describe('several memories', () => {
  const kinds = ['add', 'fetch', 'mixed', 'reverse', 'lone', 'add', 'mixed', 'fetch'] as const;

  test.each([
    { shape: [[1], [1]], barrier: 'cluster' },
    { shape: [[2], [1]], barrier: 'node' },
    { shape: [[1, 1], [2]], barrier: 'node' },
    { shape: [[1], [1], [1], [1]], barrier: 'node' },
    { shape: [[2], [1], [1, 2]], barrier: 'machine' },
    { shape: [[2], [1], [1, 2]], barrier: 'node' },
  ] as const)('$shape: each fetches what another has just written; $barrier barriers', async ({ shape, barrier }) => {
    const teams = tree(shape);
    const runtime = await startRuntime({ teams, onWarning: () => {} });
    try {
      const { program, memories, feeds, results } = chain({
        ...{ memories: ranksByNode(teams), kinds, steps: 40, barrier },
      });
      const loaded = await runtime.load(program, memories);
      for (let round = 0; round < 10; round++) {
        const fed = feeds.map(feed => feed.map(value => value + round));
        expect(await runtime.run(loaded, fed)).toEqual(results(fed));
      }
    } finally {
      await runtime.close();
    }
  });

  test('one thread alone gets the same', () => {
    const { program, feeds, results } = chain({ memories: [[0], [1], [2]], kinds, steps: 40 });
    const outputs = execute(program, Object.fromEntries(feeds.map((feed, memory) => [`port${memory}`, feed])));
    expect([...outputs.values()]).toEqual(results(feeds));
  });

  test('a worker may work in several, and a node have none', async () => {
    const teams = tree([[1], [2]]);
    const runtime = await startRuntime({ teams, onWarning: () => {} });
    try {
      for (const ranks of [[[0, 1, 2], [1, 2], [0]], [[2, 1]]]) {
        const { program, memories, feeds, results } = chain({
          memories: ranks,
          kinds: ranks.length > 1 ? kinds : ['add'],
        });
        const loaded = await runtime.load(program, memories);
        for (let round = 0; round < 5; round++) expect(await runtime.run(loaded, feeds)).toEqual(results(feeds));
      }
    } finally {
      await runtime.close();
    }
  });

  test('copies between the ends of 4 GiB', async () => {
    const teams = tree([[1], [1]]);
    const runtime = await startRuntime({ teams, onWarning: () => {} });
    try {
      const arenaAddress = 4 * 2 ** 30 - 65536;
      const { program, memories, feeds, results } = chain({ memories: [[0], [1]], kinds, arenaAddress });
      const loaded = await runtime.load(program, memories);
      expect(await runtime.run(loaded, feeds)).toEqual(results(feeds));
    } finally {
      await runtime.close();
    }
  });

  test('a barrier that is narrower than the team is refused', async () => {
    const teams = tree([[1, 1], [1]]);
    const runtime = await startRuntime({ teams, onWarning: () => {} });
    try {
      const refused = {
        kind: 'runtime',
        message: expect.stringMatching(/^step "layer0" ends at a \w+ barrier, and memory 0/),
      };
      const node = chain({ memories: [[0, 1, 2]], barrier: 'node' });
      await expect(runtime.load(node.program, node.memories)).rejects.toMatchObject(refused);
      const cluster = chain({ memories: [[0, 1], [2]], barrier: 'cluster' });
      await expect(runtime.load(cluster.program, cluster.memories)).rejects.toMatchObject(refused);
    } finally {
      await runtime.close();
    }
  });

  test('a profile names copies beside kernels', async () => {
    const teams = tree([[1], [1]]);
    const runtime = await startRuntime({ teams, onWarning: () => {} });
    try {
      const { program, memories, feeds } = chain({ memories: [[0], [1]], kinds: ['fetch', 'mixed', 'add'], steps: 3 });
      const loaded = await runtime.load(program, memories);
      const profiles: RunProfile[] = [];
      await runtime.run(loaded, feeds, { onProfile: profile => profiles.push(profile) });
      expect(profiles[0]!.steps.map(step => step.kernels)).toEqual([
        ['exchange'],
        ['f32_add', 'exchange'],
        ['f32_add'],
      ]);
    } finally {
      await runtime.close();
    }
  });
});

describe('addresses', () => {
  test('above 2 GiB', async () => {
    const teams = tree([[2]]);
    const runtime = await startRuntime({ teams, onWarning: () => {} });
    try {
      const arenaAddress = 3 * 2 ** 30;
      const { program, memories, feed, expected } = chain({ memories: [[0, 1]], arenaAddress });
      const loaded = await runtime.load(program, memories);
      expect(loaded.bytes).toBeGreaterThan(arenaAddress);
      expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
    } finally {
      await runtime.close();
    }
  });
});

describe('what callers see', () => {
  const teams = tree([[2]]);
  const starting = startRuntime({ teams, onWarning: () => {} });
  afterAll(async () => (await starting).close());
  const example = () => chain({ memories: [[0, 1]] });

  async function loadExample(): Promise<{ runtime: Runtime } & ReturnType<typeof example>> {
    return { runtime: await starting, ...example() };
  }

  test('feeds may change as soon as run has returned, in line or not', async () => {
    const { runtime, program, memories, feed, expected } = await loadExample();
    const loaded = await runtime.load(program, memories);
    const feeds = [0, 1, 2].map(add => feed.map(value => value + add));
    const answers = feeds.map(fed => expected(fed));
    const runs = feeds.map(fed => {
      const run = runtime.run(loaded, [fed]);
      fed.fill(-1);
      return run;
    });
    expect(await Promise.all(runs)).toEqual(answers.map(answer => [answer]));
  });

  test('outputs are copies', async () => {
    const { runtime, program, memories, feed, expected } = await loadExample();
    const loaded = await runtime.load(program, memories);
    const [first] = await runtime.run(loaded, [feed]);
    await runtime.run(loaded, [feed.map(value => value + 1)]);
    expect(first).toEqual(expected(feed));
    expect(first!.buffer).toBeInstanceOf(ArrayBuffer);
  });

  test('progress ends with the last step; a callback that throws ends the run', async () => {
    const { runtime, program, memories, feed, expected } = await loadExample();
    const loaded = await runtime.load(program, memories);
    const seen: number[] = [];
    const fault = { rank: 1, step: 4, kind: 'delay', delayMs: 350 } as const;
    const onStep = (done: number, total: number, name: string) => {
      expect(total).toBe(12);
      expect(name).toBe(`layer${Math.min(done, 11)}`);
      seen.push(done);
    };
    expect(await runtime.run(loaded, [feed], { fault, onStep })).toEqual([expected(feed)]);
    expect(seen).toEqual([4, 12]);
    const complain = () => {
      throw new Error('no terminal');
    };
    for (const options of [{ fault, onStep: complain }, { onStep: complain }]) {
      await expect(runtime.run(loaded, [feed], options)).rejects.toMatchObject({
        kind: 'runtime',
        message: 'the progress callback failed: no terminal',
      });
    }
    expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
  });

  test('a profile says who worked and who waited', async () => {
    const { runtime, program, memories, feed } = await loadExample();
    const loaded = await runtime.load(program, memories);
    const fault = { rank: 1, step: 3, kind: 'delay', delayMs: 100 } as const;
    const profiles: RunProfile[] = [];
    await runtime.run(loaded, [feed], { fault, onProfile: profile => profiles.push(profile) });
    expect(profiles).toHaveLength(1);
    const { steps } = profiles[0]!;
    expect(steps.map(step => step.name)).toEqual(program.steps.map(step => step.name));
    expect(steps.map(step => step.twin)).toEqual(program.steps.map((_, index) => index % 5 === 4));
    expect(steps.map(step => step.kernels)).toEqual(
      program.steps.map((_, index) => [index % 2 ? 'f32_copy' : 'f32_add']),
    );
    expect(steps[3]!.busyMs[1]).toBeGreaterThan(90);
    expect(steps[3]!.waitMs[0]).toBeGreaterThan(50);
    expect(steps[2]!.busyMs[1]).toBeLessThan(90);
    expect(Math.min(...steps[0]!.startMs)).toBe(0);
    for (const [at, step] of steps.entries()) {
      const next = steps[at + 1];
      if (!next) continue;
      step.startMs.forEach((startMs, rank) => {
        expect(startMs + step.busyMs[rank]! + step.waitMs[rank]!).toBeLessThanOrEqual(next.startMs[rank]! + 0.01);
      });
    }
    // A barrier in between: nobody comes to step 4 before the late worker has done step 3, on one clock for all.
    const lateMs = steps[3]!.startMs[1]! + steps[3]!.busyMs[1]!;
    for (const startMs of steps[4]!.startMs) expect(startMs).toBeGreaterThan(lateMs - 20);
  });

  test('feeds of the wrong number or size are refused', async () => {
    const { runtime, program, memories, feed } = await loadExample();
    const loaded = await runtime.load(program, memories);
    await expect(runtime.run(loaded, [])).rejects.toMatchObject({ kind: 'input' });
    await expect(runtime.run(loaded, [feed.subarray(1)])).rejects.toMatchObject({
      kind: 'input',
      message: 'input "port0" has 1942 elements, [67, 29] needs 1943',
    });
  });

  test('an unloaded program is gone, others stay', async () => {
    const { runtime, program, memories, feed, expected } = await loadExample();
    const [one, other] = [await runtime.load(program, memories), await runtime.load(program, memories)];
    const last = runtime.run(one, [feed]);
    const unloading = runtime.unload(one);
    expect(await last).toEqual([expected(feed)]);
    await unloading;
    await expect(runtime.run(one, [feed])).rejects.toMatchObject({ kind: 'closed' });
    expect(await runtime.run(other, [feed])).toEqual([expected(feed)]);
    await runtime.unload(one);
  });

  test('a memory that cannot be is an error with a hint, and no more', async () => {
    const { runtime, program, memories, feed, expected } = await loadExample();
    const huge = { ...program, memories: program.memories.map(memory => ({ ...memory, bytes: 5 * 2 ** 30 })) };
    await expect(runtime.load(huge, memories)).rejects.toMatchObject({ kind: 'resource' });
    const loaded = await runtime.load(program, memories);
    expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
  });

  test('a weight that cannot be read is an error of the model, and no more', async () => {
    const { runtime, program, memories, feed, expected } = await loadExample();
    const source = { kind: 'file', path: '/nowhere/weights.bin', offset: 0, length: 7772 } as const;
    const weights = program.weights.map(task => ({ ...task, constant: { ...task.constant, source } }));
    await expect(runtime.load({ ...program, weights }, memories)).rejects.toMatchObject({
      kind: 'model',
      message: expect.stringContaining('loading "w"'),
    });
    const loaded = await runtime.load(program, memories);
    expect(await runtime.run(loaded, [feed])).toEqual([expected(feed)]);
  });

  test('a kernel that the module does not have is named', async () => {
    const { runtime, program, memories } = await loadExample();
    const steps = program.steps.map(step => ({
      ...step,
      shares: step.shares.map(share => ({ ...share, kernel: 'f32_nothing', twin: false })),
    }));
    await expect(runtime.load({ ...program, steps }, memories)).rejects.toMatchObject({
      kind: 'runtime',
      message: expect.stringContaining('f32_nothing'),
    });
  });

  test('two sessions on the same CPUs take turns', async () => {
    const { runtime, program, memories, feed, expected } = await loadExample();
    const second = await startRuntime({ teams, module: 'simd', onWarning: () => {} });
    try {
      expect(second.module).toBe('simd');
      const loaded = [await runtime.load(program, memories), await second.load(program, memories)];
      const runs = Array.from({ length: 20 }, (_, i) => (i % 2 ? second : runtime).run(loaded[i % 2]!, [feed]));
      for (const outputs of await Promise.all(runs)) expect(outputs).toEqual([expected(feed)]);
    } finally {
      await second.close();
    }
  });
});
