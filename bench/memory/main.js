// GB/s (bytes read + written) of the kernels that are bound by memory, on one core, against memory.copy of the same size.
//
//     npm run bench -- --memory [FILTER]
//
// The simd module: these kernels have no multiply-adds to fuse.
import { readFileSync } from 'node:fs';
import { copyRowBlock } from '../../dist/src/kernels/copy.js';
import { encode } from '../../dist/src/kernels/descriptor.js';
import { affineRowBlock, binaryRowBlock, unaryBlock } from '../../dist/src/kernels/elementwise.js';
import { kernels } from '../../dist/src/kernels/index.js';
import { poolRowBlock } from '../../dist/src/kernels/pool.js';
import { resizeRowBlock } from '../../dist/src/kernels/resize.js';
import { host, hostLine } from '../host.js';

const memory = new WebAssembly.Memory({ initial: 16384, maximum: 65536, shared: true });
const bytes = readFileSync(new URL('../../dist/wasm/simd.wasm', import.meta.url));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
const i32 = new Int32Array(memory.buffer);
const f32 = new Float32Array(memory.buffer);

const MiB = 2 ** 20;
const descriptorPtr = 65536;
const tablePtr = 2 * 65536;
const scratchPtr = 3 * 65536;
const aPtr = 4 * MiB;
const bPtr = 300 * MiB;
const yPtr = 600 * MiB;
for (let i = aPtr / 4; i < yPtr / 4; i++) f32[i] = (i % 1009) / 500 - 1;
// The lower half of a word repeats the upper one: as bfloat16, too, these are ordinary numbers.
for (let i = aPtr / 4; i < yPtr / 4; i++) i32[i] = (i32[i] & 0xffff0000) | (i32[i] >>> 16);

const product = sizes => sizes.reduce((all, size) => all * size, 1);
const six = (prefix, values, unit) =>
  Object.fromEntries([0, 1, 2, 3, 4, 5].map(i => [`${prefix}${i}`, values[i - 6 + values.length] ?? unit]));

function copyRow(title, dims, xStrides, yStrides) {
  const strides = { ...six('dim', dims, 1), ...six('xStride', xStrides, 0), ...six('yStride', yStrides, 0) };
  const rowBlock = copyRowBlock(Object.values(six('dim', dims, 1)));
  return { title, kernel: 'f32_copy', bytes: 8 * product(dims), values: { xPtr: aPtr, yPtr, ...strides, rowBlock } };
}

/** [C, S] to [S, C] and back, as layout changes are. */
const toLast = (c, s) => copyRow(`f32_copy ${c} channels to last`, [s, c], [1, s], [c, 1]);
const toFirst = (c, s) => copyRow(`f32_copy ${c} channels to first`, [c, s], [1, c], [s, 1]);

function poolRow(kernel, c, size, k, stride, pad) {
  const out = size.map((n, i) => Math.floor((n + 2 * pad[i] - k[i]) / stride[i]) + 1);
  const values = {
    xPtr: aPtr,
    yPtr,
    batch: 1,
    ...{ inD: size[0], inH: size[1], inW: size[2], inC: c, outD: out[0], outH: out[1], outW: out[2], outC: c },
    ...{ kD: k[0], kH: k[1], kW: k[2], strideD: stride[0], strideH: stride[1], strideW: stride[2] },
    ...{ dilD: 1, dilH: 1, dilW: 1, padD: pad[0], padH: pad[1], padW: pad[2] },
    ...{ padEndD: pad[0], padEndH: pad[1], padEndW: pad[2], countIncludePad: 0 },
  };
  const mBlock = poolRowBlock(values);
  const title = `${kernel} ${c} channels ${size.join('x')}, window ${k.join('x')}`;
  return { title, kernel, bytes: 4 * c * (product(size) + product(out)), values: { ...values, mBlock } };
}

const none = { activation: 0, alpha: 0, beta: 0 };
const relu = { activation: 1, alpha: 0, beta: 0 };

function binaryRow(kernel, title, dims, bStrides, fused) {
  const aStrides = dims.map((_, i) => product(dims.slice(i + 1)));
  const values = { aPtr, bPtr, yPtr, ...six('dim', dims, 1), ...six('aStride', aStrides, 0), ...fused };
  const rowBlock = binaryRowBlock(Object.values(six('dim', dims, 1)));
  const bytes = 4 * product(dims) * (bStrides.at(-1) === 1 && bStrides.at(-2) !== 0 ? 3 : 2);
  return {
    title: `${kernel} ${title}`,
    kernel,
    bytes,
    values: { ...values, ...six('bStride', bStrides, 0), rowBlock },
  };
}

function unaryRow(title, activation, alpha = 0) {
  const count = 16 * MiB;
  const values = { xPtr: aPtr, yPtr, count, activation, alpha, beta: 1, block: unaryBlock(count) };
  return { title: `f32_unary ${title}`, kernel: 'f32_unary', bytes: 8 * count, values };
}

const middle = (kernel, outer, count, inner, touched) => ({
  title: `${kernel} [${outer}, ${count}, ${inner}]`,
  kernel,
  bytes: 4 * outer * inner * touched,
  values: { xPtr: aPtr, yPtr, outer, count, inner },
});

/** Bytes are those of the weights. */
const gemvRow = (kernel, bytesPerWeight, rows, k, n) => ({
  title: `${kernel} ${rows} x ${k} x ${n}`,
  kernel,
  bytes: bytesPerWeight * k * n,
  values: { xPtr: bPtr, yPtr, wPtr: aPtr, biasPtr: 0, rows, k, n, ...relu },
});

/** Doubles every axis, half_pixel. */
function resizeRow(c, size) {
  const table = [];
  const pointers = size.map(n => {
    const at = tablePtr + 4 * table.length;
    for (let i = 0; i < 2 * n; i++) {
      const x = Math.max(0, (i + 0.5) / 2 - 0.5);
      table.push(Math.floor(x), Math.min(Math.floor(x) + 1, n - 1), x - Math.floor(x));
    }
    return at;
  });
  table.forEach((value, i) => {
    if (i % 3 === 2) f32[tablePtr / 4 + i] = value;
    else i32[tablePtr / 4 + i] = value;
  });
  const [outD, outH, outW] = size.map(n => 2 * n);
  const shape = { batch: 1, inD: size[0], inH: size[1], inW: size[2], inC: c, outD, outH, outW, outC: c };
  const tables = { tableDPtr: pointers[0], tableHPtr: pointers[1], tableWPtr: pointers[2] };
  return {
    title: `f32_resize ${c} channels, trilinear x2`,
    kernel: 'f32_resize',
    bytes: 4 * c * product(size) * 9,
    values: { xPtr: aPtr, yPtr, ...shape, ...tables, mBlock: resizeRowBlock(shape) },
  };
}

const rows = [
  copyRow('f32_copy dense', [1024, 16384], [16384, 1], [16384, 1]),
  copyRow('f32_copy rows of 32', [524288, 32], [33, 1], [32, 1]),
  copyRow('f32_copy every second', [1024, 8192], [16384, 2], [8192, 1]),
  ...[3, 16, 64, 128, 512].map(c => toLast(c, c === 512 ? 25088 : Math.min(16 * 112 * 112, (32 * MiB) / c))),
  ...[3, 16, 30, 64, 512].map(c => toFirst(c, c === 512 ? 25088 : Math.min(16 * 112 * 112, (32 * MiB) / c))),
  binaryRow('f32_add', 'dense', [1024, 16384], [16384, 1], none),
  binaryRow('f32_add', 'dense, relu', [1024, 16384], [16384, 1], relu),
  binaryRow('f32_mul', 'by channel (64)', [262144, 64], [0, 1], none),
  binaryRow('f32_mul', 'by scalar', [1024, 16384], [0, 0], none),
  {
    title: 'f32_affine 64 channels, relu',
    kernel: 'f32_affine',
    bytes: 8 * 16 * MiB,
    values: {
      ...{ xPtr: aPtr, yPtr, scalePtr: bPtr, shiftPtr: bPtr + 4096, rows: 262144, channels: 64 },
      ...relu,
      rowBlock: affineRowBlock(64),
    },
  },
  unaryRow('relu', 1),
  unaryRow('clip', 6),
  unaryRow('elu', 3, 1),
  unaryRow('sigmoid', 4),
  unaryRow('tanh', 5),
  poolRow('f32_pool_max', 64, [16, 112, 112], [1, 2, 2], [1, 2, 2], [0, 0, 0]),
  poolRow('f32_pool_max', 128, [16, 56, 56], [2, 2, 2], [2, 2, 2], [0, 0, 0]),
  poolRow('f32_pool_max', 64, [8, 56, 56], [3, 3, 3], [2, 2, 2], [1, 1, 1]),
  poolRow('f32_pool_average', 128, [16, 56, 56], [2, 2, 2], [2, 2, 2], [0, 0, 0]),
  poolRow('f32_pool_max', 5, [32, 64, 64], [2, 2, 2], [2, 2, 2], [0, 0, 0]),
  poolRow('f32_pool_max', 1, [64, 128, 128], [2, 2, 2], [2, 2, 2], [0, 0, 0]),
  middle('f32_reduce_mean', 1, 16 * 1024, 512, 16 * 1024),
  middle('f32_reduce_mean', 512, 16 * 1024, 1, 16 * 1024),
  middle('f32_reduce_max', 1, 16 * 1024, 512, 16 * 1024),
  middle('f32_softmax', 1, 3, 2 * MiB, 6),
  middle('f32_softmax', 2 * MiB, 3, 1, 6),
  middle('f32_softmax', 8192, 400, 1, 800),
  ...[1, 2, 4, 8].flatMap(count => [
    gemvRow('f32_gemv', 4, count, 8192, 4096),
    gemvRow('f32_gemv_bf16', 2, count, 8192, 4096),
  ]),
  resizeRow(64, [8, 28, 28]),
  resizeRow(5, [16, 64, 64]),
  resizeRow(1, [64, 64, 64]),
];

/** Best of some runs, in seconds. */
function best(run) {
  let seconds = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 7; i++) {
    const start = performance.now();
    run();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return seconds;
}

export function main([filter = '']) {
  const plain = new Uint8Array(memory.buffer);
  const referenceBytes = 64 * MiB;
  const reference = (2 * referenceBytes) / best(() => plain.copyWithin(yPtr, aPtr, aPtr + referenceBytes)) / 1e9;
  console.log(hostLine(host()));
  console.log(`copy of ${referenceBytes / MiB} MiB as a whole: ${reference.toFixed(1)} GB/s`);
  for (const { title, kernel, bytes: moved, values } of rows) {
    if (!title.includes(filter)) continue;
    const { fields, units } = kernels[kernel];
    i32.set(encode(fields, values), descriptorPtr / 4);
    const count = units(values);
    const atOnce = Math.ceil(count / 1000);
    const seconds = best(() => {
      for (let unit = 0; unit < count; unit += atOnce)
        exports[kernel](descriptorPtr, unit, Math.min(unit + atOnce, count), scratchPtr);
    });
    const rate = moved / seconds / 1e9;
    const unitMs = ((seconds * 1000) / count).toFixed(3);
    console.log(
      `${title.padEnd(52)} ${rate.toFixed(2).padStart(7)} GB/s  ${((rate / reference) * 100).toFixed(0).padStart(4)} %  ${(seconds * 1000).toFixed(2).padStart(8)} ms, units of ${unitMs} ms`,
    );
  }
}
