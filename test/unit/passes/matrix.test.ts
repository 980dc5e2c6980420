import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import { optimize } from '../../../src/passes/optimize.js';
import { constantOf, graphOf } from '../../support/ir.js';
import { norm, normInputs, optimized } from './optimized.js';

describe('folding into matrix products', () => {
  const a = { x: [2, 3] };

  it('makes MatMul + bias + activation one Gemm', () => {
    const { graph } = optimized({
      inputs: a,
      constants: { w: constantOf([3, 5]), b: constantOf([5]) },
      nodes: [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
        { op: 'Add', inputs: ['b', 'm'], outputs: ['s'] },
        { op: 'Activation', inputs: ['s'], activation: { kind: 'sigmoid' } },
      ],
    });
    expect(graph.nodes).toHaveLength(1);
    expect(graph.nodes[0]).toMatchObject({ op: 'Gemm', activation: { kind: 'sigmoid' }, outputs: ['y'] });
  });

  it.each([false, true])('scales the right axis of a BatchNorm (transB %s), with alpha and beta', transB => {
    const { ops } = optimized({
      inputs: a,
      constants: { w: constantOf(transB ? [5, 3] : [3, 5]), c: constantOf([1, 5]), ...norm(5) },
      nodes: [
        { op: 'Gemm', inputs: ['x', 'w', 'c'], outputs: ['g'], alpha: 0.5, beta: -2, transB },
        { op: 'BatchNormalization', inputs: ['g', ...normInputs] },
      ],
    });
    expect(ops).toEqual(['Gemm']);
  });

  it('leaves a Gemm whose addend varies along rows', () => {
    for (const dims of [
      [2, 1],
      [2, 5],
    ]) {
      const { ops, reasons } = optimized({
        inputs: a,
        constants: { w: constantOf([3, 5]), c: constantOf(dims), b: constantOf([5]) },
        nodes: [
          { op: 'Gemm', inputs: ['x', 'w', 'c'], outputs: ['g'] },
          { op: 'Add', inputs: ['g', 'b'] },
        ],
      });
      expect(ops).toEqual(['Gemm', 'Add']);
      expect(reasons).toContain(`the bias 'c' of Gemm 'node_g' is not one value per channel`);
    }
  });

  it('turns a transposed constant into a flag without reading it', () => {
    const large = {
      dtype: 'float32',
      dims: [1200, 1000],
      source: { kind: 'file', path: '/none', offset: 0, length: 4800000 },
    } as const;
    const { graph } = optimize(
      inferShapes(
        graphOf({
          inputs: { x: [2, 1000] },
          constants: { w: large },
          nodes: [
            { op: 'Transpose', inputs: ['w'], outputs: ['t'] },
            { op: 'MatMul', inputs: ['x', 't'] },
          ],
        }),
      ),
    );
    expect(graph.nodes).toHaveLength(1);
    expect(graph.nodes[0]).toMatchObject({ op: 'Gemm', inputs: ['x', 'w', ''], transB: true });
    expect(graph.types.get('y')?.dims).toEqual([2, 1200]);
  });

  it('leaves a product of two computed values', () => {
    const { ops } = optimized({ inputs: { x: [2, 3], z: [3, 4] }, nodes: [{ op: 'MatMul', inputs: ['x', 'z'] }] });
    expect(ops).toEqual(['MatMul']);
  });
});
