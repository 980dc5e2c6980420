/** Models of one node, for tests of the importer. */
import type { Graph } from '../../src/graph/ir.js';
import { decodeModel, importModel } from '../../src/onnx/index.js';
import { type AttributeSpec, buildModel, type TensorSpec } from './onnx.js';

export interface Case {
  readonly op: string;
  readonly opset?: number;
  readonly attrs?: Readonly<Record<string, AttributeSpec>>;
  /** Inputs that are constants; `x` is fed, [2, 4, 6, 6, 6] unless `dims` is given. */
  readonly inputs?: readonly string[];
  readonly constants?: Readonly<Record<string, TensorSpec>>;
  readonly outputs?: readonly string[];
  readonly graphOutputs?: readonly string[];
  readonly dims?: readonly number[];
}

export function importOne(spec: Case): Graph {
  const { op, opset = 13, attrs = {}, inputs = ['x'], constants = {}, outputs = ['y'], dims = [2, 4, 6, 6, 6] } = spec;
  return importModel(
    decodeModel(
      buildModel({
        opset,
        nodes: [{ op, name: 'n', inputs, outputs, attrs }],
        inputs: [{ name: 'x', dims }],
        outputs: spec.graphOutputs ?? ['y'],
        initializers: constants,
      }),
    ),
  );
}

export const int64s = (...data: number[]): TensorSpec => ({ dims: [data.length], data, dtype: 'int64' });
export const floats = (...data: number[]): TensorSpec => ({ dims: [data.length], data });
export const scalar = (value: number): TensorSpec => ({ dims: [], data: [value] });
export const weights = { w: { dims: [8, 4, 3, 3, 3], data: new Float32Array(8 * 4 * 27) } };
export const cube = (value: number) => [value, value, value];
export const k3 = { kernel_shape: cube(3) };
export const channels = Object.fromEntries(['s', 'b', 'm', 'v'].map(name => [name, floats(1, 2, 3, 4)]));
export const bn = ['x', 's', 'b', 'm', 'v'];
export const scales5 = { s: floats(1, 1, 2, 2, 2) };
