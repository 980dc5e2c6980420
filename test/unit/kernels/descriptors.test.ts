import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { convDepthwiseFields } from '../../../src/kernels/conv_depthwise.js';
import { convGemmFields } from '../../../src/kernels/conv_gemm.js';
import { convPlanarFields } from '../../../src/kernels/conv_planar.js';
import { convPlanarWinogradFields } from '../../../src/kernels/conv_planar_winograd.js';
import { convPointwiseFields } from '../../../src/kernels/conv_pointwise.js';
import { convWinogradFields } from '../../../src/kernels/conv_winograd.js';
import { copyFields, fillFields, gatherFields } from '../../../src/kernels/copy.js';
import type { Fields } from '../../../src/kernels/descriptor.js';
import { affineFields, binaryFields, unaryFields } from '../../../src/kernels/elementwise.js';
import { gemvFields } from '../../../src/kernels/gemv.js';
import { matmulFields } from '../../../src/kernels/matmul.js';
import { packBf16Fields } from '../../../src/kernels/pack_bf16.js';
import { packWinogradFields } from '../../../src/kernels/pack_winograd.js';
import { poolFields } from '../../../src/kernels/pool.js';
import { reduceFields } from '../../../src/kernels/reduce.js';
import { resizeFields } from '../../../src/kernels/resize.js';
import { softmaxFields } from '../../../src/kernels/softmax.js';
import { winogradInputFields } from '../../../src/kernels/winograd_input.js';
import { winogradOutputFields } from '../../../src/kernels/winograd_output.js';
import { winogradProductsFields } from '../../../src/kernels/winograd_products.js';

/** Without those of the steps, whose descriptors lie behind it. */
const { rows, blockRows, stepsAt, transformedAt, productsAt } = convWinogradFields;
const convWinogradOwn = { rows, blockRows, stepsAt, transformedAt, productsAt };

/** The class of each descriptor in assembly/, by file and name. */
const mirrors: readonly (readonly [file: string, className: string, fields: Fields])[] = [
  ['conv_gemm_descriptor', 'ConvGemmDescriptor', convGemmFields],
  ['conv_pointwise', 'ConvPointwiseDescriptor', convPointwiseFields],
  ['conv_planar', 'ConvPlanarDescriptor', convPlanarFields],
  ['conv_planar_winograd', 'ConvPlanarWinogradDescriptor', convPlanarWinogradFields],
  ['conv_depthwise', 'ConvDepthwiseDescriptor', convDepthwiseFields],
  ['gemv', 'GemvDescriptor', gemvFields],
  ['matmul', 'MatmulDescriptor', matmulFields],
  ['copy', 'CopyDescriptor', copyFields],
  ['copy', 'FillDescriptor', fillFields],
  ['copy', 'GatherDescriptor', gatherFields],
  ['elementwise', 'UnaryDescriptor', unaryFields],
  ['elementwise', 'BinaryDescriptor', binaryFields],
  ['elementwise', 'AffineDescriptor', affineFields],
  ['pool', 'PoolDescriptor', poolFields],
  ['reduce', 'ReduceDescriptor', reduceFields],
  ['resize', 'ResizeDescriptor', resizeFields],
  ['softmax', 'SoftmaxDescriptor', softmaxFields],
  ['conv_winograd', 'ConvWinogradDescriptor', convWinogradOwn],
  ['winograd_input', 'WinogradInputDescriptor', winogradInputFields],
  ['winograd_products', 'WinogradProductsDescriptor', winogradProductsFields],
  ['winograd_output', 'WinogradOutputDescriptor', winogradOutputFields],
  ['pack_winograd', 'PackWinogradDescriptor', packWinogradFields],
  ['pack_bf16', 'PackBf16Descriptor', packBf16Fields],
];

const assemblyTypes = { ptr: 'usize', i32: 'i32', f32: 'f32' } as const;

/** The fields of an `@unmanaged` class, as "name: type" in their order. */
function fieldsOfClass(file: string, className: string): string[] {
  const source = readFileSync(new URL(`../../../assembly/${file}.ts`, import.meta.url), 'utf8');
  const body = source.match(new RegExp(`@unmanaged\\s+(?:export )?class ${className} \\{([^}]*)\\}`))?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+: \w+);/gm)].map(match => match[1]!);
}

describe('a descriptor in assembly/', () => {
  it.each(mirrors)('in %s: %s has the same fields in the same order', (file, className, fields) => {
    const wanted = Object.entries(fields).map(([name, type]) => `${name}: ${assemblyTypes[type]}`);
    expect(fieldsOfClass(file, className)).toEqual(wanted);
  });
});
