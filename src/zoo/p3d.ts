/**
 * P3D-63: Qiu et al., Learning Spatio-Temporal Representation with Pseudo-3D Residual Networks, ICCV 2017. The layout of
 * ResNet-50, each 3x3x3 convolution parted into S (1x3x3, space) and T (3x1x1, time). Its blocks join S and T in one of
 * three ways, in turn through the network; the last stage, whose depth is down to 1, has S alone.
 */
import type { ConvOptions, NetBuilder, Value } from './builder.js';
import { branchEnd, convNormRelu, joinShortcut } from './residual.js';

/** A: T after S. B: T beside S, both read x. C: T after S, and S also goes straight to the sum. */
const kinds = ['A', 'B', 'C'] as const;
type Kind = (typeof kinds)[number] | '2D';

function spaceAndTime(net: NetBuilder, x: Value, options: { prefix: string; planes: number; kind: Kind }): Value {
  const { prefix, planes, kind } = options;
  const space: ConvOptions = { out: planes, kernel: [1, 3, 3], pad: [0, 1, 1] };
  const time: ConvOptions = { out: planes, kernel: [3, 1, 1], pad: [1, 0, 0] };
  const s = convNormRelu(net, x, { prefix, id: 'S' }, space);
  if (kind === '2D') return s;
  const t = convNormRelu(net, kind === 'B' ? x : s, { prefix, id: 'T' }, time);
  return kind === 'A' ? t : net.add(s, t, `${prefix}addST`);
}

/** Blocks and channels of layer1 to layer4. Time is halved by the pools, space by the first block of each stage. */
const stages = [
  { blocks: 3, planes: 64, stride: 1 },
  { blocks: 4, planes: 128, stride: [1, 2, 2] },
  { blocks: 6, planes: 256, stride: [1, 2, 2] },
  { blocks: 3, planes: 512, stride: [1, 2, 2] },
] as const;

export function buildP3d(net: NetBuilder): void {
  const stem = { out: 64, kernel: [1, 7, 7], stride: [1, 2, 2], pad: [0, 3, 3] } as const;
  let x = convNormRelu(net, net.input, { prefix: '', id: '1' }, stem);
  x = net.maxPool(x, 'pool1', { kernel: [2, 3, 3], stride: 2, pad: [0, 1, 1] });
  let turn = 0;
  stages.forEach(({ blocks, planes, stride: firstStride }, stage) => {
    const last = stage === stages.length - 1;
    for (let index = 0; index < blocks; index++) {
      const prefix = `layer${stage + 1}.${index}.`;
      const stride = index === 0 ? firstStride : 1;
      const out = 4 * planes;
      let y = convNormRelu(net, x, { prefix, id: '1' }, { out: planes, kernel: 1, stride });
      y = spaceAndTime(net, y, { prefix, planes, kind: last ? '2D' : kinds[turn++ % kinds.length]! });
      const branch = branchEnd(net, y, { prefix, id: '3' }, { out, kernel: 1 });
      x = joinShortcut(net, branch, x, { prefix, projection: index === 0 ? { out, kernel: 1, stride } : null });
    }
    if (!last) x = net.maxPool(x, `pool${stage + 2}`, { kernel: [2, 1, 1], stride: [2, 1, 1] });
  });
  net.classifier(net.globalMean(x, 'avgpool'), 'fc');
}
