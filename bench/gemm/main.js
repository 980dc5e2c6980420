// How near the matrix kernels come to the machine, on one core and the relaxed module: the register tiles alone (operands in L1;
// packed; rows in place by a table, A broadcast from memory or its lanes splat; rows in place by a stride) against chains of
// multiply-adds that touch no memory, in one module and one run, and C3D's layers as a whole.
//
//     npm run bench -- --gemm [--json]
//
// The bar: the packed tile, in its faster form, reaches 80 % of the chains; the exit status says whether it did. Run `npm run build` first.
import { convGemm, convGemmBlocks } from '../../dist/src/kernels/conv_gemm.js';
import { encode } from '../../dist/src/kernels/descriptor.js';
import { noPool } from '../../dist/src/kernels/fields.js';
import { tileBits, tiledKernels } from '../../dist/src/kernels/tiles.js';
import { buildBenchModule, flopPerChainStep } from '../bench_module.js';
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

/** The job in both forms of its tile. */
const inBothForms = (kernels, job) =>
  [[], tiledKernels].map(laneTiles => () => {
    kernels.use_tiles(laneTileBits(laneTiles));
    job();
  });

/** GFLOP/s of all of them; each run is about a millisecond, so that some of them go undisturbed on a machine that others use. */
function measureTiles({ kernels, f32, i32 }) {
  const depth = 256;
  const repeats = 2000;
  const steps = 500_000;
  const take = allocator();
  const [tilePtr, aPtr, bPtr, yPtr, chainsPtr] = [take(16), take(6 * depth), take(8 * depth), take(48), take(64)];
  // Rows of groups of sixteen channels, as f32_winograd_products reads them.
  const [rowsPtr, runPtr, productsPtr] = [take(mostRows * depth), take(depth + 1), take(16 * mostRows)];
  f32.fill(1e-3, rowsPtr / 4, runPtr / 4);
  // A run of k: the bytes of their rows of B, and where each lies.
  i32[runPtr / 4] = 32 * depth;
  for (let k = 0; k < depth; k++) i32[runPtr / 4 + 1 + k] = 64 * mostRows * (k >> 4) + 4 * (k & 15);
  const [stridedPtr, startPtr, sumsPtr] = [take(16), take(8), take(8 * mostRows)];
  f32.fill(1e-3, aPtr / 4, yPtr / 4);
  f32.fill(1e-3, chainsPtr / 4, chainsPtr / 4 + 8);
  // The fields of Tile (assembly/gemm_tile.ts): start and its stride, y and its stride, floor.
  i32.set([yPtr, 32, yPtr, 32], tilePtr / 4);
  f32[tilePtr / 4 + 4] = Number.NEGATIVE_INFINITY;
  // The fields of StridedTile (assembly/strided_tile.ts): start, y and its stride, residual and its stride, floor.
  f32.fill(0, startPtr / 4, startPtr / 4 + 8);
  i32.set([startPtr, sumsPtr, 32, startPtr, 0], stridedPtr / 4);
  f32[stridedPtr / 4 + 5] = Number.NEGATIVE_INFINITY;
  const packed = () => kernels.bench_tile(tilePtr, aPtr, bPtr, depth, repeats);
  const byTable = rows => () => kernels.bench_table_tile(rows, rowsPtr, runPtr, bPtr, productsPtr, repeats);
  const byStride = rows => () => kernels.bench_strided_tile(rows, stridedPtr, rowsPtr, 4 * depth, bPtr, depth, repeats);
  const inTwoForms = [packed, ...heights.map(byTable)].flatMap(job => inBothForms(kernels, job));
  const [chainsMs, ...tileMs] = leastMs(
    [() => kernels.bench_chains(chainsPtr, steps), ...inTwoForms, ...heights.map(byStride)],
    300,
  );
  kernels.use_tiles(0);
  const tiles = [
    { kernel: 'f32_conv_gemm', rows: 6 },
    ...heights.map(rows => ({ kernel: 'f32_winograd_products', rows })),
  ];
  return {
    chains: gflops(steps * flopPerChainStep, chainsMs),
    tiles: tiles.map(({ kernel, rows }, i) => {
      const [broadcast, lanes] = tileMs.slice(2 * i).map(ms => gflops(repeats * depth * flopPerRowStep * rows, ms));
      return { kernel, rows, broadcast, lanes };
    }),
    strided: heights.map((rows, i) => {
      const ms = tileMs[inTwoForms.length + i];
      return { kernel: 'f32_conv_pointwise', rows, broadcast: gflops(repeats * depth * flopPerRowStep * rows, ms) };
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
  const machine = instantiate();
  const { tiles, strided, chains } = measureTiles(machine);
  const [packed] = tiles;
  const ratio = Math.max(packed.broadcast, packed.lanes) / chains;
  const measured = layers.map(layer => measureLayer(machine, layer));
  if (args.includes('--json'))
    console.log(JSON.stringify({ host: host(), tiles, strided, chains, ratio, bar, layers: measured }, null, 2));
  else {
    console.log(hostLine(host()));
    for (const { kernel, rows, broadcast, lanes } of [...tiles, ...strided]) {
      const other = lanes ? `, ${lanes.toFixed(1)} splatting lanes` : '';
      console.log(`${kernel}, tile ${rows}x8 in L1: ${broadcast.toFixed(1)} GFLOP/s broadcasting${other}`);
    }
    console.log(`12 chains of multiply-adds in registers: ${chains.toFixed(1)} GFLOP/s`);
    console.log(`ratio: ${(100 * ratio).toFixed(0)} % (bar: ${100 * bar} %)`);
    for (const { name, ms, gflops: rate } of measured) {
      console.log(`${name}: ${ms.toFixed(1)} ms, ${rate.toFixed(1)} GFLOP/s`);
    }
  }
  process.exitCode = ratio >= bar ? 0 : 1;
}
