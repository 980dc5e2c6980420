// What a vector of Winograd's transforms takes, on one core and the relaxed module, by the size of the chunk of tiles that it belongs
// to and by how many groups of channels are transformed together: what decided both (src/lower/winograd_steps.ts).
//
//     npm run bench -- --transforms [--channels 128] [--json FILE]
//
// Run `npm run build` first.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { encode } from '../../dist/src/kernels/descriptor.js';
import { noPool } from '../../dist/src/kernels/fields.js';
import { gridFields, tilesOver } from '../../dist/src/kernels/winograd_grid.js';
import { winogradInput } from '../../dist/src/kernels/winograd_input.js';
import { winogradOutput } from '../../dist/src/kernels/winograd_output.js';
import { axisTiles } from '../../dist/src/kernels/winograd_transforms.js';
import { buildBenchModule, useHostTiles } from '../bench_module.js';
import { host, hostLine } from '../host.js';
import { table } from '../stats.js';

const options = { channels: { type: 'string', default: '128' }, json: { type: 'string' } };

const size = [16, 56, 56];
const points = 6 ** 3;
const runs = 15;
const roundUp = (value, multiple) => Math.ceil(value / multiple) * multiple;

export function main(args) {
  const { values } = parseArgs({ args, options });
  const channels = Number(values.channels);
  const memory = new WebAssembly.Memory({ initial: 8192, maximum: 65536, shared: true });
  const kernels = new WebAssembly.Instance(buildBenchModule(), { env: { memory } }).exports;
  useHostTiles(kernels);
  new Float32Array(memory.buffer).fill(1e-3, 16384);
  const groupCounts = [1, 2, 4, 8, 16].filter(count => 16 * count <= channels);
  const measured = [12, 24, 48, 96, 192].flatMap(rows =>
    groupCounts.map(unitGroups => ({ rows, unitGroups, ...measure(kernels, memory, { channels, rows, unitGroups }) })),
  );
  console.log(`${hostLine(host())}\n`);
  console.log(`F(4x4x4), ${channels} channels: nanoseconds for a vector of the input's, of the output's transform\n`);
  const header = ['rows', 'MiB', ...groupCounts.map(count => `${count} groups`)];
  const rows = [...new Set(measured.map(each => each.rows))].map(count => {
    const own = measured.filter(each => each.rows === count);
    const cells = own.map(({ inputNs, outputNs }) => `${inputNs.toFixed(2)}, ${outputNs.toFixed(2)}`);
    return [count, (own[0].bytes / 2 ** 20).toFixed(1), ...cells];
  });
  console.log(table(header, rows));
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ host: host(), channels, measured }, null, 2)}\n`);
}

/** Least time per vector of both transforms of one chunk. */
function measure(kernels, memory, { channels, rows, unitGroups }) {
  const axes = size.map(along => ({ ...axisTiles.f43, tiles: tilesOver(along, axisTiles.f43, 1), dil: 1, pad: 1 }));
  const pointStride = roundUp(rows * channels, 32) + 16;
  const [descriptorPtr, scratchPtr, biasPtr, plainPtr] = [65536, 131072, 2 ** 20, 2 ** 21];
  const transformedPtr = roundUp(plainPtr + 4 * channels * size[0] * size[1] * size[2], 65536);
  const shared = { ...gridFields(axes), firstRow: 0, rows, pointStride, unitRows: 4, unitGroups };
  const sizes = prefix => ({ [`${prefix}D`]: size[0], [`${prefix}H`]: size[1], [`${prefix}W`]: size[2] });
  const input = { xPtr: plainPtr, yPtr: transformedPtr, ...sizes('in'), inC: channels, rowPitch: rows };
  const output = { xPtr: transformedPtr, yPtr: plainPtr, ...sizes('out'), outC: channels, rowPitch: rows, biasPtr };
  const vectors = (rows * points * channels) / 4;
  const nsOf = (kernel, fields) => {
    const d = { ...shared, ...fields };
    new Int32Array(memory.buffer).set(encode(kernel.fields, d), descriptorPtr / 4);
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < runs; run++) {
      const start = performance.now();
      kernels[kernel.name](descriptorPtr, 0, kernel.units(d), scratchPtr);
      best = Math.min(best, performance.now() - start);
    }
    return (1e6 * best) / vectors;
  };
  const finish = { residualPtr: 0, activation: 1, alpha: 0, beta: 0, ...noPool };
  return {
    bytes: 4 * points * pointStride,
    inputNs: nsOf(winogradInput, input),
    outputNs: nsOf(winogradOutput, { ...output, ...finish }),
  };
}
