// What the cost model says a network takes, against what a session takes: the zoo at full width, or model files. Rates
// are the kept ones, or measured first; they come from other shapes than any of these.
import { writeFileSync } from 'node:fs';
import { host, hostLine, stealSeconds } from '../host.js';
import { inputData } from '../input.js';
import { modelName, parseBenchArgs } from '../models.js';
import { best, median, table } from '../stats.js';

const bar = 0.25;
const zoo = ['c3d', 'resnet34', 'resnet50', 'vgg11', 'p3d'];

const options = {
  models: { type: 'string', default: zoo.map(name => `zoo:${name}`).join(',') },
  workers: { type: 'string', default: '1,2' },
  runs: { type: 'string', default: '7' },
  calibrate: { type: 'boolean', default: false },
  kernels: { type: 'boolean', default: false },
  json: { type: 'string' },
};

export async function main(args) {
  const { values, models: given } = parseBenchArgs(args, options);
  const { calibrated } = await import('../../dist/src/index.js');
  const before = stealSeconds();
  const onWarning = message => process.stderr.write(`${message}\n`);
  process.stderr.write('rates ...\n');
  const { rates, measured } = await calibrated({ force: values.calibrate, onWarning });
  const sources = values.models === '' ? [] : values.models.split(',');
  const models = [...sources.map(source => ({ source, shapes: {} })), ...given];
  const rows = [];
  const kernels = [];
  for (const model of models) {
    for (const workers of values.workers.split(',').map(Number)) {
      process.stderr.write(`${model.source}, ${workers} ...\n`);
      rows.push(await compare(model, { workers, rates, runs: Number(values.runs) }));
      if (values.kernels) kernels.push(...(await compareKernels(model, { workers, rates, runs: Number(values.runs) })));
    }
  }
  const report = { host: { ...host(), stolenSeconds: stealSeconds() - before }, rates, measured, bar, rows, kernels };
  console.log(markdown(report));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (rows.some(({ ratio }) => Math.abs(ratio - 1) > bar)) process.exitCode = 1;
}

/** The program of a model for so many workers, and what it should take. */
async function predict({ source, shapes }, { workers, rates }) {
  const { buildTeams, hostTopology } = await import('../../dist/src/index.js');
  const { predictProgram } = await import('../../dist/src/cost/predict.js');
  const { loadGraph } = await import('../../dist/src/session/load.js');
  const { prepare } = await import('../../dist/src/session/prepare.js');
  const { teams } = buildTeams(hostTopology(), { workers });
  const prepared = prepare(loadGraph(source), shapes, { teams, algorithm: 'auto', partition: 'auto', rates });
  return { ...prepared, teams, prediction: predictProgram(prepared.program, prepared.plan, rates) };
}

/** Predicted and measured milliseconds of a whole run; the ratio is that of the best run, as rates are those of best runs. */
async function compare(model, { workers, rates, runs }) {
  const { InferenceSession, Tensor } = await import('../../dist/src/index.js');
  const { prediction, program, flops } = await predict(model, { workers, rates });
  const session = await InferenceSession.create(model.source, { workers, rates, shapes: model.shapes });
  const feeds = Object.fromEntries(
    program.inputs.map(({ name, dims }) => [name, new Tensor('float32', inputData(dims), dims)]),
  );
  const timesMs = [];
  await session.run(feeds);
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    await session.run(feeds);
    timesMs.push(performance.now() - started);
  }
  await session.release();
  return {
    name: modelName(model),
    workers,
    gflop: flops / 1e9,
    predictedMs: prediction.totalMs,
    bestMs: best(timesMs),
    medianMs: median(timesMs),
    ratio: prediction.totalMs / best(timesMs),
    ratioToMedian: prediction.totalMs / median(timesMs),
  };
}

/** The same, kernel by kernel, from the runtime's profile: the least that each step took. */
async function compareKernels(model, { workers, rates, runs }) {
  const { startRuntime } = await import('../../dist/src/runtime/index.js');
  const { prediction, program, plan, teams } = await predict(model, { workers, rates });
  const runtime = await startRuntime({ teams, onWarning: () => {} });
  const loaded = await runtime.load(program, plan.memories);
  const feeds = program.inputs.map(({ dims }) => inputData(dims));
  const leastMs = program.steps.map(() => Number.POSITIVE_INFINITY);
  await runtime.run(loaded, feeds);
  for (let run = 0; run < runs; run++) {
    const onProfile = ({ steps }) => {
      steps.forEach(({ busyMs, waitMs }, i) => {
        leastMs[i] = Math.min(leastMs[i], Math.max(...busyMs.map((busy, rank) => busy + waitMs[rank])));
      });
    };
    await runtime.run(loaded, feeds, { onProfile });
  }
  await runtime.close();
  const sums = new Map();
  prediction.steps.forEach((step, i) => {
    const kernel = step.kernel ?? 'exchange';
    const sum = sums.get(kernel) ?? { predictedMs: 0, leastMs: 0 };
    sum.predictedMs += step.arithmeticMs + step.memoryMs + step.exchangeMs + step.overheadMs;
    sum.leastMs += leastMs[i];
    sums.set(kernel, sum);
  });
  return [...sums].map(([kernel, sum]) => ({ name: modelName(model), workers, kernel, ...sum }));
}

function markdown({ host: machine, rates, measured, rows, kernels }) {
  const header = [
    'network',
    'workers',
    'GFLOP',
    'predicted ms',
    'best ms',
    'median ms',
    'predicted / best',
    'predicted / median',
  ];
  const cells = rows.map(row => [
    row.name,
    row.workers,
    row.gflop.toFixed(1),
    row.predictedMs.toFixed(0),
    row.bestMs.toFixed(0),
    row.medianMs.toFixed(0),
    row.ratio.toFixed(2),
    row.ratioToMedian.toFixed(2),
  ]);
  const kernelCells = kernels.map(({ name, workers, kernel, predictedMs, leastMs }) => [
    name,
    workers,
    kernel,
    predictedMs.toFixed(2),
    leastMs.toFixed(2),
    (predictedMs / leastMs).toFixed(2),
  ]);
  const byKernel = ['network', 'workers', 'kernel', 'predicted ms', 'least ms', 'predicted / least'];
  return [
    `${hostLine(machine)}; ${machine.stolenSeconds.toFixed(1)} s stolen`,
    `rates ${measured ? 'measured now' : 'measured earlier'}: ${rates.gflopsPerWorker.toFixed(1)} GFLOP/s per worker`,
    '',
    table(header, cells),
    ...(kernels.length > 0 ? ['', table(byKernel, kernelCells)] : []),
  ].join('\n');
}
