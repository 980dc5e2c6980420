import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { startTeam } from '../../../src/runtime/team.js';
import { tree } from './chain.js';

describe('a team', () => {
  const starting = startTeam({ teams: tree([[2], [1]]), availableCpus: 2 });
  afterAll(async () => (await starting).destroy());

  test('says where everybody is', async () => {
    const team = await starting;
    expect(team.workers.map(({ rank, node, cluster, cpu }) => [rank, node, cluster, cpu])).toEqual([
      [0, 0, 0, 0],
      [1, 0, 0, 1],
      [2, 1, 0, 0],
    ]);
    // The machine's, two nodes', two clusters'.
    expect(team.barriers).toBe(5);
    expect([...team.cpus].sort()).toEqual([0, 1]);
  });

  test.each([0, 1, 2])('replaces worker %i when it ends idle; it comes back to the same seat', async rank => {
    const team = await starting;
    const before = [0, 1, 2].map(team.holder);
    team.terminate(rank);
    const endMs = performance.now() + 10_000;
    while (team.holder(rank) === before[rank] || team.holder(rank) === 0) {
      if (performance.now() > endMs) throw new Error(`nobody has taken rank ${rank}`);
      await sleep(5);
    }
    const after = [0, 1, 2].map(team.holder);
    expect(after.filter((holder, other) => holder !== before[other])).toEqual([after[rank]]);
    const answers = await Promise.all(team.post({ kind: 'sweep' }));
    expect(answers).toEqual([{ kind: 'done' }, { kind: 'done' }, { kind: 'done' }]);
    expect(team.lost).toBeNull();
  });

  test('a task that the dead worker had is answered by an error', async () => {
    const team = await starting;
    const died: [number, string][] = [];
    team.watcher = { ended: (rank, cause) => died.push([rank, cause.message]), lost: () => {}, abort: () => {} };
    team.terminate(1);
    const answers = await Promise.allSettled(team.post({ kind: 'sweep' }));
    team.watcher = null;
    expect(answers.filter(answer => answer.status === 'rejected').length).toBeLessThanOrEqual(1);
    expect(died).toEqual([[1, 'exited with code 1']]);
  });
});
