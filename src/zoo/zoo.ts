/**
 * The zoo: networks that numavox can make by name, untrained. Invariant: a graph depends on its name and options alone,
 * down to the bits of its weights.
 */
import { NumavoxError } from '../errors.js';
import type { Graph } from '../graph/ir.js';
import { type NetBuilder, netBuilder } from './builder.js';
import { buildP3d } from './p3d.js';
import { buildResnet34, buildResnet50 } from './resnet.js';
import { buildC3d, buildVgg11 } from './stacked.js';

export const zooNames = ['c3d', 'resnet34', 'resnet50', 'vgg11', 'p3d'] as const;
export type ZooName = (typeof zooNames)[number];

export interface ZooOptions {
  /** Factor on the channels of all layers but the last, above 0; 1 unless given. */
  readonly width?: number;
  /** Outputs of the last layer; the network's own number unless given. */
  readonly classes?: number;
  /** Of the weights: an unsigned 32-bit integer; 1 unless given. */
  readonly seed?: number;
  /** Clips per run; 1 unless given. */
  readonly batch?: number;
}

export interface ZooNetwork {
  readonly title: string;
  readonly source: string;
  /** Of one clip: channels, frames, height, width. */
  readonly clip: readonly [number, number, number, number];
  readonly classes: number;
  readonly build: (net: NetBuilder) => void;
}

export const zooNetworks: Readonly<Record<ZooName, ZooNetwork>> = {
  c3d: { title: 'C3D', source: 'Tran et al. 2015', clip: [3, 16, 112, 112], classes: 101, build: buildC3d },
  resnet34: {
    title: '3D-ResNet34',
    source: 'Hara et al. 2018',
    clip: [3, 16, 112, 112],
    classes: 400,
    build: buildResnet34,
  },
  resnet50: {
    title: '3D-ResNet50',
    source: 'Hara et al. 2018',
    clip: [3, 16, 112, 112],
    classes: 400,
    build: buildResnet50,
  },
  vgg11: {
    title: '3D-VGG11',
    source: 'Simonyan and Zisserman 2015, in 3D',
    clip: [3, 16, 112, 112],
    classes: 101,
    build: buildVgg11,
  },
  p3d: { title: 'P3D-63', source: 'Qiu et al. 2017', clip: [3, 16, 160, 160], classes: 101, build: buildP3d },
};

/** Whether the text is the bare name of a zoo network (`c3d`). */
export const isZooName = (text: string): text is ZooName => zooNames.some(name => name === text);

/** The text as a name. @throws NumavoxError `usage` that lists the names */
export function requireZooName(text: string): ZooName {
  if (isZooName(text)) return text;
  throw new NumavoxError('usage', `no zoo network is called '${text}': there are ${zooNames.join(', ')}`);
}

/**
 * The network as a graph with input `input` [batch, 3, frames, height, width], output `output` [batch, classes] (logits, no
 * softmax) and generated weights. BatchNorms are nodes of their own, as in training.
 * @throws NumavoxError `usage` for an unknown name or an option out of range
 */
export function zooGraph(name: ZooName, options: ZooOptions = {}): Graph {
  const { clip, classes: ownClasses, build } = zooNetworks[requireZooName(name)];
  const { width = 1, classes = ownClasses, seed = 1, batch = 1 } = options;
  if (!(width > 0 && width <= maxWidth)) {
    throw new NumavoxError('usage', `zoo ${name}: width is ${width}, must be above 0 and at most ${maxWidth}`);
  }
  requireInteger(name, 'classes', classes, 1);
  requireInteger(name, 'seed', seed, 0);
  requireInteger(name, 'batch', batch, 1);
  const net = netBuilder({ name, inputDims: [batch, ...clip], width, classes, seed });
  build(net);
  return net.graph();
}

/** Keeps every tensor of every network below 4 GiB. */
const maxWidth = 4;
const maxInteger = 0xffffffff;

function requireInteger(name: ZooName, option: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min && value <= maxInteger) return;
  throw new NumavoxError(
    'usage',
    `zoo ${name}: ${option} is ${value}, must be an integer from ${min} to ${maxInteger}`,
  );
}
