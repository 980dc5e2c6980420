// Every layer of real networks alone, on one core: how fast its kernel is, and whether the way that is chosen is the fastest.
//
//     npm run bench -- --kernels [--networks c3d,...] [--filter conv3] [--shapes FILE] [--exact]
//         [--module simd] [--workers 1] [--runs 7] [--ways] [--json FILE]
//     npm run bench -- --kernels --extract model.onnx --shape input=1,1,96,96,96
//
// The second form prints a model's layers as a shapes file. The chosen way may lose by no more than the spread of both; the exit
// status says whether one has lost by more. Run `npm run build` first.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { coreToCoreNs } from '../core_to_core/distance.js';
import { host, hostLine, stealSeconds } from '../host.js';
import { cpusFor } from '../peers/child.js';
import { extractLayers } from './extract.js';
import { layerGraph, layerWork } from './layer_graph.js';
import { createLimits } from './limits.js';
import { race, verdict, waysOf } from './race.js';
import { markdown } from './report.js';
import { formatLayer, parseShapes } from './shapes.js';

const folder = fileURLToPath(new URL('shapes', import.meta.url));

const options = {
  networks: { type: 'string', default: '' },
  shapes: { type: 'string', multiple: true, default: [] },
  filter: { type: 'string', default: '' },
  workers: { type: 'string', default: '1' },
  module: { type: 'string' },
  exact: { type: 'boolean', default: false },
  runs: { type: 'string', default: '7' },
  ways: { type: 'boolean', default: false },
  extract: { type: 'string' },
  shape: { type: 'string' },
  json: { type: 'string' },
};

export async function main(args) {
  const { values } = parseArgs({ args, options });
  if (values.extract) return extract(values.extract, values.shape);
  const before = stealSeconds();
  const startLoad = host().load;
  const workers = Number(values.workers);
  const [first, second] = workers > 1 ? await cpusFor(2) : [];
  const startNs = second === undefined ? 0 : await coreToCoreNs(first, second);
  const limits = createLimits();
  limits.measure(20);
  const runtime = await start(workers, values.module);
  const known = new Map();
  const networks = [];
  for (const file of filesOf(values)) {
    const layers = [];
    for (const layer of parseShapes(readFileSync(file, 'utf8'), file)) {
      if (!layer.name.includes(values.filter)) continue;
      process.stderr.write(`${basename(file, '.txt')} ${layer.name} ...\n`);
      limits.measure(3);
      const key = formatLayer({ ...layer, name: '', times: 1 });
      if (!known.has(key)) known.set(key, await measure(runtime, layer, values));
      layers.push({ layer, ...known.get(key) });
    }
    if (layers.length > 0) networks.push({ name: basename(file, '.txt'), layers });
  }
  await runtime.close();
  const distancesNs =
    second === undefined ? [] : [startNs, await coreToCoreNs(first, second)].filter(ns => ns !== null);
  const machine = { ...host(), distancesNs, loadBefore: startLoad, stolenSeconds: stealSeconds() - before };
  const report = {
    host: machine,
    module: runtime.module,
    exact: values.exact,
    workers,
    limits: limits.limits,
    networks,
  };
  console.log(
    `${hostLine(machine)}; ${machine.stolenSeconds.toFixed(1)} s stolen; module ${runtime.module}${values.exact ? ', exact' : ''}` +
      `${distancesNs.length > 0 ? `; core to core ${distancesNs.map(ns => ns.toFixed(0)).join(' and ')} ns` : ''}\n`,
  );
  console.log(markdown(report, values.ways));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (networks.some(({ layers }) => layers.some(layer => layer.verdict.lost))) process.exitCode = 1;
}

/** The files of the networks that are named; of all, and only of given files where there are any. */
function filesOf({ networks, shapes }) {
  const names = networks.split(',').filter(name => name !== '');
  const all = readdirSync(folder).map(file => basename(file, '.txt'));
  const own = names.length === 0 && shapes.length === 0 ? all : names;
  return [...own.map(name => `${folder}/${name}.txt`), ...shapes];
}

async function start(workers, module) {
  const { buildTeams, hostTopology } = await import('../../dist/src/index.js');
  const { startRuntime } = await import('../../dist/src/runtime/index.js');
  const { teams } = buildTeams(hostTopology(), { workers });
  const onWarning = message => process.stderr.write(`${message}\n`);
  const runtime = await startRuntime({ teams, onWarning, ...(module ? { module } : {}) });
  return Object.assign(runtime, { teams });
}

async function measure(runtime, layer, { exact, runs }) {
  const graph = layerGraph(layer);
  const rows = await race(runtime, waysOf(layer, graph, runtime.teams, exact), Number(runs));
  return { ...layerWork(graph), rows, verdict: verdict(rows) };
}

/** Prints the layers of a model; the sizes of its first input are given where it leaves them open. */
async function extract(source, shape) {
  const { loadGraph } = await import('../../dist/src/session/load.js');
  const { optimizeFor } = await import('../../dist/src/session/prepare.js');
  const [input, sizes] = shape?.split('=') ?? [];
  const graph = optimizeFor(loadGraph(source), shape ? { [input]: sizes.split(',').map(Number) } : {});
  for (const layer of extractLayers(graph)) console.log(formatLayer(layer));
}
