// The products of Winograd's method, on one core and the relaxed module, weights from memory: by the depth of a block of channels, and by
// whether a tile's rows stay in L1 while panels pass or come from L2 for each. What decided both (assembly/winograd_products.ts,
// src/kernels/winograd_weights.ts).
//
//     npm run bench -- --products [--json FILE]
//
// Run `npm run build` first.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { encode } from '../../dist/src/kernels/descriptor.js';
import { winogradProducts } from '../../dist/src/kernels/winograd_products.js';
import { buildBenchModule, useHostTiles } from '../bench_module.js';
import { host, hostLine } from '../host.js';
import { table } from '../stats.js';

/** Channels in and out, and tiles, as layers of C3D and 3D-ResNet34 have them. */
const layers = [
  { channels: 512, outputs: 512, rows: 16 },
  { channels: 512, outputs: 512, rows: 49 },
  { channels: 256, outputs: 256, rows: 98 },
  { channels: 128, outputs: 256, rows: 98 },
];
const depths = [64, 128, 256, 512];
/** Weights of so many bytes pass before any are met again: more than a cache holds. */
const weightBytes = 192 * 2 ** 20;
const rounds = 5;

export function main(args) {
  const { values } = parseArgs({ args, options: { json: { type: 'string' } } });
  const memory = new WebAssembly.Memory({ initial: 8192, maximum: 65536, shared: true });
  const kernels = new WebAssembly.Instance(buildBenchModule(), { env: { memory } }).exports;
  useHostTiles(kernels);
  new Float32Array(memory.buffer).fill(1e-3, 16384);
  const measured = layers.map(layer => ({ ...layer, ways: measure(kernels, memory, layer) }));
  console.log(`${hostLine(host())}\n`);
  console.log('GFLOP/s by channels of a block, panels passing a tile together; in parentheses one by one\n');
  const rows = measured.map(({ channels, outputs, rows: tiles, ways }) => [
    `${tiles} x ${channels} x ${outputs}`,
    ...depths.map(depth => {
      const own = ways.filter(way => way.depth === depth);
      return own.length === 0 ? '' : `${own[0].gflops.toFixed(1)} (${own[1].gflops.toFixed(1)})`;
    }),
  ]);
  console.log(table(['rows x channels x outputs', ...depths.map(String)], rows));
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ host: host(), measured }, null, 2)}\n`);
}

/** GFLOP/s of every way, which take turns. */
function measure(kernels, memory, { channels, outputs, rows }) {
  const points = Math.floor(weightBytes / (4 * channels * outputs));
  const pitch = Math.ceil(rows / 4) * 4;
  const [descriptorPtr, scratchPtr, wPtr] = [65536, 131072, 2 ** 20];
  const xPtr = wPtr + weightBytes;
  const yPtr = xPtr + 4 * pitch * channels;
  // All points share one x and one y, so that nothing but the weights comes from memory.
  const shared = { xPtr, wPtr, yPtr, points, channels, taps: 1, tapRows: 0, rows };
  const places = { xRowPitch: pitch, xPointStride: 0, panels: outputs / 8, yRowPitch: pitch, yPointStride: 0 };
  const ways = depths
    .filter(depth => depth <= channels)
    .flatMap(depth => [outputs / 8, 1].map(unitPanels => ({ depth, unitPanels, ms: Number.POSITIVE_INFINITY })));
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) {
      const d = { ...shared, ...places, blockChannels: way.depth, unitPanels: way.unitPanels };
      new Int32Array(memory.buffer).set(encode(winogradProducts.fields, d), descriptorPtr / 4);
      const start = performance.now();
      kernels.f32_winograd_products(descriptorPtr, 0, winogradProducts.units(d), scratchPtr);
      way.ms = Math.min(way.ms, performance.now() - start);
    }
  }
  return ways.map(way => ({ ...way, gflops: (2 * points * rows * channels * outputs) / way.ms / 1e6 }));
}
