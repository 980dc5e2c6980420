// What a meeting of workers at a barrier costs, on a team of 1 to n pinned workers:
//
//     npm run bench -- --barrier [--workers N] [--json]
//
// - a meeting to which everybody comes at once: best and median of many batches, per meeting. On a machine that others use,
//   the best one is the one in which all workers were running.
// - where worker 0 is late: the CPU time that another one burns on it, sleeping and waking included, and the time from coming
//   to falling asleep, which is busy waiting. Of each the worst worker.
//
// The bars: 3 us for a meeting of 2 workers that are both running, 50 us of busy waiting; the exit status says whether both
// hold. Run `npm run build` first.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { buildTeams } from '../../dist/src/plan/build_teams.js';
import { seats } from '../../dist/src/plan/team.js';
import { createControl, reset } from '../../dist/src/runtime/control.js';
import { spinMs } from '../../dist/src/runtime/team.js';
import { hostTopology } from '../../dist/src/topology/index.js';
import { host, hostLine } from '../host.js';
import { best, median, table } from '../stats.js';

const bars = { meetingUs: 3, spinningUs: 50 };
const together = { batches: 1000, meetings: 100, lateMs: 0, spinMs };
const late = { batches: 1, meetings: 300, lateMs: 3, spinMs };

/** A team of workers, each on a CPU of its own, that meet as a task says; every one answers with what it has measured. */
async function startTeam(cpus) {
  const control = createControl({ ranks: cpus.length, barriers: 1, counters: 0 });
  const workers = cpus.map((cpu, rank) => {
    const workerData = { cpu, rank, size: cpus.length, control: control.words.buffer };
    return new Worker(new URL('./worker.js', import.meta.url), { workerData });
  });
  const answers = async () => {
    const messages = await Promise.all(workers.map(worker => once(worker, 'message')));
    return messages.map(([answer]) => answer);
  };
  const pinned = (await answers()).every(hello => hello.pinned);
  return {
    pinned,
    meet(task) {
      reset(control);
      const answered = answers();
      for (const worker of workers) worker.postMessage(task);
      return answered;
    },
    end: () => Promise.all(workers.map(worker => worker.terminate())),
  };
}

async function measure(cpus) {
  const team = await startTeam(cpus);
  await team.meet({ ...together, batches: 100 });
  const [{ batchMs }] = await team.meet(together);
  const meetingUs = batchMs.map(ms => (1000 * ms) / together.meetings);
  const waiting = (await team.meet(late)).slice(1);
  await team.end();
  return {
    workers: cpus.length,
    pinned: team.pinned,
    bestUs: best(meetingUs),
    medianUs: median(meetingUs),
    lateCpuUs: Math.max(...waiting.map(({ cpuMs }) => (1000 * cpuMs) / late.meetings)),
    spinningUs: Math.max(...waiting.map(({ awakeMs }) => 1000 * median(awakeMs))),
  };
}

export async function main(args) {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, workers: { type: 'string' } } });
  const cpus = seats(buildTeams(hostTopology()).teams).map(({ cpu }) => cpu);
  const most = Math.min(Number(values.workers ?? cpus.length), cpus.length);
  const sizes = Array.from({ length: most }, (_, i) => i + 1).filter(
    size => size === most || (size & (size - 1)) === 0,
  );
  const rows = [];
  for (const size of sizes) rows.push(await measure(cpus.slice(0, size)));
  const two = rows.find(({ workers }) => workers === 2);
  const holds = rows.every(
    ({ workers, bestUs, spinningUs }) => (workers !== 2 || bestUs <= bars.meetingUs) && !(spinningUs > bars.spinningUs),
  );
  process.exitCode = holds ? 0 : 1;
  if (values.json) {
    console.log(JSON.stringify({ host: host(), bars, holds, rows }, null, 2));
    return;
  }
  const us = value => (Number.isFinite(value) ? value.toFixed(2) : '-');
  console.log(hostLine(host()));
  if (!rows.every(({ pinned }) => pinned)) console.log('not all workers are pinned');
  console.log(
    table(
      ['workers', 'meeting, best (us)', 'median', 'CPU per late meeting (us)', 'spinning'],
      rows.map(row => [row.workers, ...[row.bestUs, row.medianUs, row.lateCpuUs, row.spinningUs].map(us)]),
    ),
  );
  console.log(
    `bars: ${bars.meetingUs} us for a meeting of 2 (${us(two?.bestUs)}), ${bars.spinningUs} us of spinning: ${holds ? 'hold' : 'MISSED'}`,
  );
}
