/**
 * 3D-ResNets: Hara et al., Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and ImageNet?, CVPR 2018. Blocks of
 * two 3x3x3 convolutions (34 layers) or of 1x1x1, 3x3x3, 1x1x1 (50 layers); shortcuts of type B.
 */
import type { NetBuilder, Value } from './builder.js';
import { branchEnd, convNormRelu, joinShortcut } from './residual.js';

interface BlockOptions {
  /** The block's name with a dot. */
  readonly prefix: string;
  /** Channels of its 3x3x3 convolutions. */
  readonly planes: number;
  readonly stride: number;
  /** Whether its output differs from its input in shape. */
  readonly project: boolean;
}

type Block = (net: NetBuilder, x: Value, options: BlockOptions) => Value;

const basicBlock: Block = (net, x, { prefix, planes, stride, project }) => {
  const y = convNormRelu(net, x, { prefix, id: '1' }, { out: planes, kernel: 3, stride, pad: 1 });
  const branch = branchEnd(net, y, { prefix, id: '2' }, { out: planes, kernel: 3, pad: 1 });
  return joinShortcut(net, branch, x, { prefix, projection: project ? { out: planes, kernel: 1, stride } : null });
};

const bottleneckBlock: Block = (net, x, { prefix, planes, stride, project }) => {
  const out = 4 * planes;
  let y = convNormRelu(net, x, { prefix, id: '1' }, { out: planes, kernel: 1 });
  y = convNormRelu(net, y, { prefix, id: '2' }, { out: planes, kernel: 3, stride, pad: 1 });
  const branch = branchEnd(net, y, { prefix, id: '3' }, { out, kernel: 1 });
  return joinShortcut(net, branch, x, { prefix, projection: project ? { out, kernel: 1, stride } : null });
};

/** Blocks and channels of layer1 to layer4; each but the first halves depth, height and width. */
const stages = [
  { blocks: 3, planes: 64, stride: 1 },
  { blocks: 4, planes: 128, stride: 2 },
  { blocks: 6, planes: 256, stride: 2 },
  { blocks: 3, planes: 512, stride: 2 },
] as const;

export const buildResnet34 = (net: NetBuilder): void => resnet(net, basicBlock, { projectFirst: false });

export const buildResnet50 = (net: NetBuilder): void => resnet(net, bottleneckBlock, { projectFirst: true });

/** `projectFirst`: whether layer1 has more channels than what it reads, and so needs a projection. */
function resnet(net: NetBuilder, block: Block, { projectFirst }: { projectFirst: boolean }): void {
  const stem = { out: 64, kernel: 7, stride: [1, 2, 2], pad: 3 } as const;
  let x = convNormRelu(net, net.input, { prefix: '', id: '1' }, stem);
  x = net.maxPool(x, 'pool1', { kernel: 3, stride: 2, pad: 1 });
  stages.forEach(({ blocks, planes, stride }, stage) => {
    for (let index = 0; index < blocks; index++) {
      const prefix = `layer${stage + 1}.${index}.`;
      const project = index === 0 && (stage > 0 || projectFirst);
      x = block(net, x, { prefix, planes, stride: index === 0 ? stride : 1, project });
    }
  });
  net.classifier(net.globalMean(x, 'avgpool'), 'fc');
}
