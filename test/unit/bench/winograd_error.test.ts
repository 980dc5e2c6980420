import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import { interpret } from '../../support/interpret.js';
import { constantOf, graphOf } from '../../support/ir.js';
import { wave } from '../lower/compare.js';

/** What the tests use of the bench, which is plain JavaScript. */
interface Bench {
  convolveDirectly(
    x: Float32Array,
    w: Float32Array,
    shape: { readonly inC: number; readonly outC: number; readonly sizes: readonly number[] },
  ): Float64Array;
  errorOf(actual: ArrayLike<number>, wanted: ArrayLike<number>): { readonly rms: number; readonly max: number };
}

const { convolveDirectly, errorOf }: Bench = await import(
  new URL('../../../bench/winograd-error/direct.js', import.meta.url).href
);

describe('the truth of the error bench', () => {
  it('is a convolution', () => {
    const [inC, outC, sizes] = [2, 3, [3, 4, 5]];
    const x = wave(inC * 60);
    const w = wave(outC * inC * 27, 2);
    const graph = graphOf({
      inputs: { x: [1, inC, ...sizes] },
      nodes: [{ op: 'Conv', inputs: ['x', 'w', ''], window: { padsBegin: [1, 1, 1], padsEnd: [1, 1, 1] } }],
      constants: { w: constantOf([outC, inC, 3, 3, 3], w) },
    });
    const wanted = interpret(inferShapes(graph), { x }).get('y')!;
    expect(errorOf(convolveDirectly(x, w, { inC, outC, sizes }), wanted).max).toBeLessThan(1e-6);
  });

  it('gives errors by the size of the result', () => {
    const { rms, max } = errorOf([1, 2, 3.5, -4], [1, 2, 3, -4]);
    expect(rms).toBeCloseTo(Math.sqrt(0.25 / 30));
    expect(max).toBe(0.125);
  });
});
