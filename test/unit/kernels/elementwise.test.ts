import { describe, expect, it } from 'vitest';
import {
  add,
  affine,
  affineRowBlock,
  binaryRowBlock,
  div,
  mul,
  prelu,
  sub,
  unary,
  unaryBlock,
} from '../../../src/kernels/elementwise.js';
import { activationCodes } from '../../../src/kernels/kernel.js';
import { segmentElements } from '../../../src/kernels/rows.js';
import { checkKernel, type KernelCase, randomFloats } from './harness.js';

interface Fused {
  readonly activation: number;
  readonly alpha: number;
  readonly beta: number;
}

const none: Fused = { activation: activationCodes.none, alpha: 0, beta: 0 };
const relu: Fused = { activation: activationCodes.relu, alpha: 0, beta: 0 };
const activations: readonly Fused[] = [
  none,
  relu,
  { activation: activationCodes.leakyRelu, alpha: 0.25, beta: 0 },
  { activation: activationCodes.elu, alpha: 1.5, beta: 0 },
  { activation: activationCodes.sigmoid, alpha: 0, beta: 0 },
  { activation: activationCodes.tanh, alpha: 0, beta: 0 },
  { activation: activationCodes.clip, alpha: -0.5, beta: 0.25 },
];

describe('f32_unary', () => {
  const caseOf = (x: Float32Array, block: number, activation = relu): KernelCase => ({
    operands: { xPtr: x, yPtr: { output: x.length } },
    scalars: { count: x.length, block, ...activation },
    tolerance: 1e-6,
    perElement: true,
  });

  it.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 100])('%i elements', count => {
    for (const activation of activations) checkKernel(unary, caseOf(randomFloats(count, 1), 8, activation));
  });

  it('takes its default block, and works in place', () => {
    expect(unaryBlock(1) % 4).toBe(0);
    expect(unaryBlock(1e9) % 4).toBe(0);
    const x = randomFloats(1003, 2);
    const test = caseOf(x, unaryBlock(1003));
    const inPlace = { ...test, operands: { xPtr: { same: 'yPtr' }, yPtr: { inPlace: x } } };
    expect(checkKernel(unary, inPlace).yPtr).toEqual(checkKernel(unary, test).yPtr);
  });

  it('keeps NaN under every activation', () => {
    for (const activation of activations) {
      const { yPtr } = checkKernel(unary, caseOf(new Float32Array(5).fill(Number.NaN), 4, activation));
      expect(yPtr!.every(Number.isNaN)).toBe(true);
    }
  });
});

interface BinaryProblem {
  readonly dims: readonly number[];
  /** Sizes of a and b: each as in dims, or 1. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly rowBlock?: number;
  readonly activation?: Fused;
}

const six = (prefix: string, values: readonly number[]) =>
  Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value]));

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);

/** Strides of dense sizes, 0 where a size of 1 is broadcast; padded in front to six. */
function broadcastStrides(sizes: readonly number[]): number[] {
  const strides: number[] = [];
  let dense = 1;
  for (let axis = 5; axis >= 0; axis--) {
    const size = sizes[axis - 6 + sizes.length] ?? 1;
    strides.unshift(size === 1 ? 0 : dense);
    dense *= size;
  }
  return strides;
}

const binaryCase = ({ dims, a, b, rowBlock = 2, activation = none }: BinaryProblem): KernelCase => ({
  operands: {
    aPtr: randomFloats(product(a), 1),
    bPtr: randomFloats(product(b), 2),
    yPtr: { output: product(dims) },
  },
  scalars: {
    ...six('dim', [...new Array<number>(6 - dims.length).fill(1), ...dims]),
    ...six('aStride', broadcastStrides(a)),
    ...six('bStride', broadcastStrides(b)),
    ...activation,
    rowBlock,
  },
  tolerance: activation.activation > activationCodes.leakyRelu ? 1e-6 : 0,
  perElement: true,
});

const binaryProblems: Record<string, BinaryProblem> = {
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17].flatMap(w => [
      [`rows of ${w}`, { dims: [3, w], a: [3, w], b: [3, w] }],
      [`rows of ${w}, b by row`, { dims: [3, w], a: [3, w], b: [3, 1] }],
      [`rows of ${w}, a by row`, { dims: [3, w], a: [3, 1], b: [3, w] }],
      [`rows of ${w}, b by column`, { dims: [3, w], a: [3, w], b: [1, w] }],
      [`rows of ${w}, both by row`, { dims: [3, w], a: [3, 1], b: [1, 1] }],
    ]),
  ),
  'six dimensions': { dims: [2, 3, 2, 3, 2, 5], a: [2, 3, 2, 3, 2, 5], b: [2, 1, 2, 1, 2, 1], rowBlock: 5 },
  'six dimensions, both broadcast': { dims: [2, 3, 2, 3, 2, 5], a: [1, 3, 1, 3, 1, 5], b: [2, 1, 2, 1, 2, 1] },
  'a block that ends inside of dim4': { dims: [3, 7, 5], a: [3, 7, 5], b: [3, 1, 5], rowBlock: 4 },
  'one block': { dims: [3, 7, 5], a: [3, 7, 5], b: [1, 7, 5], rowBlock: 1000 },
  'one element more than a segment': { dims: [2, segmentElements + 1], a: [2, segmentElements + 1], b: [2, 1] },
  'a whole segment': { dims: [1, segmentElements], a: [1, segmentElements], b: [1, segmentElements] },
  'three segments': { dims: [3 * segmentElements - 3], a: [3 * segmentElements - 3], b: [3 * segmentElements - 3] },
};

const binaries = [add, sub, mul, div, prelu];

describe.each(Object.entries(binaryProblems))('%s', (_, problem) => {
  it.each(binaries.map(kernel => [kernel.name, kernel] as const))('%s', (_name, kernel) => {
    checkKernel(kernel, binaryCase(problem));
    checkKernel(kernel, binaryCase({ ...problem, activation: relu }));
  });
});

describe('two operands', () => {
  it.each(activations)('with activation $activation', activation => {
    for (const kernel of binaries)
      checkKernel(kernel, binaryCase({ dims: [3, 7], a: [3, 7], b: [7], activation, rowBlock: 1 }));
  });

  it('strided and reversed operands', () => {
    const test = binaryCase({ dims: [2, 3, 6], a: [2, 3, 6], b: [1] });
    const scalars = { ...test.scalars, ...six('aStride', [0, 0, 0, 1, 12, 2]), ...six('bStride', [0, 0, 0, 6, 6, 1]) };
    const operands = { ...test.operands, bPtr: randomFloats(24, 8) };
    for (const kernel of binaries) checkKernel(kernel, { ...test, operands, scalars });
  });

  it('in place, on either operand', () => {
    const problem = { dims: [3, 7], a: [3, 7], b: [3, 7] };
    const test = binaryCase(problem);
    const { yPtr } = checkKernel(sub, test);
    const a = { same: 'yPtr' };
    const onA = { ...test.operands, aPtr: a, yPtr: { inPlace: randomFloats(21, 1) } };
    const onB = { ...test.operands, bPtr: a, yPtr: { inPlace: randomFloats(21, 2) } };
    expect(checkKernel(sub, { ...test, operands: onA }).yPtr).toEqual(yPtr);
    expect(checkKernel(sub, { ...test, operands: onB }).yPtr).toEqual(yPtr);
  });

  it('divides by zero and passes NaN as IEEE says', () => {
    const test = binaryCase({ dims: [5], a: [5], b: [5] });
    const operands = {
      aPtr: Float32Array.of(1, -1, 0, Number.NaN, Infinity),
      bPtr: Float32Array.of(0, 0, 0, 1, Infinity),
      yPtr: { output: 5 },
    };
    const results = Object.fromEntries(
      binaries.map(kernel => [kernel.name, Array.from(checkKernel(kernel, { ...test, operands }).yPtr!)]),
    );
    expect(results).toEqual({
      f32_add: [1, -1, 0, Number.NaN, Infinity],
      f32_sub: [1, -1, 0, Number.NaN, Number.NaN],
      f32_mul: [0, -0, 0, Number.NaN, Infinity],
      f32_div: [Infinity, -Infinity, Number.NaN, Number.NaN, Number.NaN],
      f32_prelu: [1, -0, 0, Number.NaN, Infinity],
    });
  });

  it('has blocks of at least one row', () => {
    expect(binaryRowBlock([1, 1, 1, 1, 1, 1e8])).toBeGreaterThanOrEqual(1);
    expect(binaryRowBlock([1, 1, 1, 1, 100, 1])).toBeGreaterThan(1000);
  });
});

describe('f32_affine', () => {
  const caseOf = (rows: number, channels: number, rowBlock: number, activation = none): KernelCase => ({
    operands: {
      xPtr: randomFloats(rows * channels, 1),
      yPtr: { output: rows * channels },
      scalePtr: randomFloats(channels, 2),
      shiftPtr: randomFloats(channels, 3),
    },
    scalars: { rows, channels, rowBlock, ...activation },
    tolerance: activation.activation > activationCodes.leakyRelu ? 1e-6 : 0,
    perElement: true,
  });

  it.each([1, 2, 3, 4, 5, 7, 8, 15, 16, 17])('%i channels', channels => {
    for (const activation of activations) checkKernel(affine, caseOf(7, channels, 2, activation));
    checkKernel(affine, caseOf(3, channels, affineRowBlock(channels)));
  });

  it('in place', () => {
    const test = caseOf(5, 6, 2, relu);
    const operands = { ...test.operands, xPtr: { same: 'yPtr' }, yPtr: { inPlace: randomFloats(30, 1) } };
    expect(checkKernel(affine, { ...test, operands }).yPtr).toEqual(checkKernel(affine, test).yPtr);
  });
});
