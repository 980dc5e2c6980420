/**
 * Where a worker packs: its own scratch in the memory that the packed operand lies in. Constants are read into the stage, a
 * bounded number of elements at a time, and kernels put them into place from there.
 *
 *     | descriptor | matrices | the kernels' own scratch | stage: as read | panel: outputs side by side |
 */

import { copy } from './copy.js';
import { encodeTo, type Fields, type Values } from './descriptor.js';
import type { Kernel, KernelMemory } from './kernel.js';
import { packWinogradScratch } from './pack_winograd.js';
import { gemmPanel, gemvPanel, type Packing, rowsPerUnit } from './packing.js';
import type { Triple } from './sizes.js';
import type { WinogradPacking } from './winograd_weights.js';

/** Fills `into` with elements [start, start + count) of the constant, row-major, as float32. */
export type ReadElements = (start: number, count: number, into: Float32Array) => unknown;

/** A memory, a strip of scratch in it, and the kernels that work there. */
export interface Packer {
  readonly memory: KernelMemory;
  readonly scratch: number;
  /** A kernel, ready to be called: the module's export or a twin. */
  kernel(name: string): (descriptorPtr: number, begin: number, end: number, scratchPtr: number) => void;
}

/** One constant on its way to `address`, where the memory is zero. */
export interface Stage {
  readonly packer: Packer;
  readonly read: ReadElements;
  readonly address: number;
  readonly at: Places;
}

interface Places {
  readonly matrices: number;
  readonly own: number;
  readonly staged: number;
  readonly panel: number;
}

const bytesPerFloat = 4;
const descriptorBytes = 128;
/** Elements that are staged at a time where rows of the constant become a panel. */
const stagedElements = 65536;
/** Free elements behind a staged row: rows a power of two apart would share few lines of a cache. */
const rowGap = 16;
/** Whole rows of no more elements than this, together, are read at once: a call costs more than they do. */
const shortRows = 8192;

/** Outputs that become a panel: rows [firstRow, firstRow + rows) of the constant, each [channels][taps]. */
export interface PanelRows {
  readonly panel: number;
  readonly firstRow: number;
  readonly rows: number;
  readonly channels: number;
  readonly taps: number;
}

/** How many channels of a panel are staged at a time. */
const channelsAtOnce = ({ panel, channels, taps }: Omit<PanelRows, 'firstRow' | 'rows'>): number =>
  Math.min(channels, Math.max(1, Math.floor(stagedElements / (panel * taps))));

/** Elements of the stage and of the panel. */
function sizesOf(packing: Packing): { staged: number; panel: number } {
  const panelled = (panel: number, channels: number, taps: number) => {
    const elements = panel * channelsAtOnce({ panel, channels, taps }) * taps;
    return { staged: elements + panel * rowGap, panel: elements };
  };
  switch (packing.kernel) {
    case 'dense':
      return { staged: 0, panel: 0 };
    case 'f32_conv_gemm':
      return panelled(gemmPanel, packing.groupInC, packing.taps);
    case 'f32_winograd_products':
      return panelled(gemmPanel, packing.inC, packing.taps[0] * packing.taps[1] * packing.taps[2]);
    case 'f32_conv_pointwise/matrix':
    case 'f32_gemv':
    case 'f32_gemv_bf16':
      if (!packing.transposed) return { staged: rowsPerUnit(packing) * packing.of, panel: 0 };
      return panelled(packing.kernel === 'f32_conv_pointwise/matrix' ? gemmPanel : gemvPanel, packing.depth, 1);
    case 'f32_conv_planar':
      return { staged: packing.outC * packing.inC * packing.taps, panel: 0 };
    case 'f32_conv_planar_winograd':
      return { staged: packing.outC * packing.inC * 9 * packing.kW, panel: 0 };
    case 'f32_conv_depthwise':
      return { staged: packing.channels * packing.taps, panel: 0 };
  }
}

/** Bytes of the matrices of three axes, for one position within a stride. */
export const matricesBytes = ({ axes, taps, counts }: WinogradPacking): number =>
  8 * axes.reduce((sum, { points }, axis) => sum + taps[axis]! * (points > 1 ? points : counts[axis]!), 0);

/** Byte offsets in the scratch, and its size. */
function layoutOf(packing: Packing): Places & { readonly bytes: number } {
  let [matrixBytes, ownBytes] = [0, 0];
  if (packing.kernel === 'f32_winograd_products') {
    matrixBytes = packing.strides[0] * packing.strides[1] * packing.strides[2] * matricesBytes(packing);
    ownBytes = packWinogradScratch(
      packing.axes.reduce((all, { points }, axis) => all * Math.max(points, packing.taps[axis]!), 1),
    );
  }
  const { staged, panel } = sizesOf(packing);
  const own = descriptorBytes + matrixBytes;
  const stagedAt = own + ownBytes;
  const panelAt = stagedAt + staged * bytesPerFloat;
  return {
    matrices: descriptorBytes,
    own,
    staged: stagedAt,
    panel: panelAt,
    bytes: panelAt + panel * bytesPerFloat,
  };
}

/** Bytes of scratch that `pack` needs. */
export const packScratchBytes = (packing: Packing): number =>
  packing.kernel === 'dense' ? 0 : layoutOf(packing).bytes;

export function openStage(packing: Packing, read: ReadElements, address: number, packer: Packer): Stage {
  const { matrices, own, staged, panel } = layoutOf(packing);
  const { scratch } = packer;
  const at = { matrices: scratch + matrices, own: scratch + own, staged: scratch + staged, panel: scratch + panel };
  return { packer, read, address, at };
}

/** All units of a kernel. */
export function run<F extends Fields>({ packer, at }: Stage, kernel: Kernel<F>, values: Values<F>): void {
  encodeTo(kernel.fields, values, packer.memory.i32, packer.scratch / 4);
  packer.kernel(kernel.name)(packer.scratch, 0, kernel.units(values), at.own);
}

/** Reads elements [start, start + count) to `ptr`. */
export function readTo({ read, packer }: Stage, start: number, count: number, ptr: number): void {
  read(start, count, packer.memory.f32.subarray(ptr / 4, ptr / 4 + count));
}

/** Copies a box of three dimensions, the last one innermost. */
export function copyBox(
  stage: Stage,
  box: {
    readonly dims: Triple;
    readonly x: number;
    readonly xStrides: Triple;
    readonly y: number;
    readonly yStrides: Triple;
  },
): void {
  const { dims, x, xStrides, y, yStrides } = box;
  run(stage, copy, {
    xPtr: x,
    yPtr: y,
    dim0: 1,
    dim1: 1,
    dim2: 1,
    dim3: dims[0],
    dim4: dims[1],
    dim5: dims[2],
    xStride0: 0,
    xStride1: 0,
    xStride2: 0,
    xStride3: xStrides[0],
    xStride4: xStrides[1],
    xStride5: xStrides[2],
    yStride0: 0,
    yStride1: 0,
    yStride2: 0,
    yStride3: yStrides[0],
    yStride4: yStrides[1],
    yStride5: yStrides[2],
    rowBlock: dims[0] * dims[1],
  });
}

/**
 * Brings a panel in, as many channels at a time as the stage holds: [channel][tap][panel], with zeros where it has more
 * outputs than there are rows. They go where `placeOf` says; `use` is told which channels are there.
 */
export function forEachPart(
  stage: Stage,
  rows: PanelRows,
  placeOf: (firstChannel: number) => number,
  use: (firstChannel: number, channels: number) => void = () => {},
): void {
  const { panel, channels, taps } = rows;
  const { staged } = stage.at;
  const atOnce = channelsAtOnce(rows);
  for (let first = 0; first < channels; first += atOnce) {
    const count = Math.min(atOnce, channels - first);
    const elements = count * taps;
    const pitch = stageRows(stage, rows, first * taps, elements);
    stage.packer.memory.f32.fill(0, staged / 4 + rows.rows * pitch, staged / 4 + panel * pitch);
    copyBox(stage, {
      dims: [1, elements, panel],
      x: staged,
      xStrides: [0, 1, pitch],
      y: placeOf(first),
      yStrides: [0, panel, 1],
    });
    use(first, count);
  }
}

/** Stages elements [begin, begin + count) of every row; from one row to the next it is as many elements as it returns. */
function stageRows(stage: Stage, { firstRow, rows, channels, taps }: PanelRows, begin: number, count: number): number {
  const { staged } = stage.at;
  const depth = channels * taps;
  if (count === depth && rows * depth <= shortRows) {
    readTo(stage, firstRow * depth, rows * depth, staged);
    return depth;
  }
  const pitch = count + rowGap;
  for (let row = 0; row < rows; row++) {
    readTo(stage, (firstRow + row) * depth + begin, count, staged + row * pitch * bytesPerFloat);
  }
  return pitch;
}
