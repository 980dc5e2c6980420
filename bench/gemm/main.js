// How near the matrix kernels come to the machine, on one core and the relaxed module: the register tiles alone (operands in L1;
// packed; rows in place by a table; rows in place by a stride; each in every form) against chains of multiply-adds
// that touch no memory, in one module and one run, and C3D's layers as a whole.
//
//     npm run bench -- --gemm [--json]
//
// The bar: the packed tile, in its fastest form, reaches 80 % of the chains; the exit status says whether it did. Run `npm run build` first.
import { parseArgs } from 'node:util';
import { convGemm, convGemmBlocks } from '../../dist/src/kernels/conv_gemm.js';
import { encode } from '../../dist/src/kernels/descriptor.js';
import { noPool } from '../../dist/src/kernels/fields.js';
import { otherForms, tileBits } from '../../dist/src/kernels/tiles.js';
import { buildBenchModule, chainsOf, flopPerChainStep, useHostTiles } from '../bench_module.js';
import { host, hostLine } from '../host.js';

const bar = 0.8;
const flopPerRowStep = 2 * 8;
/** Rows of the tiles that read rows in place, and of the block that they read from. */
const heights = [6, 5, 4];
const mostRows = 6;

/** The bench module's exports, and views of its memory. */
function instantiate() {
  const memory = new WebAssembly.Memory({ initial: 8192, maximum: 65536, shared: true });
  const kernels = new WebAssembly.Instance(buildBenchModule(), { env: { memory } }).exports;
  return { kernels, f32: new Float32Array(memory.buffer), i32: new Int32Array(memory.buffer) };
}

/** Hands out memory from the second page on. */
function allocator() {
  let next = 65536;
  return floats => {
    const at = next;
    next = Math.ceil((at + floats * 4) / 64) * 64;
    return at;
  };
}

/** Least milliseconds of each of `jobs`, taken in turn. */
function leastMs(jobs, runs) {
  const best = jobs.map(() => Number.POSITIVE_INFINITY);
  for (let run = 0; run < runs; run++) {
    jobs.forEach((job, i) => {
      const start = performance.now();
      job();
      best[i] = Math.min(best[i], performance.now() - start);
    });
  }
  return best;
}

const gflops = (flop, ms) => flop / ms / 1e6;

/** The forms of a kernel's tile, and how many times eight outputs each one takes. */
const formsOf = kernel => [null, ...otherForms[kernel]];
const panelsOf = form => (form === 'wide' ? 2 : 1);

/** GFLOP/s of all of them; each run is about a millisecond, so that some of them go undisturbed on a machine that others use. */
function measureTiles({ kernels, f32, i32 }) {
  const depth = 256;
  const repeats = 2000;
  const steps = 500_000;
  const take = allocator();
  const [tilePtr, aPtr, bPtr, yPtr, chainsPtr] = [take(16), take(6 * depth), take(16 * depth), take(96), take(128)];
  // Rows of groups of sixteen channels, as f32_winograd_products reads them.
  const [rowsPtr, runPtr, productsPtr] = [take(mostRows * depth), take(depth + 1), take(16 * mostRows)];
  f32.fill(1e-3, rowsPtr / 4, runPtr / 4);
  // A run of k: the bytes of their rows of B, and where each lies.
  i32[runPtr / 4] = 32 * depth;
  for (let k = 0; k < depth; k++) i32[runPtr / 4 + 1 + k] = 64 * mostRows * (k >> 4) + 4 * (k & 15);
  const [stridedPtr, startPtr, sumsPtr] = [take(16), take(16), take(16 * mostRows)];
  f32.fill(1e-3, aPtr / 4, yPtr / 4);
  f32.fill(1e-3, chainsPtr / 4, chainsPtr / 4 + 8);
  // The fields of Tile (assembly/gemm_tile.ts): start and its stride, y and its stride, floor, residual, from panel to panel of B.
  i32.set([yPtr, 64, yPtr, 64, 0, 0, 32 * depth], tilePtr / 4);
  f32[tilePtr / 4 + 4] = Number.NEGATIVE_INFINITY;
  // The fields of StridedTile (assembly/strided_tile.ts): start, y and its stride, residual and its stride, floor, no rows ahead.
  f32.fill(0, startPtr / 4, startPtr / 4 + 16);
  i32.set([startPtr, sumsPtr, 64, startPtr, 0, 0, 0], stridedPtr / 4);
  f32[stridedPtr / 4 + 5] = Number.NEGATIVE_INFINITY;
  const byTable = rows => () => kernels.bench_table_tile(rows, rowsPtr, runPtr, bPtr, productsPtr, repeats);
  const byStride = rows => () => kernels.bench_strided_tile(rows, stridedPtr, rowsPtr, 4 * depth, bPtr, depth, repeats);
  const tiles = [
    { kernel: 'f32_conv_gemm', rows: 6, job: () => kernels.bench_tile(tilePtr, aPtr, bPtr, depth, repeats) },
    ...heights.map(rows => ({ kernel: 'f32_winograd_products', rows, job: byTable(rows) })),
    ...heights.map(rows => ({ kernel: 'f32_conv_pointwise', rows, job: byStride(rows) })),
  ].flatMap(tile => formsOf(tile.kernel).map(form => ({ ...tile, form })));
  const jobs = tiles.map(({ kernel, form, job }) => () => {
    kernels.use_tiles(...tileBits(form ? { [kernel]: form } : {}));
    job();
  });
  const chains = chainsOf(kernels);
  const [chainsMs, ...tileMs] = leastMs([() => chains(chainsPtr, steps), ...jobs], 300);
  useHostTiles(kernels);
  return {
    chains: gflops(steps * flopPerChainStep, chainsMs),
    tiles: tiles.map(({ kernel, rows, form }, i) => {
      const flop = repeats * depth * flopPerRowStep * panelsOf(form) * rows;
      return { kernel, rows, form: form ?? 'broadcast', gflops: gflops(flop, tileMs[i]) };
    }),
  };
}

/** C3D's convolutions but the repeated ones: channels in and out, size in and out. */
const layers = [
  ['conv1a', 3, 64, [16, 112, 112]],
  ['conv2a', 64, 128, [16, 56, 56]],
  ['conv3a', 128, 256, [8, 28, 28]],
  ['conv3b', 256, 256, [8, 28, 28]],
  ['conv4a', 256, 512, [4, 14, 14]],
  ['conv4b', 512, 512, [4, 14, 14]],
  ['conv5b', 512, 512, [2, 7, 7]],
];

function measureLayer({ kernels, f32, i32 }, [name, inC, outC, [depth, height, width]]) {
  const positions = depth * height * width;
  const size = { inD: depth, inH: height, inW: width, outD: depth, outH: height, outW: width };
  const taps = { kD: 3, kH: 3, kW: 3, padD: 1, padH: 1, padW: 1 };
  const units = { strideD: 1, strideH: 1, strideW: 1, dilD: 1, dilH: 1, dilW: 1 };
  const shape = { batch: 1, inC, outC, ...size, ...taps, ...units, groups: 1, ...noPool };
  const take = allocator();
  const operands = { xPtr: take(positions * inC), wPtr: take(27 * inC * outC), biasPtr: take(outC), residualPtr: 0 };
  const yPtr = take(positions * outC);
  f32.fill(1e-3, operands.xPtr / 4, yPtr / 4);
  const d = { ...shape, ...convGemmBlocks(shape), ...operands, yPtr, activation: 1, alpha: 0, beta: 0 };
  const descriptorPtr = take(64);
  const scratchPtr = take(convGemm.scratchBytes(d) / 4);
  i32.set(encode(convGemm.fields, d), descriptorPtr / 4);
  const [ms] = leastMs([() => kernels.f32_conv_gemm(descriptorPtr, 0, convGemm.units(d), scratchPtr)], 5);
  return { name, ms, gflops: gflops(2 * 27 * inC * outC * positions, ms) };
}

export function main(args) {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } });
  const machine = instantiate();
  const { tiles, chains } = measureTiles(machine);
  const packed = tiles.filter(({ kernel }) => kernel === 'f32_conv_gemm');
  const ratio = Math.max(...packed.map(tile => tile.gflops)) / chains;
  const measured = layers.map(layer => measureLayer(machine, layer));
  if (values.json) console.log(JSON.stringify({ host: host(), tiles, chains, ratio, bar, layers: measured }, null, 2));
  else {
    console.log(hostLine(host()));
    for (const { kernel, rows, form, gflops: rate } of tiles) {
      console.log(`${kernel}, tile ${rows}x${8 * panelsOf(form)} in L1, ${form}: ${rate.toFixed(1)} GFLOP/s`);
    }
    console.log(`chains of multiply-adds in registers: ${chains.toFixed(1)} GFLOP/s`);
    console.log(`ratio: ${(100 * ratio).toFixed(0)} % (bar: ${100 * bar} %)`);
    for (const { name, ms, gflops: rate } of measured) {
      console.log(`${name}: ${ms.toFixed(1)} ms, ${rate.toFixed(1)} GFLOP/s`);
    }
  }
  process.exitCode = ratio >= bar ? 0 : 1;
}
