import type { ConvNode, TypedGraph } from '../graph/ir.js';
import { beforePool, convolvedDims } from '../graph/pooled.js';
import { sizeOf } from '../graph/shape.js';
import { convDepthwise, depthwiseRowBlock } from '../kernels/conv_depthwise.js';
import { convGemm, convGemmBlocks } from '../kernels/conv_gemm.js';
import { convPlanar, planarRowBlock } from '../kernels/conv_planar.js';
import { convPlanarWinograd } from '../kernels/conv_planar_winograd.js';
import { convPointwise, convPointwiseBlocks } from '../kernels/conv_pointwise.js';
import { roundUp } from '../kernels/sizes.js';
import { absent, activationFields, type Context, unsupported, whereOf } from './context.js';
import type { Address } from './emitter.js';
import type { Held } from './held.js';
import { channelsLast, type Layout } from './layout.js';
import { type LiveTaps, liveRuns, liveTaps, liveWindow } from './live_taps.js';
import { choosePlanarWinograd, type PlanarTiles, planarWays } from './planar_winograd.js';
import { pointwiseShape } from './pointwise.js';
import { lowerApart, poolsItself } from './pooled_convolution.js';
import { ndhwcFields, poolFields, windowFields } from './spatial.js';
import { chooseWinograd, type WinogradChoice } from './winograd.js';
import { lowerConvWinograd } from './winograd_steps.js';

export type ConvKernelName = 'f32_conv_gemm' | 'f32_conv_pointwise' | 'f32_conv_planar' | 'f32_conv_depthwise';

/** A way to compute a convolution: the layout that a kernel works on, and Winograd's method in that layout; null: directly. */
export interface ConvMethod {
  readonly kernel: ConvKernelName;
  readonly winograd: WinogradChoice | null;
  readonly planarTiles: PlanarTiles | null;
}

/**
 * Few channels leave a GEMM mostly padding: lanes run along w there instead, where rows are long enough. More outputs pay where Winograd's
 * method takes depth and height, and are no slower where it may not; the more so, the fewer the input channels are.
 */
const planarLimits = { inC: 24, outC: 8, transformedOutC: 24, fewInC: 8, fewOutC: 32, outW: 16 };

/** A convolution's kernel, from its shape alone, so that rounding never depends on the machine. */
function chooseConvKernel(node: ConvNode, x: readonly number[], y: readonly number[]): ConvKernelName {
  const { inC, outC, outW } = ndhwcFields(x, y);
  const { strideW } = windowFields(node.window);
  if (node.groups > 1 && node.groups === inC && node.groups === outC) return 'f32_conv_depthwise';
  const few = inC <= planarLimits.inC && outC <= mostPlanarOutC(node, x, y) && outW >= planarLimits.outW;
  return node.groups === 1 && strideW === 1 && few ? 'f32_conv_planar' : 'f32_conv_gemm';
}

function mostPlanarOutC(node: ConvNode, x: readonly number[], y: readonly number[]): number {
  if (x[1]! <= planarLimits.fewInC && planarWays(node, x, y).length > 0) return planarLimits.fewOutC;
  return choosePlanarWinograd(node, x, y) ? planarLimits.transformedOutC : planarLimits.outC;
}

/** Winograd's tiles of a convolution that the planar kernels do; null where there are none. */
export function planarTilesOf(
  node: ConvNode,
  x: readonly number[],
  y: readonly number[],
  weightGrowth?: number,
): PlanarTiles | null {
  return chooseConvKernel(node, x, y) === 'f32_conv_planar' ? choosePlanarWinograd(node, x, y, weightGrowth) : null;
}

/** How Winograd's method does a convolution between channels last; null where it does not. */
export function winogradOf(
  node: ConvNode,
  x: readonly number[],
  y: readonly number[],
  weightGrowth?: number,
): WinogradChoice | null {
  return chooseConvKernel(node, x, y) === 'f32_conv_gemm' ? chooseWinograd(node, x, y, weightGrowth) : null;
}

export function lowerConv(context: Context, node: ConvNode): void {
  const [, wName, biasName = ''] = node.inputs as [string, string, string?];
  if (!context.constant(wName)) throw unsupported(node, `weights '${wName}' are computed; they must be constant`);
  const bias = biasName === '' ? null : context.floats(biasName);
  if (biasName !== '' && !bias) throw unsupported(node, `bias '${biasName}' is computed; it must be constant`);
  const method = context.convMethod ?? methodOf(context);
  if (!node.pool || poolsItself(node, method)) lowerBy(method, context, node, bias);
  else lowerApart(context, node, (inner, convolution) => lowerBy(method, inner, convolution, bias));
}

/** What a choice is made from: the whole convolution, of which a part may have fewer groups. */
function wholeConv({ fullNode, fullDims }: Context): [ConvNode, readonly number[], readonly number[]] {
  const node = fullNode as ConvNode;
  return [node, ...convolvedDims(node, fullDims)];
}

/** By Winograd's method where that is allowed and pays, directly elsewhere. */
function methodOf(context: Context): ConvMethod {
  const whole = wholeConv(context);
  const { exact, weightGrowth } = context;
  return {
    kernel: chooseConvKernel(...whole),
    winograd: exact ? null : winogradOf(...whole, weightGrowth),
    planarTiles: exact ? null : planarTilesOf(...whole, weightGrowth),
  };
}

function lowerBy(method: ConvMethod, context: Context, node: ConvNode, bias: Float32Array | null): void {
  if (method.kernel === 'f32_conv_planar') lowerConvPlanar(context, node, bias, method.planarTiles);
  else if (method.kernel === 'f32_conv_depthwise') lowerConvDepthwise(context, node, bias);
  else lowerConvDense(context, node, bias, method.winograd);
}

function lowerConvDense(
  context: Context,
  node: ConvNode,
  bias: Float32Array | null,
  choice: WinogradChoice | null,
): void {
  const live = liveTaps(...wholeConv(context));
  if (choice)
    lowerConvWinograd(context, node, { choice, live, bias, residualPtr: residualAddress(context, node, channelsLast) });
  else lowerConvDirect(context, node, live, bias);
}

/** Where the residual lies, held like y; absent where there is none. */
function residualAddress(context: Context, node: ConvNode, layout: Layout): Address | 0 {
  const name = node.inputs[3] ?? '';
  return name === '' ? absent : context.residualIn(name, layout).address;
}

function lowerConvDirect(context: Context, node: ConvNode, live: LiveTaps, bias: Float32Array | null): void {
  const { emitter } = context;
  const [xName, wName] = node.inputs as [string, string];
  const yName = node.outputs[0]!;
  const x = context.inLayout(xName, channelsLast);
  const residualPtr = residualAddress(context, node, channelsLast);
  const y = context.output(yName, channelsLast);
  const sizes = ndhwcFields(x.dims, y.dims);
  const convolved = beforePool(node, y.dims);
  const groupInC = sizes.inC / node.groups;
  const where = whereOf(node, 2 * sizeOf(convolved) * sizeOf(live.counts) * groupInC);
  const operands = {
    xPtr: x.address,
    yPtr: y.address,
    wPtr: emitter.weight(wName, context.constant(wName)!, {
      kernel: 'f32_conv_gemm',
      groups: node.groups,
      outC: sizes.outC,
      groupInC,
      taps: sizeOf(node.window.kernel),
      runs: liveRuns(node, live),
    }),
    biasPtr: bias ? emitter.words(panelledBias(bias, node.groups, 8)) : absent,
    residualPtr,
    ...activationFields(node.activation),
  };
  // The two kernels give the same bits, so that a part of a layer may take another one than the whole.
  const isGathered = node.pool !== null || context.convMethod?.kernel === 'f32_conv_gemm';
  const inPlace = isGathered ? null : pointwiseShape(node, x.dims, y.dims, live);
  if (inPlace) emitter.step(where, convPointwise, { ...inPlace, ...operands, ...convPointwiseBlocks(inPlace) });
  else {
    const shape = { ...sizes, ...liveWindow(node, live), groups: node.groups, ...poolFields(node) };
    emitter.step(where, convGemm, { ...shape, ...operands, ...convGemmBlocks(shape) });
  }
  context.define(yName, y);
}

/** [groups * panels * width]: each group's outputs begin on a panel of their own, the rest is zero. */
export function panelledBias(bias: Float32Array, groups: number, width: number): Float32Array {
  const groupOutC = bias.length / groups;
  const pitch = Math.ceil(groupOutC / width) * width;
  const padded = new Float32Array(groups * pitch);
  for (let group = 0; group < groups; group++) {
    padded.set(bias.subarray(group * groupOutC, (group + 1) * groupOutC), group * pitch);
  }
  return padded;
}

function lowerConvDepthwise(context: Context, node: ConvNode, bias: Float32Array | null): void {
  const { emitter } = context;
  const [xName, wName] = node.inputs as [string, string];
  const yName = node.outputs[0]!;
  const x = context.inLayout(xName, channelsLast);
  const residualPtr = residualAddress(context, node, channelsLast);
  const y = context.output(yName, channelsLast);
  const shape = { ...ndhwcFields(x.dims, y.dims), ...windowFields(node.window) };
  const taps = sizeOf(node.window.kernel);
  emitter.step(whereOf(node, 2 * sizeOf(y.dims) * taps), convDepthwise, {
    ...shape,
    xPtr: x.address,
    yPtr: y.address,
    wPtr: emitter.weight(wName, context.constant(wName)!, {
      kernel: 'f32_conv_depthwise',
      channels: shape.outC,
      taps,
    }),
    biasPtr: bias ? emitter.words(bias) : absent,
    residualPtr,
    ...activationFields(node.activation),
    mBlock: depthwiseRowBlock(shape),
  });
  context.define(yName, y);
}

/** Zeros that a planar convolution needs before and behind each row of its input. */
function planarNeeds(node: ConvNode, x: readonly number[], y: readonly number[]): { left: number; right: number } {
  const { padW, kW, dilW } = windowFields(node.window);
  const { inW, outW } = ndhwcFields(x, y);
  return { left: padW, right: Math.max(0, outW - padW + (kW - 1) * dilW - inW) };
}

/** A planar layout for rows of `width` with at least these halos; rows of vectors end inside their pitch. */
function planarLayout(width: number, left: number, right: number): Layout {
  const halo = roundUp(left, 4);
  return { kind: 'planar', halo, pitch: halo + roundUp(Math.max(roundUp(width, 8), width + right), 8) };
}

/** The layout in which a convolution gives its result, but for the halos that readers ask for. */
export function convLayout(graph: TypedGraph, node: ConvNode): Layout {
  const [x, y] = convolvedDims(node, name => graph.types.get(name)!.dims);
  const isPlanar = !node.pool && chooseConvKernel(node, x, y) === 'f32_conv_planar';
  return isPlanar ? planarLayout(y.at(-1)!, 0, 0) : channelsLast;
}

const planarFits = (held: Held, left: number, right: number): boolean => {
  const { layout } = held;
  return layout.kind === 'planar' && layout.halo >= left && layout.pitch - layout.halo - held.dims.at(-1)! >= right;
};

function planarInput(context: Context, node: ConvNode): Held {
  const xName = node.inputs[0]!;
  const dims = context.fullDims(xName);
  const { left, right } = planarNeeds(node, dims, context.fullDims(node.outputs[0]!));
  const fitting = context.heldAs(xName).find(held => planarFits(held, left, right));
  return fitting ?? context.inLayout(xName, planarLayout(dims.at(-1)!, left, right));
}

/** What the planar readers of a value need together, so that it is written once. */
function planarOutput(context: Context, name: string): Layout {
  const dims = context.fullDims(name);
  let left = 0;
  let right = 0;
  for (const reader of context.readers(name)) {
    if (reader.op !== 'Conv' || reader.inputs[0] !== name) continue;
    const [, y] = convolvedDims(reader, context.fullDims);
    if (chooseConvKernel(reader, dims, y) !== 'f32_conv_planar') continue;
    const needs = planarNeeds(reader, dims, y);
    left = Math.max(left, needs.left);
    right = Math.max(right, needs.right);
  }
  return planarLayout(dims.at(-1)!, left, right);
}

function lowerConvPlanar(context: Context, node: ConvNode, bias: Float32Array | null, tiles: PlanarTiles | null): void {
  const { emitter } = context;
  const wName = node.inputs[1]!;
  const yName = node.outputs[0]!;
  const x = planarInput(context, node);
  const layout = planarOutput(context, yName);
  const residualPtr = residualAddress(context, node, layout);
  const y = context.output(yName, layout);
  const { inD, inH, inW, outD, outH, outW, batch, inC, outC } = ndhwcFields(x.dims, y.dims);
  const taps = sizeOf(node.window.kernel);
  const window = windowFields(node.window);
  const common = {
    ...{ batch, inC, inD, inH, inW, outC, outD, outH, outW },
    xPtr: x.address,
    yPtr: y.address,
    ...pitches(x.layout, 'in'),
    ...pitches(layout, 'out'),
    biasPtr: bias ? emitter.words(bias) : absent,
    residualPtr,
    ...activationFields(node.activation),
  };
  const where = whereOf(node, 2 * sizeOf(y.dims) * taps * inC);
  const weights = context.constant(wName)!;
  if (tiles) {
    const { kW, dilD, dilH, dilW, padD, padH, padW } = window;
    const [tileD, tileH] = tiles;
    emitter.step(where, convPlanarWinograd, {
      ...common,
      ...{ kW, dilD, dilH, dilW, padD, padH, padW, tileD, tileH },
      wPtr: emitter.weight(wName, weights, { kernel: 'f32_conv_planar_winograd', tiles, outC, inC, kW }),
    });
  } else {
    emitter.step(where, convPlanar, {
      ...common,
      ...window,
      wPtr: emitter.weight(wName, weights, { kernel: 'f32_conv_planar', outC, inC, taps }),
      hBlock: planarRowBlock({ batch, inC, outC, outD, outH, outW, ...window }),
    });
  }
  context.define(yName, y);
}

function pitches<P extends 'in' | 'out'>(layout: Layout, prefix: P) {
  if (layout.kind !== 'planar') throw new TypeError('a planar convolution reads and writes planar tensors');
  return { [`${prefix}Pitch`]: layout.pitch, [`${prefix}Halo`]: layout.halo } as Record<
    `${P}Pitch` | `${P}Halo`,
    number
  >;
}
