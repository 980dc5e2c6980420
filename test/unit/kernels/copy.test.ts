import { describe, expect, it } from 'vitest';
import { copy, copyRowBlock, fill, fillBlock, gather, gatherRowBlock } from '../../../src/kernels/copy.js';
import { segmentElements } from '../../../src/kernels/rows.js';
import { checkKernel, generator, type KernelCase, randomFloats } from './harness.js';

const six = (prefix: string, values: readonly number[]) =>
  Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value]));

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);

const inFront = (values: readonly number[], unit: number) => [
  ...new Array<number>(6 - values.length).fill(unit),
  ...values,
];

/** Strides of dense sizes held in `order` (outermost axis first). */
function stridesIn(sizes: readonly number[], order: readonly number[]): number[] {
  const strides = new Array<number>(sizes.length);
  let dense = 1;
  for (const axis of [...order].reverse()) {
    strides[axis] = dense;
    dense *= sizes[axis]!;
  }
  return strides;
}

interface CopyProblem {
  readonly dims: readonly number[];
  readonly xStrides: readonly number[];
  readonly yStrides: readonly number[];
  readonly rowBlock?: number;
}

/** Operands that end with the box; a negative stride has the rest of the box before the first element. */
function copyCase({ dims, xStrides, yStrides, rowBlock = 5 }: CopyProblem): KernelCase {
  const extent = (strides: readonly number[]) =>
    1 + dims.reduce((sum, size, axis) => sum + (size - 1) * Math.abs(strides[axis]!), 0);
  const first = dims.reduce((sum, size, axis) => sum - (size - 1) * Math.min(0, xStrides[axis]!), 0);
  return {
    operands: { xPtr: { content: randomFloats(extent(xStrides), 6), first }, yPtr: { output: extent(yStrides) } },
    scalars: {
      ...six('dim', inFront(dims, 1)),
      ...six('xStride', inFront(xStrides, 0)),
      ...six('yStride', inFront(yStrides, 0)),
      rowBlock,
    },
    tolerance: 0,
  };
}

/** A transpose of dense sizes, looping in the order of y. */
function transposeProblem(sizes: readonly number[], perm: readonly number[], rowBlock = 5): CopyProblem {
  const identity = sizes.map((_, axis) => axis);
  const xStrides = stridesIn(sizes, identity);
  const dims = perm.map(axis => sizes[axis]!);
  return { dims, xStrides: perm.map(axis => xStrides[axis]!), yStrides: stridesIn(dims, identity), rowBlock };
}

const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 19];

const copyProblems: Record<string, CopyProblem> = {
  ...Object.fromEntries(
    sizes.flatMap(w => [
      [`dense rows of ${w}`, { dims: [3, w], xStrides: [w, 1], yStrides: [w, 1], rowBlock: 2 }],
      [`rows of ${w} with gaps`, { dims: [3, w], xStrides: [w + 3, 1], yStrides: [w + 7, 1], rowBlock: 2 }],
      [`last ${w} broadcast`, { dims: [3, w], xStrides: [1, 0], yStrides: [w, 1] }],
      [`${w} reversed`, { dims: [3, w], xStrides: [w, -1], yStrides: [w, 1] }],
      [`every third of ${w}`, { dims: [3, w], xStrides: [3 * w, 3], yStrides: [w, 1] }],
    ]),
  ),
  ...Object.fromEntries(
    sizes.flatMap(p =>
      [1, 3, 4, 6, 16, 18, 33].flatMap(q => [
        [`transpose of ${p} x ${q}`, transposeProblem([2, q, p], [0, 2, 1])],
        [`the same from dense rows, ${p} x ${q}`, { dims: [p, q], xStrides: [q, 1], yStrides: [1, p], rowBlock: 3 }],
      ]),
    ),
  ),
  'channels first to last': transposeProblem([2, 3, 2, 3, 4], [0, 2, 3, 4, 1]),
  'channels last to first': transposeProblem([2, 2, 3, 4, 3], [0, 4, 1, 2, 3]),
  'channel shuffle': transposeProblem([6, 3, 5], [0, 2, 1], 7),
  'all reversed': transposeProblem([2, 3, 4, 5, 6], [4, 3, 2, 1, 0], 4),
  'dense along an outer axis': transposeProblem([3, 2, 5, 8], [3, 2, 0, 1], 3),
  'dense along the outermost axis': transposeProblem([2, 3, 2, 2, 3, 9], [5, 0, 1, 2, 3, 4], 100),
  'transpose with gaps on both sides': { dims: [9, 10], xStrides: [1, 11], yStrides: [13, 1] },
  'dense nowhere': { dims: [3, 4, 5], xStrides: [41, 10, 2], yStrides: [61, 15, 3] },
  'reversed rows': { dims: [4, 9], xStrides: [-9, 1], yStrides: [9, 1] },
  'rows read again': { dims: [4, 9], xStrides: [0, 1], yStrides: [9, 1] },
  'memory.copy rows': { dims: [3, 200], xStrides: [201, 1], yStrides: [203, 1], rowBlock: 1 },
  'a segment and one more': {
    dims: [3, segmentElements + 1],
    xStrides: [segmentElements + 1, 1],
    yStrides: [segmentElements + 1, 1],
    rowBlock: 2,
  },
  'transpose over segments': {
    dims: [5, segmentElements + 6],
    xStrides: [1, 5],
    yStrides: [segmentElements + 6, 1],
  },
  'transpose from dense rows over segments': {
    dims: [5, segmentElements + 6],
    xStrides: [segmentElements + 6, 1],
    yStrides: [1, 5],
  },
};

describe('f32_copy', () => {
  it.each(Object.entries(copyProblems))('%s', (_, problem) => {
    checkKernel(copy, copyCase(problem));
  });

  it.each(Array.from({ length: 80 }, (_, seed) => seed))('random boxes, seed %i', seed => {
    const next = generator(seed);
    const below = (limit: number) => Math.floor(next() * limit);
    const dims = Array.from({ length: 6 }, () => [1, 1, 2, 3, 4, 5, 6][below(7)]!);
    const shuffle = () => dims.map((_, axis) => [next(), axis] as const).sort(([a], [b]) => a - b);
    const strides = () => {
      const gapped = dims.map(size => size + (below(4) === 0 ? below(3) : 0));
      return stridesIn(
        gapped,
        shuffle().map(([, axis]) => axis),
      );
    };
    const xStrides = strides().map(stride => [stride, stride, stride, stride, 0, -stride][below(6)]!);
    checkKernel(copy, copyCase({ dims, xStrides, yStrides: strides(), rowBlock: 1 + below(40) }));
  });

  it('keeps the bits of NaNs', () => {
    const bits = Int32Array.of(0x7fc12345, 0x7f812345, -1, 0x7fa00001, 1);
    const problem = { dims: [5], xStrides: [1], yStrides: [1] };
    const { yPtr } = checkKernel(copy, {
      ...copyCase(problem),
      operands: { xPtr: new Float32Array(bits.buffer), yPtr: { output: 5 } },
    });
    expect(new Int32Array(yPtr!.buffer)).toEqual(bits);
  });

  it('puts known numbers where a transpose has them', () => {
    const x = Float32Array.from({ length: 6 }, (_, i) => i);
    const test = copyCase(transposeProblem([2, 3], [1, 0]));
    const { yPtr } = checkKernel(copy, { ...test, operands: { xPtr: x, yPtr: { output: 6 } } });
    expect(yPtr).toEqual(Float32Array.of(0, 3, 1, 4, 2, 5));
  });

  it('shares out one long row', () => {
    const scalars = copyCase({ dims: [1 << 20], xStrides: [1], yStrides: [1] }).scalars as Parameters<
      typeof copy.units
    >[0];
    expect(copy.units({ ...scalars, rowBlock: copyRowBlock([1, 1, 1, 1, 1, 1 << 20]) })).toBe(64);
  });
});

describe('f32_fill', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 100])('%i elements', count => {
    for (const block of [1, 3, 4, 7, fillBlock(count)]) {
      const { yPtr } = checkKernel(fill, {
        operands: { yPtr: { output: count } },
        scalars: { count, value: -1.25, block },
        tolerance: 0,
      });
      expect(yPtr).toEqual(new Float32Array(count).fill(-1.25));
    }
  });
});

describe('f32_gather_nd', () => {
  /** `tables` by axis; offsets into an x that is just long enough. */
  function gatherCase(tables: readonly (readonly number[])[], rowBlock = 3): KernelCase {
    const all = [...new Array<number[]>(6 - tables.length).fill([0]), ...tables];
    const length = 1 + all.reduce((sum, table) => sum + Math.max(...table), 0);
    return {
      operands: {
        xPtr: randomFloats(length, 5),
        yPtr: { output: product(all.map(table => table.length)) },
        ...Object.fromEntries(all.map((table, axis) => [`table${axis}Ptr`, Int32Array.from(table)])),
      },
      scalars: {
        ...six(
          'dim',
          all.map(table => table.length),
        ),
        rowBlock,
      },
      tolerance: 0,
    };
  }

  const counting = (count: number, stride: number) => Array.from({ length: count }, (_, i) => i * stride);

  it.each([1, 2, 3, 4, 5, 8, 17, 63, 64, 65, 200])('rows of %i in order', count => {
    checkKernel(gather, gatherCase([counting(3, count), counting(count, 1)]));
  });

  it('reflects', () => {
    const test = gatherCase([
      [4, 0, 4, 0],
      [2, 1, 0, 1, 2, 3, 2, 1],
    ]);
    const { yPtr } = checkKernel(gather, {
      ...test,
      operands: { ...test.operands, xPtr: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7) },
    });
    expect(yPtr!.slice(0, 16)).toEqual(Float32Array.of(6, 5, 4, 5, 6, 7, 6, 5, 2, 1, 0, 1, 2, 3, 2, 1));
  });

  it('repeats the edges of a long row', () => {
    checkKernel(gather, gatherCase([counting(2, 90), [0, 0, 0, ...counting(90, 1), 89, 89]]));
  });

  it('six tables', () => {
    checkKernel(
      gather,
      gatherCase(
        [
          [0, 100],
          [10, 0, 5],
          [7, 7],
          [0, 20, 40],
          [1, 0],
          [3, 2, 1, 0, 1, 2, 3],
        ],
        gatherRowBlock([1, 1, 1, 1, 1, 7]),
      ),
    );
  });

  it('random tables', () => {
    const next = generator(3);
    const random = (count: number) => Array.from({ length: count }, () => Math.floor(next() * 50));
    checkKernel(gather, gatherCase([random(2), random(3), random(5), random(33)], 4));
  });
});
