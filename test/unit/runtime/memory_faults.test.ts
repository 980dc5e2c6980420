/** A worker fails in every kind of step of a program in several memories: the run says so, and the next one is right. */
import { afterAll, describe, expect, test } from 'vitest';
import { type Fault, startRuntime } from '../../../src/runtime/index.js';
import { chain, ranksByNode, ranksOf, tree } from './chain.js';
import { causes, deadlyKinds, rejection } from './failing.js';

const kinds = ['add', 'fetch', 'reverse', 'mixed', 'lone', 'reverse'] as const;
/** One of each kind of step, and of each scope of the barrier behind it. */
const places = {
  'kernel step': 6,
  'exchange step': 7,
  'twin step': 8,
  'mixed step': 3,
  'step without a share in some memories': 4,
  'step before a narrow barrier': 5,
  'last step': 11,
};

describe.each([
  { title: '2 memories of 1 worker, cluster barriers', shape: [[1], [1]], barrier: 'cluster' },
  { title: '2 memories of 2 workers, node barriers', shape: [[2], [2]], barrier: 'node' },
  { title: '2 memories of 2 workers, one in two clusters', shape: [[1, 1], [2]], barrier: 'node' },
  { title: '4 memories of 1 worker, machine barriers', shape: [[1], [1], [1], [1]], barrier: 'machine' },
  { title: '4 memories of 1 or 2 workers, node barriers', shape: [[1], [2], [1], [2]], barrier: 'node' },
] as const)('$title', ({ shape, barrier }) => {
  const teams = tree(shape);
  const starting = startRuntime({ teams, onWarning: () => {} });
  afterAll(async () => (await starting).close());
  const { program, memories, feeds, results } = chain({ memories: ranksByNode(teams), kinds, twinEvery: 9, barrier });
  const loading = starting.then(runtime => runtime.load(program, memories));
  const lastRank = ranksOf(teams).length - 1;
  const wanted = results(feeds);

  const cases = Object.entries(places).flatMap(([place, step], at) =>
    [...deadlyKinds, 'abort' as const, 'delay' as const].map((kind, turn) => {
      return { kind, place, step, rank: (at + turn) % 2 ? lastRank : 0 };
    }),
  );

  test.each(cases)('$kind in a $place, worker $rank', async ({ kind, step, rank }) => {
    const runtime = await starting;
    const loaded = await loading;
    const fault: Fault = { rank, step, kind, delayMs: 30 };
    const running = runtime.run(loaded, feeds, { fault });
    if (kind === 'delay') {
      expect(await running).toEqual(wanted);
    } else {
      const failed = await rejection(running);
      expect(failed).toMatchObject({ kind: kind === 'abort' ? 'aborted' : 'runtime', soon: true });
      if (kind === 'abort') {
        expect(failed.message).toMatch(/^aborted in step "layer/);
      } else {
        expect(failed.message).toContain(`step "layer${step}": worker ${rank} `);
        expect(failed.message).toMatch(causes[kind]);
      }
    }
    expect(await runtime.run(loaded, feeds)).toEqual(wanted);
  });
});
