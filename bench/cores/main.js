// How a network gains from workers: the same network with 1, 2, ... workers and on given topologies, alternating in one run,
// beside a loop that touches no memory on as many pinned threads, and beside what the cost model says.
//
//     npm run bench -- --cores [--networks c3d,...] [--workers 1,2] [--topologies 1x1x2,2x1x1] [--runs 9] [--json FILE]
//
// Ratios are those of medians and, in brackets, of best runs: on a machine that others use, a core that somebody else has
// slowed down shows in the first and not in the second. Run `npm run build` first.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { buildBenchModule } from '../bench_module.js';
import { host, hostLine, stealSeconds } from '../host.js';
import { best, median, spread, table } from '../stats.js';

const options = {
  networks: { type: 'string', default: 'c3d,resnet34,resnet50,vgg11,p3d' },
  workers: { type: 'string', default: '1,2' },
  topologies: { type: 'string', default: '1x1x2,2x1x1' },
  runs: { type: 'string', default: '9' },
  json: { type: 'string' },
};

/** Steps of the loop in one measurement: a fifth of a second or so. */
const loopSteps = 100_000_000;

export async function main(args) {
  const { values } = parseArgs({ args, options });
  const list = text => text.split(',').filter(part => part !== '');
  const workers = list(values.workers).map(Number);
  const settings = [
    ...workers.map(count => ({ title: `${count}`, workers: count })),
    ...list(values.topologies).map(topology => ({ title: topology, topology })),
  ];
  const { calibrated } = await import('../../dist/src/index.js');
  const { rates, measured } = await calibrated({ onWarning: message => process.stderr.write(`${message}\n`) });
  const loop = await startLoop(Math.max(...workers));
  const before = stealSeconds();
  const results = [];
  for (const name of list(values.networks)) {
    process.stderr.write(`${name} ...\n`);
    results.push(await compare(name, settings, workers, loop, rates, Number(values.runs)));
  }
  await loop.close();
  const report = { host: { ...host(), stolenSeconds: stealSeconds() - before }, measured, results };
  console.log(markdown(report, settings, workers));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** Threads for the loop, one per core as the workers of a session are. */
async function startLoop(count) {
  const { buildTeams, hostTopology } = await import('../../dist/src/index.js');
  const module = buildBenchModule();
  const { teams } = buildTeams(hostTopology(), { workers: count });
  const seats = teams.nodes.flatMap(({ clusters }) => clusters.flatMap(cluster => cluster.workers));
  const threads = seats.map(
    ({ cpu }) => new Worker(new URL('./chains.js', import.meta.url), { workerData: { module, cpu } }),
  );
  const once = thread =>
    new Promise((resolve, reject) => {
      thread.once('error', reject);
      thread.once('message', ms => {
        thread.off('error', reject);
        resolve(ms);
      });
      thread.postMessage(loopSteps);
    });
  const runMs = async used => Math.max(...(await Promise.all(threads.slice(0, used).map(once))));
  await runMs(count);
  return { runMs, close: () => Promise.all(threads.map(thread => thread.terminate())) };
}

/** Runs of every setting in turn, and of the loop with as many threads. */
async function compare(name, settings, workers, loop, rates, runs) {
  const { InferenceSession, Tensor, describeSession } = await import('../../dist/src/index.js');
  const sessions = [];
  for (const { title, ...options } of settings) {
    const session = await InferenceSession.create(`zoo:${name}`, { ...options, rates, onWarning: () => {} });
    const [{ name: input, dims }] = describeSession(session).inputs;
    const elements = dims.reduce((all, size) => all * size, 1);
    const data = Float32Array.from({ length: elements }, (_, i) => ((i * 2654435761) % 4096) / 4096);
    const feeds = { [input]: new Tensor('float32', data, dims) };
    await session.run(feeds);
    await session.run(feeds);
    sessions.push({ title, session, feeds, timesMs: [] });
  }
  const loopMs = workers.map(() => []);
  for (let run = 0; run < runs; run++) {
    for (const one of sessions) {
      const started = performance.now();
      await one.session.run(one.feeds);
      one.timesMs.push(performance.now() - started);
    }
    for (const [i, count] of workers.entries()) loopMs[i].push(await loop.runMs(count));
  }
  for (const { session } of sessions) await session.release();
  const rows = [];
  for (const [i, { title, timesMs }] of sessions.entries()) {
    const predictedMs = await predict(name, settings[i], rates);
    rows.push({
      title,
      bestMs: best(timesMs),
      medianMs: median(timesMs),
      spread: spread(timesMs),
      predictedMs,
      timesMs,
    });
  }
  const speedUps = workers.map((count, i) => ({
    workers: count,
    byMedian: {
      network: rows[0].medianMs / rows[i].medianMs,
      loop: (count / workers[0]) * (median(loopMs[0]) / median(loopMs[i])),
    },
    byBest: {
      network: rows[0].bestMs / rows[i].bestMs,
      loop: (count / workers[0]) * (best(loopMs[0]) / best(loopMs[i])),
    },
  }));
  return { name, rows, speedUps };
}

async function predict(name, { workers, topology }, rates) {
  const { buildTeams, hostTopology } = await import('../../dist/src/index.js');
  const { predictProgram } = await import('../../dist/src/cost/predict.js');
  const { loadGraph } = await import('../../dist/src/session/load.js');
  const { prepare } = await import('../../dist/src/session/prepare.js');
  const { teams } = buildTeams(hostTopology(), topology ? { shape: topology } : { workers });
  const options = { teams, algorithm: 'auto', partition: 'auto', rates };
  const { program, plan } = prepare(loadGraph(`zoo:${name}`), {}, options);
  return predictProgram(program, plan, rates).totalMs;
}

function markdown({ host: machine, results }, settings, workers) {
  const ms = value => value.toFixed(value < 100 ? 1 : 0);
  const times = results.map(({ name, rows }) => [
    name,
    ...rows.map(row => `${ms(row.medianMs)} (${ms(row.bestMs)}) ± ${(100 * row.spread).toFixed(0)} %`),
  ]);
  const gain = ({ network, loop }) => `${network.toFixed(2)}x of ${loop.toFixed(2)}x: ${(network / loop).toFixed(2)}`;
  const gains = results.map(({ name, speedUps }) => [
    name,
    ...speedUps.slice(1).map(({ byMedian, byBest }) => `${gain(byMedian)} (${gain(byBest)})`),
  ]);
  const predictions = results.map(({ name, rows }) => [
    name,
    ...rows.map(row => `${ms(row.predictedMs)} (${(row.predictedMs / row.bestMs).toFixed(2)})`),
  ]);
  const titles = settings.map(({ title, topology }) => (topology ? title : `${title} workers`));
  const sections = [
    `${hostLine(machine)}; ${machine.stolenSeconds.toFixed(1)} s stolen`,
    `Median (best) ms:\n\n${table(['network', ...titles], times)}`,
  ];
  if (workers.length > 1) {
    const header = workers.slice(1).map(count => `${count} workers`);
    sections.push(
      `Speed-up over ${workers[0]} of the network, of the loop, and their ratio:\n\n${table(['network', ...header], gains)}`,
    );
  }
  sections.push(`Predicted ms (by the best measured):\n\n${table(['network', ...titles], predictions)}`);
  const pair = ['1x1x2', '2x1x1'].map(shape => settings.findIndex(({ topology }) => topology === shape));
  if (pair.every(at => at >= 0)) {
    const prices = results.map(({ name, rows }) => {
      const price = field => (rows[pair[1]][field] / rows[pair[0]][field]).toFixed(2);
      return [name, `${price('medianMs')} (${price('bestMs')})`];
    });
    sections.push(`The price of the hierarchy, 2x1x1 by 1x1x2:\n\n${table(['network', 'ratio'], prices)}`);
  }
  return sections.join('\n\n');
}
