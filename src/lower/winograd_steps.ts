/**
 * Winograd's method as steps: transform of the input, products, transform to the output, for one chunk of tiles after another, so
 * that what lies between the steps stays in a shared cache. Invariant: a tile is computed alike in whatever chunk it lies.
 */
import type { ConvNode } from '../graph/ir.js';
import { product, roundUp, type Triple } from '../kernels/sizes.js';
import { type GridAxis, gridFields, tilesOver } from '../kernels/winograd_grid.js';
import { winogradInput } from '../kernels/winograd_input.js';
import { winogradOutput } from '../kernels/winograd_output.js';
import { winogradProducts } from '../kernels/winograd_products.js';
import { absent, activationFields, type Context, whereOf } from './context.js';
import { emitLoops } from './copying.js';
import type { Address } from './emitter.js';
import { offset } from './held.js';
import { channelsLast, leadOf, rowMajor, stridesOf } from './layout.js';
import type { LiveTaps } from './live_taps.js';
import { windowFields } from './spatial.js';
import { type ConvShape, convShape, mapTriple, packedSizes, type WinogradChoice } from './winograd.js';

interface WinogradOptions {
  readonly choice: WinogradChoice;
  readonly live: LiveTaps;
  readonly bias: Float32Array | null;
  readonly residualPtr: Address | 0;
}

/** `whole` in even blocks of at most `most`, each a multiple of `multiple`. */
const evenBlock = (whole: number, most: number, multiple: number) =>
  roundUp(Math.ceil(whole / Math.ceil(whole / most)), multiple);

/** Floats between the points of a transformed tensor: an odd number of cache lines, or all points would share a few sets of a cache. */
const pointStrideOf = (floats: number) => roundUp(floats, 32) + 16;

/** What a chunk's transformed input and products take together: they are written and read from a shared cache. */
const chunkBytes = 6 * 2 ** 20;
/** Rows of a chunk at least: the weights pass once for each chunk. */
const leastRows = 48;
/** Chunks of a layer at most: each is three steps of the program. */
const mostChunks = 256;
/**
 * Multiply-adds of a unit of products; vectors of the groups that are transformed together, and of all rows of a unit. Many
 * groups in L2 beat few in L1: positions are read and written in long runs.
 */
const unitWork = 4e6;
const tileVectors = 6912;
const unitVectors = 8192;

/** Rows and groups of a unit of a transform. */
function unitOf(rows: number, points: number, channels: number) {
  const groups = Math.ceil(channels / 16);
  const unitGroups = evenBlock(groups, Math.max(1, Math.floor(tileVectors / (4 * points))), 1);
  return { unitRows: Math.min(rows, Math.ceil(unitVectors / (4 * points * unitGroups))), unitGroups };
}

export function lowerConvWinograd(context: Context, node: ConvNode, options: WinogradOptions): void {
  const { choice, live, bias, residualPtr } = options;
  const { emitter } = context;
  const [xName, wName] = node.inputs as [string, string];
  const yName = node.outputs[0]!;
  const shape = convShape(node, context.value(xName).dims, context.dims(yName), live);
  const { kD, kH, kW } = windowFields(node.window);
  const x = inputOf(context, node, shape, choice);
  const y = context.output(yName, channelsLast);
  const wPtr = emitter.weight(wName, context.constant(wName)!, {
    kernel: 'f32_winograd_products',
    axes: choice.axes,
    strides: choice.strides,
    shifts: x.shifts,
    outC: shape.outC,
    inC: shape.inC,
    taps: [kD, kH, kW],
    first: live.first,
    counts: live.counts,
  });
  const biasPtr = bias ? emitter.words(bias) : absent;
  const imageFloats = shape.outC * product(shape.outSizes);
  for (let image = 0; image < shape.batch; image++) {
    emitImage(context, node, {
      shape,
      choice,
      x: { ...x, address: offset(x.address, image * x.channels * product(x.sizes)) },
      wPtr,
      biasPtr,
      yPtr: offset(y.address, image * imageFloats),
      residualPtr: residualPtr === absent ? absent : offset(residualPtr as Address, image * imageFloats),
    });
  }
  context.define(yName, y);
}

/** The input of the convolution at stride 1. */
interface Input {
  readonly address: Address;
  readonly sizes: Triple;
  readonly channels: number;
  readonly pads: Triple;
  /** Taps that are put in front of the kernel along each axis, so that it begins at a multiple of the stride. */
  readonly shifts: Triple;
}

/** Where positions become channels, a copy: [d][h][w][position along h][along w][channel]. */
function inputOf(context: Context, node: ConvNode, shape: ConvShape, { strides }: WinogradChoice): Input {
  const { emitter } = context;
  const { batch, inC, inSizes, pads } = shape;
  const xName = node.inputs[0]!;
  if (product(strides) === 1) {
    const { address } = context.inLayout(xName, channelsLast);
    return { address, sizes: inSizes, channels: inC, pads, shifts: [0, 0, 0] };
  }
  const [, sH, sW] = strides;
  const held = context.value(xName);
  const [n, c, d, h, w] = fiveStrides(stridesOf(held.dims, held.layout));
  const sizes = mapTriple(axis => inSizes[axis]! / strides[axis]!);
  const channels = inC * sH * sW;
  const address = emitter.tensor([batch * product(sizes) * channels], rowMajor);
  const line = sizes[2] * channels;
  // Along lines of the input, since its channels are few and far apart.
  emitLoops(emitter, whereOf(node), {
    dims: [batch, sizes[0], sizes[1], sH, inC, sW, sizes[2]],
    x: offset(held.address, leadOf(held.layout)),
    xStrides: [n, d, h * sH, h, c, w, w * sW],
    y: address,
    yStrides: [product(sizes) * channels, sizes[1] * line, line, sW * inC, 1, inC, channels],
  });
  const newPads = mapTriple(axis => Math.ceil(pads[axis]! / strides[axis]!));
  return {
    address,
    sizes,
    channels,
    pads: newPads,
    shifts: mapTriple(axis => newPads[axis]! * strides[axis]! - pads[axis]!),
  };
}

/** Strides of [n, c, d, h, w]; those of missing axes count for nothing. */
function fiveStrides(strides: readonly number[]): [number, number, number, number, number] {
  const [n, c, ...spatial] = strides;
  const [d, h, w] = [0, 0, 0, ...spatial].slice(-3);
  return [n!, c!, d!, h!, w!];
}

interface Image {
  readonly shape: ConvShape;
  readonly choice: WinogradChoice;
  readonly x: Input;
  readonly wPtr: Address;
  readonly biasPtr: Address | 0;
  readonly yPtr: Address;
  readonly residualPtr: Address | 0;
}

function emitImage(context: Context, node: ConvNode, image: Image): void {
  const { shape, choice, x } = image;
  const { outSizes, dilations } = shape;
  const { axes } = choice;
  const { points, otherTaps: taps, channels, panels, blockChannels } = packedSizes(shape, choice);
  const quads = channels / 4;
  const outGrid = mapTriple((axis): GridAxis => {
    const dil = axes[axis]!.points > 1 ? dilations[axis]! : 1;
    return { ...axes[axis]!, tiles: tilesOver(outSizes[axis]!, axes[axis]!, dil), dil, pad: x.pads[axis]! };
  });
  const rows = product(outGrid.map(axis => axis.tiles));
  // Taps along depth that are not transformed: planes of rows further on.
  const plane = outGrid[1].tiles * outGrid[2].tiles;
  const tapRows = taps === 1 ? 0 : dilations[0] * plane;
  const halo = (taps - 1) * tapRows;
  const inGrid = outGrid.with(0, { ...outGrid[0], tiles: outGrid[0].tiles + halo / Math.max(plane, 1) });

  const grid = { points, quads, blockQuads: blockChannels / 4, panels, taps, tapRows, halo, inGrid, outGrid };
  const rowBytes = 4 * points * ((taps === 1 ? 4 * quads : 0) + 8 * panels);
  const most = Math.max(leastRows, Math.floor(chunkBytes / rowBytes), Math.ceil(rows / mostChunks));
  const chunkRows = evenBlock(rows, most, 4);
  // Chunks that read each other's rows share one transformed input.
  const whole = taps === 1 ? null : emitInput(context, node, image, { ...grid, firstRow: 0, rows });
  for (let firstRow = 0; firstRow < rows; firstRow += chunkRows) {
    const chunk = { ...grid, firstRow, rows: Math.min(chunkRows, rows - firstRow) };
    const transformed = whole
      ? { ...whole, xPtr: offset(whole.xPtr, firstRow * 16) }
      : emitInput(context, node, image, chunk);
    emitProducts(context, node, image, { ...chunk, transformed });
  }
}

interface Chunk {
  readonly firstRow: number;
  readonly rows: number;
  readonly points: number;
  readonly quads: number;
  readonly blockQuads: number;
  readonly panels: number;
  readonly taps: number;
  readonly tapRows: number;
  /** Rows of the input behind those of the output. */
  readonly halo: number;
  readonly inGrid: readonly GridAxis[];
  readonly outGrid: readonly GridAxis[];
}

/** Where the rows of a chunk lie when they are transformed. */
interface Transformed {
  readonly xPtr: Address;
  readonly xRowPitch: number;
  readonly xPointStride: number;
}

/** The transform of a chunk's input, with the rows that further taps read. */
function emitInput(context: Context, node: ConvNode, { x }: Image, chunk: Chunk): Transformed {
  const { firstRow, points, quads, taps, halo } = chunk;
  const rows = chunk.rows + halo;
  // With room behind the last row, wherever the rows of a chunk and a tap begin.
  const xRowPitch = roundUp(rows, 4) + (taps === 1 ? 0 : 4);
  const xPointStride = pointStrideOf(xRowPitch * 16 * Math.ceil(quads / 4));
  const xPtr = context.emitter.tensor([points * xPointStride], rowMajor);
  context.emitter.step(whereOf(node), winogradInput, {
    xPtr: x.address,
    yPtr: xPtr,
    inD: x.sizes[0],
    inH: x.sizes[1],
    inW: x.sizes[2],
    inC: x.channels,
    ...gridFields(chunk.inGrid),
    firstRow,
    rows,
    rowPitch: xRowPitch,
    pointStride: xPointStride,
    ...unitOf(rows, points, x.channels),
  });
  return { xPtr, xRowPitch, xPointStride };
}

function emitProducts(
  context: Context,
  node: ConvNode,
  { shape, wPtr, biasPtr, yPtr, residualPtr }: Image,
  { transformed, ...chunk }: Chunk & { readonly transformed: Transformed },
): void {
  const { emitter } = context;
  const { firstRow, rows, points, quads, blockQuads, panels, taps, tapRows } = chunk;
  const depth = taps * 4 * quads;
  const rowPitch = roundUp(rows, 4);
  const pointStride = pointStrideOf(Math.ceil(panels / 2) * rowPitch * 16);
  const products = emitter.tensor([points * pointStride], rowMajor);
  emitter.step(whereOf(node, 2 * points * rows * depth * panels * 8), winogradProducts, {
    ...transformed,
    wPtr,
    yPtr: products,
    points,
    quads,
    blockQuads,
    taps,
    tapRows,
    rows,
    panels,
    yRowPitch: rowPitch,
    yPointStride: pointStride,
    // Two panels share the cache lines of y.
    unitPanels: Math.min(panels, 2 * Math.max(1, Math.floor(unitWork / (rows * depth * 16)))),
  });
  emitter.step(whereOf(node), winogradOutput, {
    xPtr: products,
    yPtr,
    outD: shape.outSizes[0],
    outH: shape.outSizes[1],
    outW: shape.outSizes[2],
    outC: shape.outC,
    ...gridFields(chunk.outGrid),
    firstRow,
    rows,
    rowPitch,
    pointStride,
    biasPtr,
    residualPtr,
    ...activationFields(node.activation),
    ...unitOf(rows, points, shape.outC),
  });
}
