import { expect, test } from 'vitest';
import { failureOf } from '../../support/errors.js';
import {
  bn,
  type Case,
  channels,
  floats,
  importOne,
  int64s,
  k3,
  scalar,
  scales5,
  weights,
} from '../../support/one_node.js';
import { float } from '../../support/onnx.js';

test.each<[Case, string]>([
  [
    { op: 'GridSample', opset: 16, inputs: ['x', 'x'] },
    "unsupported: GridSample 'n': this op is not supported (GridSample, opset 16)",
  ],
  [{ op: 'constructor' }, "unsupported: constructor 'n': this op is not supported (constructor, opset 13)"],
  [
    { op: 'If', attrs: { then_branch: { type: 'graph', value: 0 } } },
    "unsupported: If 'n': ops with sub-graphs are not supported (If, opset 13)",
  ],
  [
    { op: 'Relu', attrs: { body: { type: 'graph', value: 0 } } },
    "unsupported: Relu 'n': attribute 'body' is a sub-graph",
  ],
  [{ op: 'Relu', attrs: { slope: 1 } }, "unsupported: Relu 'n': attribute 'slope' is not supported"],
  [{ op: 'Relu', inputs: [] }, "model: Relu 'n': input 0 is missing, opset 13 needs at least 1"],
  [{ op: 'Relu', inputs: ['x', 'x'] }, "model: Relu 'n': has 2 inputs, opset 13 knows at most 1"],
  [
    { op: 'Conv', inputs: ['x', ''], constants: weights },
    "model: Conv 'n': input 1 is missing, opset 13 needs at least 2",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { strides: [1, 1] } },
    "model: Conv 'n': strides has 2 numbers, 3 are needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { strides: [1, 0, 1] } },
    "model: Conv 'n': strides holds 0, at least 1 is needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { pads: [0, 0, -1, 0, 0, 0] } },
    "model: Conv 'n': pads holds -1, at least 0 is needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { group: 0 } },
    "model: Conv 'n': group is 0, at least 1 is needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { group: float(1) } },
    "model: Conv 'n': attribute 'group' is of kind float, int is needed",
  ],
  [
    { op: 'Conv', inputs: ['x', 'w'], constants: weights, attrs: { auto_pad: 'SAME' } },
    "unsupported: Conv 'n': auto_pad 'SAME' is not supported",
  ],
  [
    { op: 'Conv', inputs: ['x', 'x'] },
    "unsupported: Conv 'n': has no kernel_shape, and its weights 'x' are no constant",
  ],
  [
    { op: 'MaxPool', attrs: { kernel_shape: [1, 1, 1, 1] } },
    "unsupported: MaxPool 'n': has 4 spatial dimensions, 1, 2 or 3 are supported",
  ],
  [{ op: 'MaxPool' }, "model: MaxPool 'n': kernel_shape is missing"],
  [
    { op: 'MaxPool', attrs: { ...k3, ceil_mode: 2 } },
    "model: MaxPool 'n': attribute 'ceil_mode' is 2, 0 or 1 is needed",
  ],
  [
    { op: 'MaxPool', attrs: k3, outputs: ['y', 'i'], graphOutputs: ['y', 'i'] },
    "unsupported: MaxPool 'n': output 1 ('i') is in use, only the first is supported",
  ],
  [
    { op: 'Dropout', outputs: ['y', 'mask'], graphOutputs: ['mask'] },
    "unsupported: Dropout 'n': output 1 ('mask') is in use, only the first is supported",
  ],
  [{ op: 'Dropout', opset: 6 }, "unsupported: Dropout 'n': is_test 0 is training, which is not supported"],
  [
    { op: 'Dropout', inputs: ['x', '', 't'], constants: { t: { dims: [], data: [1], dtype: 'bool' } } },
    "unsupported: Dropout 'n': training_mode true is not supported",
  ],
  [
    { op: 'BatchNormalization', opset: 6, inputs: bn, constants: channels },
    "unsupported: BatchNormalization 'n': is_test 0 is training, which is not supported",
  ],
  [
    { op: 'BatchNormalization', opset: 8, inputs: bn, constants: channels, attrs: { spatial: 0 } },
    "unsupported: BatchNormalization 'n': spatial 0 is not supported",
  ],
  [
    { op: 'BatchNormalization', opset: 14, inputs: bn, constants: channels, attrs: { training_mode: 1 } },
    "unsupported: BatchNormalization 'n': training_mode 1 is not supported",
  ],
  [{ op: 'Concat' }, "model: Concat 'n': attribute 'axis' is missing"],
  [{ op: 'Cast' }, "model: Cast 'n': attribute 'to' is missing"],
  [{ op: 'Cast', attrs: { to: 8 } }, "unsupported: Cast 'n': to string is not supported"],
  [{ op: 'Clip', inputs: ['x', 'x'] }, "unsupported: Clip 'n': min 'x' is no constant"],
  [
    { op: 'Clip', inputs: ['x', 'l'], constants: { l: floats(1, 2) } },
    "model: Clip 'n': min 'l' has 2 elements, one is needed",
  ],
  [
    { op: 'Clip', opset: 6, inputs: ['x', 'l'], constants: { l: scalar(1) } },
    "model: Clip 'n': has 2 inputs, opset 6 knows at most 1",
  ],
  [
    { op: 'Slice', opset: 9, attrs: { starts: [1], ends: [2, 3] } },
    "model: Slice 'n': has 1 starts, 2 ends and 1 axes",
  ],
  [{ op: 'Slice', opset: 9, attrs: { starts: [1] } }, "model: Slice 'n': attribute 'ends' is missing"],
  [{ op: 'Unsqueeze', opset: 11 }, "model: Unsqueeze 'n': attribute 'axes' is missing"],
  [
    { op: 'Pad', opset: 19, inputs: ['x', 'p'], constants: { p: int64s(1) }, attrs: { mode: 'wrap' } },
    "unsupported: Pad 'n': mode 'wrap' is not supported",
  ],
  [{ op: 'ReduceMean', opset: 18, inputs: ['x', 'x'] }, "unsupported: ReduceMean 'n': axes 'x' is no constant"],
  [
    { op: 'Add', opset: 6, inputs: ['x', 'c'], constants: { c: floats(1) }, attrs: { broadcast: 1, axis: 5 } },
    "model: Add 'n': 'c' of rank 1 does not fit 'x' of rank 5 from axis 5 on",
  ],
  [
    { op: 'Add', opset: 7, inputs: ['x', 'x'], attrs: { broadcast: 1 } },
    "unsupported: Add 'n': attribute 'broadcast' is not supported",
  ],
  [
    { op: 'Resize', opset: 11, inputs: ['x', '', 's'], constants: scales5, attrs: { mode: 'cubic' } },
    "unsupported: Resize 'n': mode 'cubic' is not supported",
  ],
  [
    {
      op: 'Resize',
      opset: 11,
      inputs: ['x', '', 's'],
      constants: scales5,
      attrs: { coordinate_transformation_mode: 'tf_crop_and_resize' },
    },
    "unsupported: Resize 'n': coordinate_transformation_mode 'tf_crop_and_resize' is not supported",
  ],
  [
    { op: 'Resize', opset: 18, inputs: ['x', '', 's'], constants: scales5, attrs: { antialias: 1 } },
    "unsupported: Resize 'n': antialias is not supported",
  ],
  [
    { op: 'Resize', opset: 11, inputs: ['x', '', 's'], constants: scales5, attrs: { exclude_outside: 1 } },
    "unsupported: Resize 'n': exclude_outside is not supported",
  ],
  [
    {
      op: 'Resize',
      opset: 18,
      inputs: ['x', '', '', 'n'],
      constants: { n: int64s(1) },
      attrs: { keep_aspect_ratio_policy: 'not_larger' },
    },
    "unsupported: Resize 'n': keep_aspect_ratio_policy 'not_larger' is not supported",
  ],
  [{ op: 'Resize', opset: 11 }, "model: Resize 'n': has neither scales nor sizes"],
  [
    { op: 'Resize', opset: 11, inputs: ['x', '', 's', 'n'], constants: { ...scales5, n: int64s(1) } },
    "model: Resize 'n': has both scales and sizes",
  ],
  [
    { op: 'Resize', opset: 18, inputs: ['x', '', 's'], constants: { s: floats(2, 2) }, attrs: { axes: [3, 2] } },
    "unsupported: Resize 'n': axes 3, 2 are not ascending neighbours below rank 5",
  ],
  [
    { op: 'Resize', opset: 18, inputs: ['x', '', 's'], constants: scales5, attrs: { axes: [2, 3] } },
    "model: Resize 'n': has 5 scales for 2 axes",
  ],
  [{ op: 'Resize', opset: 9, inputs: ['x', 's'], constants: scales5 }, "model: Resize 'n': does not exist in opset 9"],
  [
    { op: 'Upsample', opset: 10, inputs: ['x', 's'], constants: scales5 },
    "model: Upsample 'n': does not exist in opset 10",
  ],
  [{ op: 'Constant', inputs: [] }, "model: Constant 'n': has no value"],
  [
    { op: 'Constant', inputs: [], attrs: { value_string: 'a' } },
    "unsupported: Constant 'n': attribute 'value_string' is not supported",
  ],
  [
    { op: 'Constant', inputs: [], attrs: { value: { dims: [1], dtype: 8, data: new Uint8Array(1) } } },
    "unsupported: Constant 'n': its tensor is of type string",
  ],
  [
    { op: 'ConstantOfShape', inputs: ['s'], constants: { s: int64s(2 ** 20, 2 ** 20) } },
    "unsupported: ConstantOfShape 'n': makes a constant of shape 1048576x1048576",
  ],
])('%j is refused', (spec, message) => {
  expect(failureOf(() => importOne(spec))).toBe(message);
});
