/**
 * Packing: a constant laid out as one kernel reads it. Falls into units that write separate places, so that workers share
 * them; each reads the elements it needs in runs and nothing else, through a staging area of bounded size.
 */
import { type WinogradTile, type WinogradTiles, winogradTransforms } from './winograd.js';

/**
 * How a constant is laid out for the kernel named by `kernel`, and for no other.
 * All packings pad with zeros; `outputs` x `depth` is the operand as a matrix (N x K).
 */
export type Packing =
  /** Row-major, as it is. */
  | { readonly kernel: 'dense'; readonly elements: number }
  /** w [outC, inC/groups, kD, kH, kW] -> [group][panel of 8 outputs][tap][channel][8]. */
  | {
      readonly kernel: 'f32_conv_gemm';
      readonly groups: number;
      readonly outC: number;
      readonly groupInC: number;
      readonly taps: number;
    }
  /**
   * w [outC, inC, kD, kH, kW], transformed along each axis that has a tile (0: none) and three taps ->
   * [transform along w][along h][along d][panel of 8 outputs][other tap][channel][8].
   */
  | {
      readonly kernel: 'f32_conv_gemm/winograd';
      readonly tiles: WinogradTiles;
      readonly outC: number;
      readonly inC: number;
      readonly taps: readonly [kD: number, kH: number, kW: number];
    }
  /** For f32_conv_gemm: [panel of 8 outputs][K][8]. */
  | ({ readonly kernel: 'f32_conv_gemm/matrix' } & PackedMatrix)
  /** [panel of 32 outputs][K][32] */
  | ({ readonly kernel: 'f32_gemv' } & PackedMatrix)
  /** w [outC, inC, kD, kH, kW] -> [tap][inC][outC]. */
  | { readonly kernel: 'f32_conv_planar'; readonly outC: number; readonly inC: number; readonly taps: number }
  /** w [outC, inC, 3, 3, kW], transformed along d and h -> [transform along d][along h][kW][inC][outC]. */
  | {
      readonly kernel: 'f32_conv_planar_winograd';
      readonly tiles: readonly [tileD: WinogradTile, tileH: WinogradTile];
      readonly outC: number;
      readonly inC: number;
      readonly kW: number;
    }
  /** w [C, 1, kD, kH, kW] -> [tap][C]. */
  | { readonly kernel: 'f32_conv_depthwise'; readonly channels: number; readonly taps: number };

/** `outputs` columns, from `first` on, of Gemm's b [K, columns]; or rows of b [rows, K] when transposed. */
export interface PackedMatrix {
  readonly outputs: number;
  readonly depth: number;
  readonly transposed: boolean;
  readonly first: number;
  /** All columns (or rows) of b. */
  readonly of: number;
}

/** Fills `into` with elements [start, start + count) of the constant, row-major, as float32. */
export type ReadElements = (start: number, count: number, into: Float32Array) => unknown;

const bytesPerFloat = 4;
/** Elements of a unit of a dense constant. */
const denseUnit = 262144;
/** Elements of one output that are staged at a time, where they can be cut. */
const stagedDepth = 2048;
const gemmPanel = 8;
const gemvPanel = 32;

/** How many units the packing falls into. */
export function packUnits(packing: Packing): number {
  switch (packing.kernel) {
    case 'dense':
      return Math.ceil(packing.elements / denseUnit);
    case 'f32_conv_gemm':
      return packing.groups * Math.ceil(packing.outC / packing.groups / gemmPanel);
    case 'f32_conv_gemm/winograd':
      return Math.ceil(packing.outC / gemmPanel);
    case 'f32_conv_gemm/matrix':
      return matrixUnits(packing, gemmPanel);
    case 'f32_gemv':
      return matrixUnits(packing, gemvPanel);
    case 'f32_conv_planar':
    case 'f32_conv_planar_winograd':
    case 'f32_conv_depthwise':
      return 1;
  }
}

/** Size of the packed operand in bytes. */
export function packBytes(packing: Packing): number {
  switch (packing.kernel) {
    case 'dense':
      return packing.elements * bytesPerFloat;
    case 'f32_conv_gemm': {
      const panels = packing.groups * Math.ceil(packing.outC / packing.groups / gemmPanel);
      return panels * gemmPanel * packing.taps * packing.groupInC * bytesPerFloat;
    }
    case 'f32_conv_gemm/winograd': {
      const { outC, inC } = packing;
      const { groups, otherTaps } = transformedTaps(packing);
      return groups * Math.ceil(outC / gemmPanel) * gemmPanel * otherTaps * inC * bytesPerFloat;
    }
    case 'f32_conv_gemm/matrix':
      return Math.ceil(packing.outputs / gemmPanel) * gemmPanel * packing.depth * bytesPerFloat;
    case 'f32_gemv':
      return Math.ceil(packing.outputs / gemvPanel) * gemvPanel * packing.depth * bytesPerFloat;
    case 'f32_conv_planar':
      return packing.taps * packing.inC * packing.outC * bytesPerFloat;
    case 'f32_conv_planar_winograd': {
      const [tileD, tileH] = packing.tiles;
      return (tileD + 2) * (tileH + 2) * packing.kW * packing.inC * packing.outC * bytesPerFloat;
    }
    case 'f32_conv_depthwise':
      return packing.taps * packing.channels * bytesPerFloat;
  }
}

/** Packs one unit into its place in `out`, the whole packed operand, which is zero where nothing is written. */
export function pack(packing: Packing, unit: number, read: ReadElements, out: Float32Array): void {
  switch (packing.kernel) {
    case 'dense': {
      const start = unit * denseUnit;
      const end = Math.min(packing.elements, start + denseUnit);
      read(start, end - start, out.subarray(start, end));
      return;
    }
    case 'f32_conv_gemm':
      packConvPanel(packing, unit, read, out);
      return;
    case 'f32_conv_gemm/winograd':
      packWinogradPanel(packing, unit, read, out);
      return;
    case 'f32_conv_gemm/matrix':
      packMatrix(packing, gemmPanel, unit, read, out);
      return;
    case 'f32_gemv':
      packMatrix(packing, gemvPanel, unit, read, out);
      return;
    case 'f32_conv_planar':
      packTapsFirst(packing, read, out);
      return;
    case 'f32_conv_planar_winograd':
      packPlanarWinograd(packing, read, out);
      return;
    case 'f32_conv_depthwise':
      packTapsFirst({ outC: packing.channels, inC: 1, taps: packing.taps }, read, out);
      return;
  }
}

let stage = new Float32Array(0);

/** The staging area, kept between units: a worker packs one unit at a time. */
function staging(elements: number): Float32Array {
  if (stage.length < elements) stage = new Float32Array(elements);
  return stage;
}

type ConvPacking = Extract<Packing, { kernel: 'f32_conv_gemm' }>;

/** [panel of 8 outputs][tap][channel][8] from [outC][channel][tap]; as many channels at a time as the stage holds. */
function packConvPanel(packing: ConvPacking, unit: number, read: ReadElements, out: Float32Array): void {
  const { groups, outC, groupInC, taps } = packing;
  const groupOutC = outC / groups;
  const panels = Math.ceil(groupOutC / gemmPanel);
  const group = Math.floor(unit / panels);
  const firstOutput = (unit % panels) * gemmPanel;
  const outputs = Math.min(gemmPanel, groupOutC - firstOutput);
  const depth = taps * groupInC;
  const target = unit * gemmPanel * depth;
  const channelsAtOnce = Math.min(groupInC, Math.max(1, Math.floor(stagedDepth / taps)));
  const pitch = channelsAtOnce * taps;
  const staged = staging(gemmPanel * pitch);

  for (let firstChannel = 0; firstChannel < groupInC; firstChannel += channelsAtOnce) {
    const channels = Math.min(channelsAtOnce, groupInC - firstChannel);
    for (let o = 0; o < outputs; o++) {
      const row = (group * groupOutC + firstOutput + o) * depth + firstChannel * taps;
      read(row, channels * taps, staged.subarray(o * pitch, o * pitch + channels * taps));
    }
    for (let tap = 0; tap < taps; tap++) {
      let to = target + (tap * groupInC + firstChannel) * gemmPanel;
      for (let c = 0; c < channels; c++, to += gemmPanel) {
        for (let o = 0, from = c * taps + tap; o < outputs; o++, from += pitch) out[to + o] = staged[from]!;
      }
    }
  }
}

type WinogradPacking = Extract<Packing, { kernel: 'f32_conv_gemm/winograd' }>;
type PlanarWinogradPacking = Extract<Packing, { kernel: 'f32_conv_planar_winograd' }>;

/** Sizes after the transforms: products per output tile, and taps that are left to each of them. */
function transformedTaps({ tiles, taps }: WinogradPacking) {
  const sizes = taps.map((count, axis) => (tiles[axis] ? tiles[axis] + 2 : count));
  const product = (along: (axis: number) => boolean) =>
    sizes.reduce((all, size, axis) => (along(axis) ? all * size : all), 1);
  return { sizes, groups: product(axis => tiles[axis] !== 0), otherTaps: product(axis => tiles[axis] === 0) };
}

/** For each value of a transformed kernel [d][h][w]: the number of its transform and that of its other tap. */
function transformedPlaces(packing: WinogradPacking): { group: number; tap: number }[] {
  const { tiles } = packing;
  const { sizes, groups, otherTaps } = transformedTaps(packing);
  return Array.from({ length: groups * otherTaps }, (_, i) => {
    let rest = i;
    const index = [0, 0, 0];
    for (const axis of [2, 1, 0]) {
      index[axis] = rest % sizes[axis]!;
      rest = Math.floor(rest / sizes[axis]!);
    }
    let group = 0;
    for (const axis of [2, 1, 0]) if (tiles[axis]) group = group * sizes[axis]! + index[axis]!;
    let tap = 0;
    for (const axis of [0, 1, 2]) if (!tiles[axis]) tap = tap * sizes[axis]! + index[axis]!;
    return { group, tap };
  });
}

/** The transforms of a kernel [d][h][w] along one axis after another; the result is good until the next call. */
function kernelTransform({
  tiles,
  taps,
}: Pick<WinogradPacking, 'tiles' | 'taps'>): (kernel: Float32Array) => ArrayLike<number> {
  const sizes: number[] = [...taps];
  const passes = [0, 1, 2].flatMap(axis => {
    const tile = tiles[axis]!;
    if (tile === 0) return [];
    const outer = sizes.slice(0, axis).reduce((all, size) => all * size, 1);
    const inner = sizes.slice(axis + 1).reduce((all, size) => all * size, 1);
    sizes[axis] = tile + 2;
    const matrix = Float64Array.from(winogradTransforms[tile].weight.flat());
    return [{ outer, inner, products: tile + 2, matrix, out: new Float64Array(outer * (tile + 2) * inner) }];
  });
  return kernel => {
    let from: ArrayLike<number> = kernel;
    for (const { outer, inner, products, matrix, out } of passes) {
      let to = 0;
      for (let o = 0; o < outer; o++) {
        for (let f = 0; f < products; f++) {
          const g0 = matrix[3 * f]!;
          const g1 = matrix[3 * f + 1]!;
          const g2 = matrix[3 * f + 2]!;
          const at = 3 * o * inner;
          for (let i = 0; i < inner; i++) {
            out[to++] = g0 * from[at + i]! + g1 * from[at + inner + i]! + g2 * from[at + 2 * inner + i]!;
          }
        }
      }
      from = out;
    }
    return from;
  };
}

/** One panel of outputs under every transform. */
function packWinogradPanel(packing: WinogradPacking, unit: number, read: ReadElements, out: Float32Array): void {
  const { outC, inC } = packing;
  const taps = packing.taps[0] * packing.taps[1] * packing.taps[2];
  const panels = Math.ceil(outC / gemmPanel);
  const outputs = Math.min(gemmPanel, outC - unit * gemmPanel);
  const panelSize = transformedTaps(packing).otherTaps * inC * gemmPanel;
  const targets = transformedPlaces(packing).map(
    ({ group, tap }) => (group * panels + unit) * panelSize + tap * inC * gemmPanel,
  );
  const transform = kernelTransform(packing);
  const channelsAtOnce = Math.min(inC, Math.max(1, Math.floor(stagedDepth / taps)));
  const pitch = channelsAtOnce * taps;
  const staged = staging(gemmPanel * pitch);

  for (let firstChannel = 0; firstChannel < inC; firstChannel += channelsAtOnce) {
    const channels = Math.min(channelsAtOnce, inC - firstChannel);
    for (let o = 0; o < outputs; o++) {
      const row = ((unit * gemmPanel + o) * inC + firstChannel) * taps;
      read(row, channels * taps, staged.subarray(o * pitch, o * pitch + channels * taps));
    }
    for (let c = 0; c < channels; c++) {
      for (let o = 0; o < outputs; o++) {
        const first = o * pitch + c * taps;
        const values = transform(staged.subarray(first, first + taps));
        const to = (firstChannel + c) * gemmPanel + o;
        for (let i = 0; i < targets.length; i++) out[targets[i]! + to] = values[i]!;
      }
    }
  }
}

/** Rows of b [K, N] in one unit: about a mebibyte, so that the rows are read in one go. */
const rowsPerUnit = ({ of }: PackedMatrix) => Math.max(1, Math.floor(denseUnit / of));

/** b [N, K] is cut by panels of outputs, b [K, N] by K: either way a unit reads whole rows. */
const matrixUnits = (matrix: PackedMatrix, panel: number) =>
  Math.ceil(matrix.transposed ? matrix.outputs / panel : matrix.depth / rowsPerUnit(matrix));

/** [panel][K][panel outputs] */
function packMatrix(matrix: PackedMatrix, panel: number, unit: number, read: ReadElements, out: Float32Array): void {
  if (matrix.transposed) packOutputs(matrix, panel, unit, read, out);
  else packDepth(matrix, panel, unit, read, out);
}

function packOutputs(
  { outputs, depth, first: begin }: PackedMatrix,
  panel: number,
  unit: number,
  read: ReadElements,
  out: Float32Array,
): void {
  const first = unit * panel;
  const width = Math.min(panel, outputs - first);
  const staged = staging(panel * stagedDepth);
  for (let k0 = 0; k0 < depth; k0 += stagedDepth) {
    const count = Math.min(stagedDepth, depth - k0);
    for (let o = 0; o < width; o++) {
      read((begin + first + o) * depth + k0, count, staged.subarray(o * stagedDepth, o * stagedDepth + count));
    }
    let to = (unit * depth + k0) * panel;
    for (let k = 0; k < count; k++, to += panel) {
      for (let o = 0, from = k; o < width; o++, from += stagedDepth) out[to + o] = staged[from]!;
    }
  }
}

function packDepth(matrix: PackedMatrix, panel: number, unit: number, read: ReadElements, out: Float32Array): void {
  const { outputs, depth, first: begin, of } = matrix;
  const rows = rowsPerUnit(matrix);
  const k0 = unit * rows;
  const count = Math.min(rows, depth - k0);
  const staged = staging(count * of);
  read(k0 * of, count * of, staged.subarray(0, count * of));
  for (let k = 0; k < count; k++) {
    for (let first = 0; first < outputs; first += panel) {
      const width = Math.min(panel, outputs - first);
      const to = first * depth + (k0 + k) * panel;
      for (let o = 0; o < width; o++) out[to + o] = staged[k * of + begin + first + o]!;
    }
  }
}

/** [tap][inC][outC] from [outC][inC][tap]: small operands, in one piece. */
function packTapsFirst(
  { outC, inC, taps }: { readonly outC: number; readonly inC: number; readonly taps: number },
  read: ReadElements,
  out: Float32Array,
): void {
  const count = outC * inC * taps;
  const staged = staging(count);
  read(0, count, staged.subarray(0, count));
  for (let o = 0; o < outC; o++) {
    for (let c = 0; c < inC; c++) {
      for (let tap = 0; tap < taps; tap++) out[(tap * inC + c) * outC + o] = staged[(o * inC + c) * taps + tap]!;
    }
  }
}

/** [point][kW][inC][outC] from [outC][inC][d][h][kW]: small operands, in one piece. */
function packPlanarWinograd(packing: PlanarWinogradPacking, read: ReadElements, out: Float32Array): void {
  const { tiles, outC, inC, kW } = packing;
  const transform = kernelTransform({ tiles: [...tiles, 0], taps: [3, 3, kW] });
  const taps = 9 * kW;
  const staged = staging(outC * inC * taps);
  read(0, outC * inC * taps, staged.subarray(0, outC * inC * taps));
  for (let o = 0; o < outC; o++) {
    for (let c = 0; c < inC; c++) {
      const first = (o * inC + c) * taps;
      const values = transform(staged.subarray(first, first + taps));
      for (let i = 0; i < values.length; i++) out[(i * inC + c) * outC + o] = values[i]!;
    }
  }
}
