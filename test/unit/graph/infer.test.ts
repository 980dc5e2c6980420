import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Constant, DataType, Node } from '../../../src/graph/ir.js';
import { showDims } from '../../../src/graph/shape.js';
import { checkTypedGraph } from '../../support/check.js';
import { constantOf, type GraphSpec, graphOf, int64 } from '../../support/ir.js';

type Spec = GraphSpec['nodes'][number];
/** Inputs of the node by name, in its order: a list is a float32 input of that shape. */
type Operands = Readonly<Record<string, readonly number[] | Constant | { dims: readonly number[]; dtype: DataType }>>;

function inferOne(spec: Spec, operands: Operands) {
  const inputs: Record<string, readonly number[]> = {};
  const dtypes: Record<string, DataType> = {};
  const constants: Record<string, Constant> = {};
  for (const [name, operand] of Object.entries(operands)) {
    if ('source' in operand) constants[name] = operand;
    else if ('dtype' in operand) {
      inputs[name] = operand.dims;
      dtypes[name] = operand.dtype;
    } else inputs[name] = operand;
  }
  const given = spec.inputs ?? Object.keys(operands);
  const graph = inferShapes(graphOf({ inputs, dtypes, constants, nodes: [{ ...spec, inputs: given } as Spec] }));
  checkTypedGraph(graph);
  return graph;
}

const x3d = [1, 3, 8, 16, 16];

const shapes: readonly [string, Spec, Operands, readonly number[]][] = [
  ['Conv: all taps', { op: 'Conv' }, { x: x3d, w: [4, 3, 3, 3, 3] }, [1, 4, 6, 14, 14]],
  [
    'Conv: bias, stride, pads',
    conv({ strides: [1, 2, 2], padsBegin: [1, 1, 1], padsEnd: [1, 1, 1] }),
    { x: x3d, w: [4, 3, 3, 3, 3], b: [4] },
    [1, 4, 8, 8, 8],
  ],
  [
    'Conv: asymmetric pads',
    conv({ padsBegin: [2, 0, 0], padsEnd: [0, 1, 0] }),
    { x: x3d, w: [4, 3, 3, 3, 3] },
    [1, 4, 8, 15, 14],
  ],
  ['Conv: dilations', conv({ dilations: [3, 5, 7] }), { x: x3d, w: [4, 3, 3, 3, 3] }, [1, 4, 2, 6, 2]],
  ['Conv: groups', { op: 'Conv', groups: 3 }, { x: x3d, w: [6, 1, 1, 1, 1] }, [1, 6, 8, 16, 16]],
  [
    'Conv: same_upper',
    conv({ strides: [3, 3, 3], autoPad: 'same_upper' }),
    { x: x3d, w: [4, 3, 2, 5, 1] },
    [1, 4, 3, 6, 6],
  ],
  [
    'Conv: valid ignores pads',
    conv({ autoPad: 'valid', padsBegin: [9, 9, 9], padsEnd: [9, 9, 9] }),
    { x: x3d, w: [4, 3, 3, 3, 3] },
    [1, 4, 6, 14, 14],
  ],
  ['Conv: a pool', { op: 'Conv', pool: [2, 3, 14] }, { x: x3d, w: [4, 3, 3, 3, 3] }, [1, 4, 3, 4, 1]],
  ['Conv: 1D', { op: 'Conv' }, { x: [2, 3, 9], w: [4, 3, 4] }, [2, 4, 6]],
  ['Conv: 2D', { op: 'Conv' }, { x: [2, 3, 9, 5], w: [4, 3, 4, 5] }, [2, 4, 6, 1]],
  ['MaxPool', pool({ kernel: [2, 2, 2], strides: [2, 2, 2] }), { x: [1, 3, 7, 8, 9] }, [1, 3, 3, 4, 4]],
  ['MaxPool: ceil', pool({ kernel: [2, 2, 2], strides: [2, 2, 2] }, true), { x: [1, 3, 7, 8, 9] }, [1, 3, 4, 4, 5]],
  [
    'MaxPool: ceil, no window begins at the end of the input',
    pool({ kernel: [1], strides: [3], padsEnd: [0] }, true),
    { x: [1, 1, 3] },
    [1, 1, 1],
  ],
  [
    'MaxPool: ceil, no window begins in the padding after it',
    pool({ kernel: [2], strides: [3], padsBegin: [1], padsEnd: [1] }, true),
    { x: [1, 1, 2] },
    [1, 1, 1],
  ],
  [
    'AveragePool: ceil applies to valid',
    pool({ kernel: [2], strides: [2], autoPad: 'valid' }, true),
    { x: [1, 1, 5] },
    [1, 1, 3],
  ],
  ['MaxPool: dilations', pool({ kernel: [2, 2], dilations: [2, 3] }), { x: [1, 1, 4, 4] }, [1, 1, 2, 1]],
  ['GlobalAveragePool', { op: 'GlobalAveragePool' }, { x: x3d }, [1, 3, 1, 1, 1]],
  ['GlobalMaxPool', { op: 'GlobalMaxPool' }, { x: [2, 5, 7] }, [2, 5, 1]],
  ['Gemm', { op: 'Gemm' }, { a: [2, 3], b: [3, 4], c: [4] }, [2, 4]],
  ['Gemm: transposed', { op: 'Gemm', transA: true, transB: true }, { a: [3, 2], b: [4, 3], c: [2, 1] }, [2, 4]],
  ['MatMul', { op: 'MatMul' }, { a: [2, 3], b: [3, 4] }, [2, 4]],
  ['MatMul: batches broadcast', { op: 'MatMul' }, { a: [5, 1, 2, 3], b: [6, 3, 4] }, [5, 6, 2, 4]],
  ['MatMul: vector on the left', { op: 'MatMul' }, { a: [3], b: [6, 3, 4] }, [6, 4]],
  ['MatMul: vector on the right', { op: 'MatMul' }, { a: [6, 2, 3], b: [3] }, [6, 2]],
  ['MatMul: two vectors', { op: 'MatMul' }, { a: [3], b: [3] }, []],
  ['BatchNormalization', { op: 'BatchNormalization' }, { x: x3d, s: [3], b: [3], m: [3], v: [3] }, x3d],
  ['Activation', { op: 'Activation', activation: { kind: 'relu' } }, { x: x3d }, x3d],
  ['PRelu', { op: 'PRelu' }, { x: x3d, slope: [3, 1, 1, 1] }, x3d],
  ['Add', { op: 'Add' }, { a: [3, 1, 5], b: [4, 1] }, [3, 4, 5]],
  ['Div by a scalar', { op: 'Div' }, { a: [2, 3], b: [] }, [2, 3]],
  ['Softmax', { op: 'Softmax' }, { x: [2, 5] }, [2, 5]],
  ['ReduceMean', { op: 'ReduceMean', axes: [-1, -2, -3] }, { x: x3d }, [1, 3, 1, 1, 1]],
  ['ReduceMean: dims go', { op: 'ReduceMean', axes: [4, 2, 3], keepDims: false }, { x: x3d }, [1, 3]],
  ['ReduceMean: all', { op: 'ReduceMean', keepDims: false }, { x: x3d }, []],
  ['Flatten', { op: 'Flatten' }, { x: x3d }, [1, 6144]],
  ['Flatten: axis 0', { op: 'Flatten', axis: 0 }, { x: [2, 3] }, [1, 6]],
  ['Flatten: axis -1', { op: 'Flatten', axis: -1 }, { x: [2, 3, 4] }, [6, 4]],
  ['Flatten: axis rank', { op: 'Flatten', axis: 2 }, { x: [2, 3] }, [6, 1]],
  ['Reshape: 0 and -1', { op: 'Reshape' }, { x: [2, 3, 4], to: int64(0, -1) }, [2, 12]],
  ['Reshape: to a scalar', { op: 'Reshape' }, { x: [1, 1], to: int64() }, []],
  ['Transpose: reversed', { op: 'Transpose' }, { x: [2, 3, 4] }, [4, 3, 2]],
  ['Transpose', { op: 'Transpose', perm: [0, 2, 3, 4, 1] }, { x: x3d }, [1, 8, 16, 16, 3]],
  ['Squeeze: every 1', { op: 'Squeeze' }, { x: [1, 3, 1, 2] }, [3, 2]],
  ['Squeeze: negative axis', { op: 'Squeeze' }, { x: [1, 3, 1], axes: int64(-1) }, [1, 3]],
  ['Squeeze: no axes at all', { op: 'Squeeze' }, { x: [1, 3, 1], axes: int64() }, [1, 3, 1]],
  ['Unsqueeze: axes count in the output', { op: 'Unsqueeze' }, { x: [3, 4], axes: int64(-1, 0) }, [1, 3, 4, 1]],
  ['Concat', { op: 'Concat', axis: -1 }, { a: [2, 3], b: [2, 1], c: [2, 4] }, [2, 8]],
  ['Slice', { op: 'Slice' }, { x: [10, 10], s: int64(2), e: int64(-1) }, [7, 10]],
  [
    'Slice: axes, steps, huge end',
    { op: 'Slice' },
    { x: [10, 9], s: int64(1, -1), e: int64(2 ** 63, -(2 ** 63)), a: int64(-1, 0), t: int64(3, -4) },
    [3, 3],
  ],
  ['Pad', { op: 'Pad' }, { x: [1, 2, 3], p: int64(0, 1, -1, 2, 0, 3) }, [3, 3, 5]],
  ['Pad: axes', { op: 'Pad', inputs: ['x', 'p', '', 'a'] }, { x: [1, 2, 3], p: int64(1, 3), a: int64(-1) }, [1, 2, 7]],
  ['Pad: reflect', { op: 'Pad', mode: 'reflect' }, { x: [1, 3], p: int64(0, 2, 0, 2) }, [1, 7]],
  [
    'Resize: scales',
    { op: 'Resize' },
    { x: [1, 2, 3, 4, 5], s: constantOf([5], [1, 1, 2, 0.5, 1.5]) },
    [1, 2, 6, 2, 7],
  ],
  [
    'Resize: scale as float32 product',
    { op: 'Resize' },
    { x: [1, 2, 10], s: constantOf([3], [1, 1, 2.3]) },
    [1, 2, 23],
  ],
  [
    'Resize: sizes beside empty scales',
    { op: 'Resize' },
    { x: [1, 2, 3], s: constantOf([0]), z: int64(1, 2, 8) },
    [1, 2, 8],
  ],
  ['Identity', { op: 'Identity' }, { x: x3d }, x3d],
  ['Cast', { op: 'Cast', to: 'float32' }, { x: { dims: [2, 2], dtype: 'int32' } }, [2, 2]],
  ['Shape', { op: 'Shape' }, { x: x3d }, [5]],
  ['Shape: from the end, beyond it', { op: 'Shape', start: -3, end: 99 }, { x: x3d }, [3]],
  ['Gather', { op: 'Gather', axis: -1 }, { x: [2, 3], i: int64(0, -1, 1, 1) }, [2, 4]],
  ['Gather: scalar index', { op: 'Gather' }, { x: [2, 3], i: constantOf([], [1], 'int64') }, [3]],
];

function conv(window: Partial<Extract<Node, { op: 'Conv' }>['window']>): Spec {
  return { op: 'Conv', window };
}

function pool(window: Partial<Extract<Node, { op: 'Conv' }>['window']>, ceilMode = false): Spec {
  return { op: 'MaxPool', window, ceilMode };
}

describe('shape inference', () => {
  it.each(shapes)('%s', (_, spec, operands, expected) => {
    const type = inferOne(spec, operands).types.get('y')!;
    expect(showDims(type.dims)).toBe(showDims(expected));
  });

  it('makes pads explicit, the odd one where auto_pad says', () => {
    const pads = (autoPad: 'same_upper' | 'same_lower') => {
      const graph = inferOne(conv({ strides: [2, 1, 3], dilations: [1, 2, 1], autoPad }), {
        x: [1, 1, 7, 5, 4],
        w: [1, 1, 4, 3, 1],
      });
      const node = graph.nodes[0] as Extract<Node, { op: 'Conv' }>;
      return [node.window.padsBegin, node.window.padsEnd, node.window.autoPad];
    };
    // Depth: 4 windows, 3 * 2 + 4 - 7 = 3 pads. Height: 5 windows of extent 5, 4 pads. Width: 2 windows, 3 + 1 - 4 = 0.
    expect(pads('same_upper')).toEqual([[1, 2, 0], [2, 2, 0], 'explicit']);
    expect(pads('same_lower')).toEqual([[2, 2, 0], [1, 2, 0], 'explicit']);
  });

  it('resolves negative axes and empty lists in the nodes', () => {
    const node = (spec: Spec, operands: Operands) => inferOne(spec, operands).nodes[0];
    expect(node({ op: 'Softmax', axis: -2 }, { x: [2, 3, 4] })).toMatchObject({ axis: 1 });
    expect(node({ op: 'ReduceMean', axes: [-1, 0] }, { x: [2, 3, 4] })).toMatchObject({ axes: [0, 2] });
    expect(node({ op: 'ReduceMean' }, { x: [2, 3, 4] })).toMatchObject({ axes: [0, 1, 2] });
    expect(node({ op: 'Flatten', axis: -1 }, { x: [2, 3, 4] })).toMatchObject({ axis: 2 });
    expect(node({ op: 'Concat', axis: -3 }, { x: [2, 3, 4] })).toMatchObject({ axis: 0 });
    expect(node({ op: 'Transpose' }, { x: [2, 3, 4] })).toMatchObject({ perm: [2, 1, 0] });
    expect(node(conv({}), { x: [1, 1, 4], w: [1, 1, 2] })).toMatchObject({
      window: { kernel: [2], strides: [1], dilations: [1], padsBegin: [0], padsEnd: [0] },
    });
  });

  const bool = { dims: [2], dtype: 'bool' } as const;
  const failures: readonly [Spec, Operands, string][] = [
    [
      { op: 'Conv' },
      { x: x3d, w: [4, 4, 1, 1, 1] },
      `input 'x' (1x3x8x16x16) has 3 channels, weights 'w' (4x4x1x1x1) take 4`,
    ],
    [{ op: 'Conv' }, { x: x3d, w: [4, 3, 3, 3] }, `'x' (1x3x8x16x16) has rank 5, weights 'w' (4x3x3x3) have rank 4`],
    [{ op: 'Conv', groups: 3 }, { x: x3d, w: [4, 1, 1, 1, 1] }, '3 groups do not divide'],
    [{ op: 'Conv', groups: 0 }, { x: x3d, w: [4, 1, 1, 1, 1] }, '0 groups do not divide'],
    [{ op: 'Conv' }, { x: x3d, w: [4, 3, 1, 1, 1], b: [3] }, `bias 'b' (3) does not fit the 4 outputs`],
    [
      { op: 'Conv' },
      { x: x3d, w: [4, 3, 9, 1, 1] },
      `window 9x1x1 is larger than the input 'x' (1x3x8x16x16) padded to 8x16x16`,
    ],
    [conv({ dilations: [4, 1, 1] }), { x: x3d, w: [4, 3, 3, 1, 1] }, 'window 3x1x1 (dilated to 9x1x1) is larger'],
    [conv({ kernel: [3, 3, 3] }), { x: x3d, w: [4, 3, 3, 3, 1] }, 'kernel_shape 3x3x3 differs'],
    [conv({ strides: [0, 1, 1] }), { x: x3d, w: [4, 3, 1, 1, 1] }, 'strides 0x1x1: each must be at least 1'],
    [conv({ padsBegin: [1, 1] }), { x: x3d, w: [4, 3, 1, 1, 1] }, 'pads 1x1 for 3 spatial dimensions'],
    [
      { op: 'Conv', pool: [1, 15, 2] },
      { x: x3d, w: [4, 3, 3, 3, 3] },
      'pool 1x15x2 is larger than what is convolved, 6x14x14',
    ],
    [{ op: 'Conv', pool: [2, 2] }, { x: x3d, w: [4, 3, 3, 3, 3] }, 'pool 2x2 for 3 spatial dimensions'],
    [
      { op: 'Conv', pool: [2, 2, 2], activation: { kind: 'tanh' } },
      { x: x3d, w: [4, 3, 3, 3, 3] },
      'a pool behind a residual or an activation other than ReLU',
    ],
    [{ op: 'Conv' }, { x: [1, 3], w: [4, 3] }, 'at least one spatial dimension'],
    [
      { op: 'Conv' },
      { x: { dims: x3d, dtype: 'int32' }, w: [4, 3, 1, 1, 1] },
      `wrong type: 'x' (1x3x8x16x16) is int32`,
    ],
    [{ op: 'Conv' }, { x: { dims: x3d, dtype: 'float64' }, w: [4, 3, 1, 1, 1] }, 'wrong type'],
    [{ op: 'Conv', inputs: ['x', ''] }, { x: x3d }, 'input 1 (weights) is missing'],
    [{ op: 'Conv' }, { x: [1, 1, 2, 2, 2, 2], w: [1, 1, 1, 1, 1, 1] }, 'more than three spatial dimensions'],
    [pool({ kernel: [2], padsBegin: [2] }), { x: [1, 1, 4] }, 'wholly outside'],
    [pool({ kernel: [5] }), { x: [1, 1, 4] }, `window 5 is larger than the input 'x' (1x1x4) padded to 4`],
    [{ op: 'Gemm' }, { a: [2, 3], b: [4, 5] }, `'a' (2x3) and 'b' (4x5) do not multiply: 3 is not 4`],
    [{ op: 'Gemm' }, { a: [2, 3, 1], b: [3, 5] }, 'must be matrices'],
    [{ op: 'Gemm' }, { a: [2, 3], b: [3, 5], c: [3, 5] }, `'c' (3x5) does not broadcast to the product 2x5`],
    [{ op: 'MatMul' }, { a: [2, 2, 3], b: [3, 3, 5] }, 'do not multiply'],
    [{ op: 'MatMul' }, { a: [], b: [3] }, 'one is a scalar'],
    [
      { op: 'BatchNormalization' },
      { x: x3d, s: [3], b: [3], m: [4], v: [3] },
      `mean 'm' (4) does not fit the 3 channels`,
    ],
    [{ op: 'PRelu' }, { x: [1, 2], slope: [3, 1, 2] }, 'does not broadcast to the input'],
    [{ op: 'Add' }, { a: [2, 3], b: [2] }, `'a' (2x3) and 'b' (2) do not broadcast`],
    [{ op: 'Add' }, { a: [2], b: int64(1, 2) }, `wrong type: 'a' (2) is float32, 'b' (2) is int64`],
    [{ op: 'Mul' }, { a: bool, b: bool }, 'is bool'],
    [{ op: 'Softmax', axis: 2 }, { x: [2, 3] }, `axis 2 does not exist in 'x' (2x3)`],
    [{ op: 'ReduceMean', axes: [0, -2] }, { x: [2, 3] }, 'name one axis twice'],
    [{ op: 'Flatten', axis: 3 }, { x: [2, 3] }, 'axis 3 does not exist'],
    [{ op: 'Reshape' }, { x: [2, 3], to: int64(4, -1) }, `input 'x' (2x3) does not take the shape 4x-1`],
    [{ op: 'Reshape' }, { x: [2, 3], to: int64(-1, -1) }, 'does not take the shape'],
    [{ op: 'Reshape' }, { x: [2, 3], to: int64(2, 3, 0) }, 'does not take the shape'],
    [{ op: 'Reshape', allowZero: true }, { x: [2, 3], to: int64(0, -1) }, 'does not take the shape'],
    [{ op: 'Reshape' }, { x: [2, 3], to: constantOf([1], [6]) }, `wrong type: shape 'to' is float32`],
    [{ op: 'Reshape' }, { x: [2, 3], to: { dims: [1], dtype: 'int64' } }, 'depend on the data'],
    [{ op: 'Transpose', perm: [0, 0] }, { x: [2, 3] }, 'perm 0, 0 does not order'],
    [{ op: 'Squeeze' }, { x: [2, 1], axes: int64(0) }, 'is 2 long, not 1'],
    [{ op: 'Unsqueeze' }, { x: [2, 1], axes: int64(3) }, 'axis 3 does not exist'],
    [{ op: 'Concat', axis: 0 }, { a: [2, 3], b: [2, 4] }, `'a' (2x3) and 'b' (2x4) differ in another axis than 0`],
    [{ op: 'Concat', axis: 0 }, { a: [2, 3], b: [2] }, 'differ in another axis'],
    [{ op: 'Slice' }, { x: [4], s: int64(0), e: int64(4), a: int64(0), t: int64(0) }, 'a step of 0'],
    [{ op: 'Slice' }, { x: [4, 4], s: int64(0), e: int64(4, 4) }, 'differ in length: 1, 2, 1 and 1'],
    [{ op: 'Slice' }, { x: [4], s: int64(3), e: int64(1) }, 'has no elements'],
    [{ op: 'Pad' }, { x: [4], p: int64(1) }, '1 pads for 1 axes'],
    [{ op: 'Pad', mode: 'reflect' }, { x: [3], p: int64(3, 0) }, `reflect beyond the input 'x' (3)`],
    [{ op: 'Pad' }, { x: [3], p: int64(-2, -2) }, 'cut off more'],
    [{ op: 'Resize' }, { x: [1, 2, 3] }, 'either scales or sizes'],
    [{ op: 'Resize' }, { x: [1, 2, 3], s: constantOf([3], [1, 2, 1]) }, 'only one to three spatial'],
    [{ op: 'Resize' }, { x: [1, 2, 3], s: constantOf([3], [1, 1, 0]) }, 'must be positive'],
    [{ op: 'Resize' }, { x: [1, 2, 3], s: constantOf([3], [1, 1, 0.1]) }, 'has no elements'],
    [{ op: 'Gather' }, { x: [2, 3], i: int64(2) }, `index 2 does not exist along axis 0 of 'x' (2x3)`],
    [{ op: 'Identity', inputs: ['z'] }, { x: [2] }, `its input 'z' is not computed before it`],
    [{ op: 'Identity', outputs: ['y', 'mask'] }, { x: [2] }, `second output 'mask'`],
  ];
  it.each(failures)('refuses $op in one line that names the node', (spec, operands, text) => {
    let message = '';
    try {
      inferOne(spec, operands);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(text);
    expect(message).toContain(`${spec.op} 'node_y': `);
    expect(message).not.toContain('\n');
  });
});
