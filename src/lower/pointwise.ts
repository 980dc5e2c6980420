/** Which convolutions read one input position for each output position, so that their rows need no gathering. */
import type { ConvNode } from '../graph/ir.js';
import { type ConvPointwiseShape, leastPositions } from '../kernels/conv_pointwise.js';
import { type LiveTaps, liveTaps, liveWindow } from './live_taps.js';
import { ndhwcFields } from './spatial.js';

/** The convolution as f32_conv_pointwise sees it; null where that kernel cannot do it. */
export function pointwiseShape(
  node: ConvNode,
  x: readonly number[],
  y: readonly number[],
  live: LiveTaps = liveTaps(node, x, y),
): ConvPointwiseShape | null {
  const { batch, inD, inH, inW, inC, outD, outH, outW, outC } = ndhwcFields(x, y);
  const { kD, kH, kW, strideD, strideH, strideW, padD, padH, padW } = liveWindow(node, live);
  const axes = [
    { from: inD, to: outD, taps: kD, stride: strideD, pad: padD },
    { from: inH, to: outH, taps: kH, stride: strideH, pad: padH },
    { from: inW, to: outW, taps: kW, stride: strideW, pad: padW },
  ];
  const isInPlace = axes.every(
    ({ from, to, taps, stride, pad }) => taps === 1 && pad === 0 && from === to && (stride === 1 || to === 1),
  );
  const positions = batch * outD * outH * outW;
  return isInPlace && positions >= leastPositions ? { positions, inC, outC, groups: node.groups } : null;
}
