/**
 * The networks that are one stack: groups of 3x3x3 convolutions, each group ended by a max-pool, then three fully
 * connected layers. The first pool keeps the depth, so that time is merged late.
 */
import type { Extent, NetBuilder } from './builder.js';

interface Group {
  /** Name and output channels of each convolution. */
  readonly convs: readonly (readonly [name: string, out: number])[];
  /** Kernel and stride of the pool behind them. */
  readonly pool: Extent;
  readonly poolPad?: Extent;
}

// biome-ignore format: one group of the paper's table per line
const c3dGroups: readonly Group[] = [
  { convs: [['1', 64]], pool: [1, 2, 2] },
  { convs: [['2', 128]], pool: 2 },
  { convs: [['3a', 256], ['3b', 256]], pool: 2 },
  { convs: [['4a', 512], ['4b', 512]], pool: 2 },
  { convs: [['5a', 512], ['5b', 512]], pool: 2, poolPad: [0, 1, 1] },
];

// biome-ignore format: one group of the paper's table per line
const vgg11Groups: readonly Group[] = [
  { convs: [['1', 64]], pool: [1, 2, 2] },
  { convs: [['2', 128]], pool: 2 },
  { convs: [['3_1', 256], ['3_2', 256]], pool: 2 },
  { convs: [['4_1', 512], ['4_2', 512]], pool: 2 },
  { convs: [['5_1', 512], ['5_2', 512]], pool: 2 },
];

/** C3D. Tran et al., Learning Spatiotemporal Features with 3D Convolutional Networks, ICCV 2015. */
export const buildC3d = (net: NetBuilder): void => stack(net, { groups: c3dGroups, batchNorm: false });

/**
 * VGG11 with BatchNorm (configuration A of Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
 * Recognition, ICLR 2015), every window grown to three dimensions.
 */
export const buildVgg11 = (net: NetBuilder): void => stack(net, { groups: vgg11Groups, batchNorm: true });

function stack(net: NetBuilder, { groups, batchNorm }: { groups: readonly Group[]; batchNorm: boolean }): void {
  let x = net.input;
  groups.forEach(({ convs, pool, poolPad = 0 }, index) => {
    for (const [id, out] of convs) {
      x = net.conv3d(x, `conv${id}`, { out, kernel: 3, pad: 1, bias: !batchNorm });
      if (batchNorm) x = net.batchNorm(x, `bn${id}`);
      x = net.relu(x, `relu${id}`);
    }
    x = net.maxPool(x, `pool${index + 1}`, { kernel: pool, stride: pool, pad: poolPad });
  });
  x = net.flatten(x, 'flatten');
  x = net.relu(net.linear(x, 'fc6', 4096), 'relu6');
  x = net.relu(net.linear(x, 'fc7', 4096), 'relu7');
  net.classifier(x, 'fc8');
}
