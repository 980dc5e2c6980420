/** What ONNX says of ops that slide a window over spatial dimensions, one output position after another. */
import type { ConvNode, GlobalPoolNode, PoolNode, Window } from '../../src/graph/ir.js';
import { sizeOf, stridesOf } from '../../src/graph/shape.js';
import { indices, type Read, type Tensor } from './tensor.js';

interface Tap {
  /** Which tap of the window, row-major. */
  readonly tap: number;
  /** Offset in one channel of the input; null outside of it. */
  readonly at: number | null;
  /** Whether it is in the input or its padding: a partial last window (ceil_mode) reaches further. */
  readonly padded: boolean;
}

/** The taps of the window at each output position, row-major. */
function windowsOf(sizes: readonly number[], outSizes: readonly number[], window: Window): Tap[][] {
  const strides = stridesOf(sizes);
  const taps = indices(window.kernel);
  return indices(outSizes).map(position =>
    taps.map((index, tap) => {
      const from = position.map(
        (p, i) => p * window.strides[i]! - window.padsBegin[i]! + index[i]! * window.dilations[i]!,
      );
      const inside = from.every((p, i) => p >= 0 && p < sizes[i]!);
      const at = inside ? from.reduce((sum, p, i) => sum + p * strides[i]!, 0) : null;
      return { tap, at, padded: from.every((p, i) => p < sizes[i]! + window.padsEnd[i]!) };
    }),
  );
}

/** Before the activation. */
export function conv(node: ConvNode, dims: readonly number[], read: Read): number[] {
  const [x, w] = [read(0), read(1)];
  const bias = node.inputs[2] ? read(2).data : null;
  const residual = node.inputs[3] ? read(3).data : null;
  const [outC, groupC] = w.dims as [number, number];
  const [inner, taps] = [sizeOf(x.dims.slice(2)), sizeOf(w.dims.slice(2))];
  const windows = windowsOf(x.dims.slice(2), dims.slice(2), node.window);
  const y: number[] = [];
  for (let n = 0; n < dims[0]!; n++) {
    for (let channel = 0; channel < outC; channel++) {
      const firstC = Math.floor((channel * node.groups) / outC) * groupC;
      for (const window of windows) {
        let sum = (bias?.[channel] ?? 0) + (residual?.[y.length] ?? 0);
        for (const { tap, at } of window) {
          if (at === null) continue;
          for (let c = 0; c < groupC; c++) {
            const value = x.data[(n * x.dims[1]! + firstC + c) * inner + at]!;
            sum += value * w.data[(channel * groupC + c) * taps + tap]!;
          }
        }
        y.push(sum);
      }
    }
  }
  return y;
}

export function pool(node: PoolNode, dims: readonly number[], x: Tensor): number[] {
  const inner = sizeOf(x.dims.slice(2));
  const windows = windowsOf(x.dims.slice(2), dims.slice(2), node.window);
  return Array.from({ length: dims[0]! * dims[1]! }, (_, channel) =>
    windows.map(window => {
      const values = window.filter(({ at }) => at !== null).map(({ at }) => x.data[channel * inner + at!]!);
      if (node.op === 'MaxPool') return Math.max(...values);
      const count = node.countIncludePad ? window.filter(({ padded }) => padded).length : values.length;
      return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / count;
    }),
  ).flat();
}

export function globalPool(node: GlobalPoolNode, x: Tensor): number[] {
  const inner = sizeOf(x.dims.slice(2));
  return Array.from({ length: x.dims[0]! * x.dims[1]! }, (_, channel) => {
    const values = Array.from({ length: inner }, (_value, i) => x.data[channel * inner + i]!);
    if (node.op === 'GlobalMaxPool') return Math.max(...values);
    return values.reduce((sum, value) => sum + value, 0) / inner;
  });
}
