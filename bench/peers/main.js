// numavox against onnxruntime-web and onnxruntime-node on the same ONNX files: each engine in a process of its own, on the same
// CPUs with as many threads, runs alternating, outputs compared in the same run. A row whose outputs differ too much is void.
//
//     npm run bench -- --peers [--networks c3d,...] [--model FILE [--shape input=1,1,96,96,96]]... [--threads 2] [--runs 5]
//         [--engines numavox,numavox:exact,onnxruntime-web,onnxruntime-node] [--algorithm exact] [--node PATH]
//         [--json FILE] [--markdown FILE]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { coreToCoreNs } from '../core_to_core/distance.js';
import { host, stealSeconds } from '../host.js';
import { modelName, parseBenchArgs } from '../models.js';
import { cpusFor, startEngine } from './child.js';
import { parseEngine } from './engines.js';
import { markdown } from './report.js';
import { summarize } from './summary.js';

const bench = fileURLToPath(new URL('..', import.meta.url));
const zoo = ['c3d', 'resnet34', 'resnet50', 'vgg11', 'p3d'];

const options = {
  networks: { type: 'string' },
  engines: { type: 'string', default: 'numavox,onnxruntime-web,onnxruntime-node' },
  threads: { type: 'string', default: '2' },
  runs: { type: 'string', default: '5' },
  algorithm: { type: 'string', default: 'auto' },
  node: { type: 'string', default: process.execPath },
  json: { type: 'string' },
  markdown: { type: 'string' },
};

export async function main(args) {
  const { values, models: given } = parseBenchArgs(args, options);
  installPeers();
  const engines = values.engines.split(',').map(name => parseEngine(name, values.algorithm));
  const threads = Number(values.threads);
  const runs = Number(values.runs);
  const cpus = await cpusFor(threads);
  const before = host();
  const results = [];
  for (const model of await models(given, values.networks ?? (given.length > 0 ? '' : zoo.join(',')))) {
    process.stderr.write(`${model.name} ...\n`);
    try {
      results.push(await compare(model, engines, { threads, cpus, runs, node: values.node }));
    } catch (error) {
      // The others may still be compared.
      process.stderr.write(`${model.name}: ${error.message}\n`);
      process.exitCode = 1;
    }
  }
  if (results.length === 0) return;
  // The engines' own Node is what counts: it may be another one than this.
  const { node, v8 } = results[0].engines[0];
  const machine = { ...before, node, v8, loadAfter: host().load, stealSecondsAfter: stealSeconds() };
  const report = { host: machine, threads, cpus, runs, results };
  const text = markdown(report);
  console.log(text);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.markdown) writeFileSync(values.markdown, `${text}\n`);
  if (results.some(({ comparisons }) => comparisons.some(comparison => comparison.void))) process.exitCode = 1;
}

function installPeers() {
  if (existsSync(join(bench, 'node_modules/onnxruntime-web'))) return;
  process.stderr.write('installing the peers into bench/node_modules ...\n');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: bench, stdio: ['ignore', 2, 2] });
}

/** The zoo's networks at full width, exported once into bench/.cache, and the given files. */
async function models(given, networks) {
  const { exportZoo, inspectModel } = await import('../../dist/src/index.js');
  const cache = join(bench, '.cache');
  mkdirSync(cache, { recursive: true });
  const exported = networks
    .split(',')
    .filter(Boolean)
    .map(name => {
      const path = join(cache, `${name}.onnx`);
      if (!existsSync(path)) exportZoo(name, {}, path);
      return { source: path, shapes: {} };
    });
  return [...exported, ...given].map(model => {
    const { inputs, flops } = inspectModel(model.source, { shapes: model.shapes });
    return {
      ...model,
      name: modelName(model),
      inputs: inputs.map(({ name, dims }) => ({ name, dims })),
      gflop: flops / 1e9,
    };
  });
}

async function compare({ name, source, inputs, gflop, shapes }, engines, { runs, ...place }) {
  const [first, second] = place.cpus;
  const distancesNs = [];
  const folder = mkdtempSync(join(tmpdir(), 'numavox-bench-'));
  const children = engines.map(engine => startEngine(engine, place));
  try {
    const rows = [];
    for (const [i, { ask }] of children.entries()) {
      const loaded = await ask({ command: 'load', path: source, inputs, options: { shapes, ...engines[i].options } });
      const outputTo = join(folder, `${i}`);
      const { sizes } = await ask({ command: 'run', outputTo });
      rows.push({ ...engines[i], ...loaded, timesMs: [], sizes, output: readFloats(outputTo) });
    }
    for (let round = 0; round < runs; round++) {
      if (second !== undefined) distancesNs.push(...known(await coreToCoreNs(first, second)));
      for (let turn = 0; turn < children.length; turn++) {
        const i = (round + turn) % children.length;
        await quiet();
        rows[i].timesMs.push((await children[i].ask({ command: 'run' })).ms);
      }
    }
    for (const [i, { ask }] of children.entries()) Object.assign(rows[i], await ask({ command: 'stop' }));
    return { name, gflop, distancesNs, ...summarize(rows) };
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const known = value => (value === null ? [] : [value]);

/** Time for the last engine's threads to stop spinning. */
const quiet = () => new Promise(resolve => setTimeout(resolve, 200));

const readFloats = path => {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
};
