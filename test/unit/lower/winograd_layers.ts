/**
 * Random networks for Winograd's method: a first layer of stride 2, whose positions become channels where its sizes are even,
 * then layers that are dilated, with a residual where their sizes stay.
 */
import fc from 'fast-check';
import type { Activation, Constant } from '../../../src/graph/ir.js';
import { sizeOf } from '../../../src/graph/shape.js';
import { constantOf, type GraphSpec } from '../../support/ir.js';
import { wave } from './compare.js';

type Triple = readonly [number, number, number];

const activations: readonly (Activation | null)[] = [null, { kind: 'relu' }, { kind: 'elu', alpha: 0.5 }];

const dilatedLayer = fc.record({
  dilations: fc.tuple(...([0, 1, 2] as const).map(() => fc.constantFrom(1, 1, 2, 3))),
  depthTaps: fc.constantFrom(1, 2, 3, 3, 5),
  /** Pads beyond those that keep sizes. */
  extra: fc.constantFrom(0, 0, 0, 1),
  hasResidual: fc.boolean(),
  activation: fc.constantFrom(...activations),
});

const firstKernels: readonly (Triple | null)[] = [null, [1, 6, 6], [1, 7, 7], [3, 7, 7], [5, 7, 6]];

export const winogradLayers: fc.Arbitrary<GraphSpec> = fc
  .record({
    batch: fc.constantFrom(1, 1, 2),
    sizes: fc.tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 3, max: 18 }), fc.integer({ min: 3, max: 18 })),
    isOdd: fc.constantFrom(false, false, false, true),
    channels: fc.constantFrom(16, 24, 33),
    firstKernel: fc.constantFrom(...firstKernels),
    /** Of a pool at the end. */
    windows: fc.constantFrom<Triple | null>(null, null, [1, 2, 2], [2, 2, 2], [1, 3, 1], [1, 1, 2]),
    layers: fc.array(dilatedLayer, { minLength: 1, maxLength: 3 }),
  })
  .map(({ batch, sizes: [d, h, w], isOdd, channels, firstKernel, windows, layers }) => {
    const constants: Record<string, Constant> = {};
    const weights = (name: string, inC: number, kernel: Triple) => {
      const dims = [channels, inC, ...kernel];
      const scale = Math.sqrt(inC * sizeOf(kernel));
      constants[name] = constantOf(
        dims,
        wave(sizeOf(dims), 2).map(value => (1.5 * value) / scale),
      );
      return name;
    };
    const nodes: GraphSpec['nodes'][number][] = [];
    let x = 'x';
    if (firstKernel) {
      const pads = firstKernel.map(taps => taps >> 1);
      const window = { kernel: firstKernel, strides: [1, 2, 2], padsBegin: pads, padsEnd: pads };
      nodes.push({ op: 'Conv', inputs: [x, weights('first', 3, firstKernel)], window, outputs: ['stem'] });
      x = 'stem';
    }
    for (const [i, { dilations, depthTaps, extra, hasResidual, activation }] of layers.entries()) {
      const kernel: Triple = [depthTaps, 3, 3];
      const reach = kernel.map((taps, axis) => (taps - 1) * dilations[axis]!);
      const pads = reach.map(distance => Math.ceil(distance / 2) + extra);
      const keepsSizes = pads.every((pad, axis) => 2 * pad === reach[axis]);
      const window = { kernel, dilations, padsBegin: pads, padsEnd: pads };
      const inputs = [x, weights(`w${i}`, channels, kernel), '', hasResidual && keepsSizes ? x : ''];
      nodes.push({ op: 'Conv', inputs, window, activation, outputs: [`y${i}`] });
      x = `y${i}`;
    }
    if (windows) {
      const kernel = [Math.min(windows[0], d), windows[1], windows[2]];
      nodes.push({ op: 'MaxPool', inputs: [x], window: { kernel, strides: kernel }, outputs: ['pooled'] });
      x = 'pooled';
    }
    const plane = firstKernel ? [2 * h + Number(isOdd), 2 * w] : [h, w];
    return { inputs: { x: [batch, firstKernel ? 3 : channels, d, ...plane] }, constants, nodes, outputs: [x] };
  });
