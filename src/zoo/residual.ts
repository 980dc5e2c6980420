/**
 * What the residual networks share: normalized convolutions, and a block's end where the branch meets its shortcut.
 * Invariant: the last BatchNorm of a branch is small, so that a sum over many untrained blocks stays near its shortcut.
 */
import type { ConvOptions, NetBuilder, Value } from './builder.js';

/** Mean of the scale of a branch's last BatchNorm. */
const branchScale = 0.25;

/** Number `id` of a layer with its prefix: convolution `conv<id>`, BatchNorm `bn<id>`, ReLU `relu<id>`. */
export interface Layer {
  /** '' or the block's name with a dot. */
  readonly prefix: string;
  readonly id: string;
}

/** Convolution without bias, BatchNorm, ReLU. */
export function convNormRelu(net: NetBuilder, x: Value, { prefix, id }: Layer, options: ConvOptions): Value {
  const conv = net.conv3d(x, `${prefix}conv${id}`, { ...options, bias: false });
  return net.relu(net.batchNorm(conv, `${prefix}bn${id}`), `${prefix}relu${id}`);
}

/** The last convolution of a branch and its small BatchNorm; the ReLU comes after the addition. */
export function branchEnd(net: NetBuilder, x: Value, { prefix, id }: Layer, options: ConvOptions): Value {
  const conv = net.conv3d(x, `${prefix}conv${id}`, { ...options, bias: false });
  return net.batchNorm(conv, `${prefix}bn${id}`, branchScale);
}

/** relu(branch + shortcut); the shortcut is x itself, or (shortcut B, He et al. 2016) its projection where shapes differ. */
export function joinShortcut(
  net: NetBuilder,
  branch: Value,
  x: Value,
  { prefix, projection }: { prefix: string; projection: ConvOptions | null },
): Value {
  let shortcut = x;
  if (projection !== null) {
    const conv = net.conv3d(x, `${prefix}downsample.0`, { ...projection, bias: false });
    shortcut = net.batchNorm(conv, `${prefix}downsample.1`);
  }
  return net.relu(net.add(branch, shortcut, `${prefix}add`), `${prefix}relu`);
}
