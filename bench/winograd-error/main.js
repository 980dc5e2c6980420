// How far a layer's result by each form of Winograd's method is from a convolution in float64, and from the direct one in
// float32, on the project's own kernels: 3x3x3, weights uniform around 0, by the number of input channels.
//
//     npm run bench -- --winograd-error [--channels 64,128,256,512] [--module simd] [--json FILE]
//
// Tiles along two or three axes; which of the axes they are changes nothing but the order of the sums.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { axisTiles } from '../../dist/src/kernels/winograd_transforms.js';
import { host, hostLine } from '../host.js';
import { layerGraph } from '../kernels/layer_graph.js';
import { methodName } from '../kernels/methods.js';
import { feedsOf, layerProgram, openLayer } from '../kernels/run_layer.js';
import { parseShapes } from '../kernels/shapes.js';
import { table } from '../stats.js';
import { convolveDirectly, errorOf } from './direct.js';

const options = {
  channels: { type: 'string', default: '64,128,256,512' },
  module: { type: 'string' },
  json: { type: 'string' },
};

const sizes = [8, 12, 12];
const outC = 16;
const forms = [
  null,
  [0, 2, 2],
  [2, 2, 2],
  [0, 2, 4],
  [2, 2, 4],
  [0, 4, 4],
  [2, 4, 4],
  [4, 4, 4],
  [0, 5, 5],
  [2, 5, 5],
  [4, 5, 5],
];
const byTile = { 0: axisTiles.none, 2: axisTiles.f23, 4: axisTiles.f43, 5: axisTiles.f53 };
const methodOf = tiles => ({
  kernel: 'f32_conv_gemm',
  winograd: tiles && { axes: tiles.map(tile => byTile[tile]), strides: [1, 1, 1] },
  planarTiles: null,
});
const nameOf = tiles => (tiles ? methodName(methodOf(tiles)) : 'direct');

/** What layers read: the first one whatever it is given, those behind a ReLU no negative values. */
const inputs = {
  'uniform in [-1, 1)': value => value,
  'the same behind a ReLU': value => Math.max(0, value),
};

export async function main(args) {
  const { values } = parseArgs({ args, options });
  const { buildTeams, hostTopology } = await import('../../dist/src/index.js');
  const { startRuntime } = await import('../../dist/src/runtime/index.js');
  const { teams } = buildTeams(hostTopology(), { workers: 1 });
  const given = values.module ? { module: values.module } : {};
  const runtime = await startRuntime({ teams, onWarning: message => process.stderr.write(`${message}\n`), ...given });
  const channels = values.channels.split(',').map(Number);
  const rows = [];
  for (const inC of channels) {
    for (const input of Object.keys(inputs)) {
      process.stderr.write(`${inC} channels, ${input} ...\n`);
      rows.push(...(await errorsOf(runtime, teams, inC, input)));
    }
  }
  await runtime.close();
  const report = { host: host(), module: runtime.module, sizes, outC, rows };
  console.log(`${hostLine(report.host)}; module ${runtime.module}\n`);
  console.log(markdown(rows, channels));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** The errors of every form on one layer. */
async function errorsOf(runtime, teams, inC, input) {
  const { readFloats } = await import('../../dist/src/graph/constant.js');
  const [layer] = parseShapes(`layer conv x=1x${inC}x${sizes.join('x')} out=${outC} kernel=3x3x3 pad=1x1x1`);
  const graph = layerGraph(layer);
  const w = readFloats(graph.constants.get('w'), 0, outC * inC * 27);
  const results = [];
  let wanted;
  for (const tiles of forms) {
    const layerCode = layerProgram(graph, teams, { convMethod: methodOf(tiles) });
    const feeds = feedsOf(layerCode.program).map(data => data.map(inputs[input]));
    wanted ??= convolveDirectly(feeds[0], w, { inC, outC, sizes });
    const opened = await openLayer(runtime, layerCode, feeds);
    results.push((await opened.outputs())[0]);
    await opened.close();
  }
  return forms.map((tiles, i) => ({
    ...{ form: nameOf(tiles), inC, input },
    ...errorOf(results[i], wanted),
    fromDirect: errorOf(results[i], results[0]).max,
  }));
}

function markdown(rows, channels) {
  const columns = {
    rms: 'rms error by the rms of the result',
    max: 'largest error by the largest result',
    fromDirect: 'largest difference from direct convolution in float32, by its largest result',
  };
  const sections = Object.keys(inputs).flatMap(input =>
    Object.entries(columns).map(([column, title]) => {
      const cells = forms.map(nameOf).map(form => [
        form,
        ...channels.map(inC => {
          const row = rows.find(each => each.form === form && each.inC === inC && each.input === input);
          return row[column] === 0 ? '0' : row[column].toExponential(1);
        }),
      ]);
      return `Input ${input}; ${title}:\n\n${table(['', ...channels.map(inC => `${inC} channels`)], cells)}`;
    }),
  );
  return sections.join('\n\n');
}
