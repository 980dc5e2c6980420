// numavox against onnxruntime-web and onnxruntime-node on the same ONNX files: each engine in its own process, runs
// alternating, outputs compared in the same run. A row whose outputs differ by more than the tolerance is void.
import { execFileSync, fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { host, hostLine, stealSeconds } from '../host.js';
import { best, median, spread, table } from '../stats.js';

const bench = fileURLToPath(new URL('..', import.meta.url));
const zoo = ['c3d', 'resnet34', 'resnet50', 'vgg11', 'p3d'];

const options = {
  networks: { type: 'string', default: zoo.join(',') },
  engines: { type: 'string', default: 'numavox,onnxruntime-web,onnxruntime-node' },
  model: { type: 'string' },
  shape: { type: 'string' },
  threads: { type: 'string', default: '2' },
  runs: { type: 'string', default: '5' },
  algorithm: { type: 'string', default: 'auto' },
  json: { type: 'string' },
};

export async function main(args) {
  const { values } = parseArgs({ args, options });
  installPeers();
  const engines = values.engines.split(',');
  const tolerance = values.algorithm === 'auto' ? 1e-3 : 1e-4;
  const before = stealSeconds();
  const results = [];
  for (const model of await models(values)) {
    process.stderr.write(`${model.name} ...\n`);
    results.push(await compare(model, engines, { ...values, runs: Number(values.runs), tolerance }));
  }
  const report = {
    host: { ...host(), stolenSeconds: stealSeconds() - before },
    threads: Number(values.threads),
    results,
  };
  console.log(markdown(report, engines));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (results.some(result => result.void)) process.exitCode = 1;
}

function installPeers() {
  if (existsSync(join(bench, 'node_modules/onnxruntime-web'))) return;
  process.stderr.write('installing the peers into bench/node_modules ...\n');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: bench, stdio: ['ignore', 2, 2] });
}

/** The files to run: one given by --model, or the zoo at full width, exported once into bench/.cache. */
async function models({ model, shape, networks }) {
  const { exportZoo, inspectModel } = await import('../../dist/src/index.js');
  const describe = (name, path, shapes) => {
    const { inputs, flops } = inspectModel(path, { shapes });
    return { name, path, dims: inputs[0].dims, gflop: flops / 1e9, shapes };
  };
  if (model) {
    const [input, sizes] = shape?.split('=') ?? [];
    const shapes = shape ? { [input]: sizes.split(',').map(Number) } : {};
    return [describe(basename(model), model, shapes)];
  }
  const cache = join(bench, '.cache');
  mkdirSync(cache, { recursive: true });
  return networks.split(',').map(name => {
    const path = join(cache, `${name}.onnx`);
    if (!existsSync(path)) exportZoo(name, {}, path);
    return describe(name, path, {});
  });
}

async function compare({ name, path, dims, gflop, shapes }, engines, { threads, runs, tolerance, algorithm }) {
  const folder = mkdtempSync(join(tmpdir(), 'numavox-bench-'));
  const children = engines.map(engine => start(engine, threads));
  try {
    const rows = [];
    for (const child of children) {
      const load = { path, dims, options: { shapes, algorithm } };
      const { createMs } = await child.ask({ command: 'load', ...load });
      const outputTo = join(folder, child.engine);
      await child.ask({ command: 'run', outputTo });
      rows.push({ engine: child.engine, createMs, timesMs: [], output: readFloats(outputTo) });
    }
    for (let run = 0; run < runs; run++) {
      for (const [i, child] of children.entries()) {
        await quiet();
        rows[i].timesMs.push((await child.ask({ command: 'run' })).ms);
      }
    }
    for (const [i, child] of children.entries()) rows[i].peakMB = (await child.ask({ command: 'stop' })).peakMB;
    return summary({ name, gflop, rows, tolerance });
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Time for the last engine's threads to stop spinning. */
const quiet = () => new Promise(resolve => setTimeout(resolve, 200));

function start(engine, threads) {
  const child = fork(join(bench, 'peers/engine.js'), [engine, threads], { stdio: ['ignore', 2, 2, 'ipc'] });
  const ask = message =>
    new Promise((resolve, reject) => {
      const ended = code => reject(new Error(`${engine} ended with exit code ${code}`));
      child.once('exit', ended);
      child.once('message', ({ result, error }) => {
        child.off('exit', ended);
        if (error) reject(new Error(`${engine}: ${error}`));
        else resolve(result);
      });
      child.send(message);
    });
  return { engine, ask, kill: () => child.kill() };
}

const readFloats = path => {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
};

/** Best, median and ratio per engine; the first engine's output is compared with every other's. */
function summary({ name, gflop, rows, tolerance }) {
  const [ours, ...peers] = rows;
  let error = 0;
  for (const { output } of peers) {
    let largest = 0;
    let difference = output.length === ours.output.length ? 0 : Number.POSITIVE_INFINITY;
    for (let i = 0; i < output.length; i++) {
      largest = Math.max(largest, Math.abs(output[i]));
      difference = Math.max(difference, Math.abs(output[i] - ours.output[i]));
    }
    error = Math.max(error, difference / largest);
  }
  const engines = rows.map(({ engine, createMs, peakMB, timesMs }) => ({
    engine,
    createMs,
    peakMB,
    timesMs,
    bestMs: best(timesMs),
    medianMs: median(timesMs),
    spread: spread(timesMs),
    timesFaster: median(timesMs) / median(ours.timesMs),
  }));
  return { name, gflop, error, void: !(error <= tolerance), engines };
}

function markdown({ host: machine, threads, results }, engines) {
  const peers = engines.slice(1);
  const header = [
    'network',
    'GFLOP',
    ...engines.map(name => `${name} median (best) ms`),
    ...peers.map(name => `faster than ${name}`),
    'largest difference',
  ];
  const rows = results.map(({ name, gflop, error, void: isVoid, engines: all }) => [
    name,
    gflop.toFixed(1),
    ...all.map(({ medianMs, bestMs }) => `${medianMs.toFixed(0)} (${bestMs.toFixed(0)})`),
    ...all
      .slice(1)
      .map(({ timesFaster, spread: part }) =>
        isVoid ? 'void' : `${timesFaster.toFixed(2)}x ± ${(100 * part).toFixed(0)} %`,
      ),
    error.toExponential(1),
  ]);
  const costs = results.map(({ name, engines: all }) => [
    name,
    ...all.map(({ createMs }) => createMs.toFixed(0)),
    ...all.map(({ peakMB }) => peakMB.toFixed(0)),
  ]);
  const costHeader = [
    'network',
    ...engines.map(name => `${name} create ms`),
    ...engines.map(name => `${name} peak MB`),
  ];
  return [
    `${hostLine(machine)}; ${threads} threads; ${machine.stolenSeconds.toFixed(1)} s stolen`,
    '',
    table(header, rows),
    '',
    table(costHeader, costs),
  ].join('\n');
}
