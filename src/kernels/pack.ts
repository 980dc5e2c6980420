/**
 * Packing: a constant laid out as one kernel reads it. Falls into units that write separate places, so that workers share
 * them; each reads the elements it needs in runs and nothing else.
 */
import { packBf16 } from './pack_bf16.js';
import {
  copyBox,
  forEachPart,
  matricesBytes,
  openStage,
  type Packer,
  type PanelRows,
  type ReadElements,
  readTo,
  run,
  type Stage,
} from './pack_stage.js';
import { packWinograd } from './pack_winograd.js';
import {
  denseUnit,
  gemmPanel,
  gemvPanel,
  type PackedMatrix,
  type Packing,
  rowsPerUnit,
  type TapRuns,
  tapsIn,
} from './packing.js';
import { alongAxis, threeTaps, transformsOf } from './winograd_transforms.js';
import { axisMatrix, type WinogradPacking, winogradSizes } from './winograd_weights.js';

const bytesPerFloat = 4;
/** Bytes of a panel's row in bfloat16. */
const bf16RowBytes = gemvPanel * 2;

/** Packs one unit into its place in the packed operand at `address`, which is zero where nothing is written. */
export function pack(packing: Packing, unit: number, read: ReadElements, address: number, packer: Packer): void {
  const stage = openStage(packing, read, address, packer);
  switch (packing.kernel) {
    case 'dense': {
      const start = unit * denseUnit;
      readTo(stage, start, Math.min(denseUnit, packing.elements - start), address + start * bytesPerFloat);
      return;
    }
    case 'f32_conv_gemm': {
      const { groups, outC, groupInC, taps, runs } = packing;
      const panels = Math.ceil(outC / groups / gemmPanel);
      const group = Math.floor(unit / panels);
      const first = (unit % panels) * gemmPanel;
      const rows = Math.min(gemmPanel, outC / groups - first);
      const firstRow = group * (outC / groups) + first;
      packPanel(stage, unit, { panel: gemmPanel, firstRow, rows, channels: groupInC, taps }, runs);
      return;
    }
    case 'f32_winograd_products':
      packWinogradPanel(stage, packing, unit);
      return;
    case 'f32_conv_pointwise/matrix':
      if (packing.transposed) packPanel(stage, unit, matrixRows(packing, gemmPanel, unit));
      else packDepth(stage, packing, gemmPanel, unit);
      return;
    case 'f32_gemv':
      if (packing.transposed) packPanel(stage, unit, matrixRows(packing, gemvPanel, unit));
      else packDepth(stage, packing, gemvPanel, unit);
      return;
    case 'f32_gemv_bf16':
      if (packing.transposed) packPanelBf16(stage, unit, matrixRows(packing, gemvPanel, unit));
      else packDepthBf16(stage, packing, unit);
      return;
    case 'f32_conv_planar':
      packTapsFirst(stage, packing);
      return;
    case 'f32_conv_planar_winograd':
      packPlanarWinograd(stage, packing);
      return;
    case 'f32_conv_depthwise':
      packTapsFirst(stage, { outC: packing.channels, inC: 1, taps: packing.taps });
      return;
  }
}

/** Rows of b [rows, K] that become panel `unit`. */
const matrixRows = ({ outputs, depth, first }: PackedMatrix, panel: number, unit: number): PanelRows => ({
  panel,
  firstRow: first + unit * panel,
  rows: Math.min(panel, outputs - unit * panel),
  channels: depth,
  taps: 1,
});

/** Panel `unit`: [tap][channel][panel], of the taps in `runs` alone. */
function packPanel(stage: Stage, unit: number, rows: PanelRows, runs: TapRuns = [[0, 1]]): void {
  const { panel, channels, taps } = rows;
  const tapBytes = channels * panel * bytesPerFloat;
  const target = stage.address + unit * tapsIn(runs) * tapBytes;
  const channelAt = (channel: number) => target + channel * panel * bytesPerFloat;
  if (taps === 1) {
    forEachPart(stage, rows, channelAt);
    return;
  }
  const x = stage.at.panel;
  const use = (firstChannel: number, count: number) => {
    let y = channelAt(firstChannel);
    for (const [first, length] of runs) {
      const strides = { xStrides: [panel, taps * panel, 1], yStrides: [channels * panel, panel, 1] } as const;
      copyBox(stage, { dims: [length, count, panel], x: x + first * panel * bytesPerFloat, y, ...strides });
      y += length * tapBytes;
    }
  };
  forEachPart(stage, rows, () => x, use);
}

function packPanelBf16(stage: Stage, unit: number, rows: PanelRows): void {
  const xPtr = stage.at.panel;
  forEachPart(
    stage,
    rows,
    () => xPtr,
    (first, count) => {
      const yPtr = stage.address + (unit * rows.channels + first) * bf16RowBytes;
      run(stage, packBf16, { xPtr, yPtr, rows: count, columns: gemvPanel, xStride: gemvPanel, rowBlock: count });
    },
  );
}

/** Rows of b [K, columns] become rows of every panel. */
function packDepth(stage: Stage, matrix: PackedMatrix, panel: number, unit: number): void {
  const { outputs, depth, of } = matrix;
  const { k, count, x } = stageDepth(stage, matrix, unit);
  const y = stage.address + k * panel * bytesPerFloat;
  const whole = Math.floor(outputs / panel);
  const strides = { xStrides: [panel, of, 1], yStrides: [depth * panel, panel, 1] } as const;
  if (whole > 0) copyBox(stage, { dims: [whole, count, panel], x, y, ...strides });
  const done = whole * panel;
  if (done === outputs) return;
  const last = { x: x + done * bytesPerFloat, y: y + done * depth * bytesPerFloat };
  copyBox(stage, { dims: [1, count, outputs - done], ...last, ...strides });
}

function packDepthBf16(stage: Stage, matrix: PackedMatrix, unit: number): void {
  const { outputs, depth, of } = matrix;
  const { k, count, x } = stageDepth(stage, matrix, unit);
  for (let first = 0; first < outputs; first += gemvPanel) {
    const xPtr = x + first * bytesPerFloat;
    const yPtr = stage.address + ((first / gemvPanel) * depth + k) * bf16RowBytes;
    const columns = Math.min(gemvPanel, outputs - first);
    run(stage, packBf16, { xPtr, yPtr, rows: count, columns, xStride: of, rowBlock: count });
  }
}

/** Stages the rows of b [K, columns] of a unit: `count` of them, from `k` on; the first column that counts is at `x`. */
function stageDepth(stage: Stage, matrix: PackedMatrix, unit: number): { k: number; count: number; x: number } {
  const { depth, first, of } = matrix;
  const k = unit * rowsPerUnit(matrix);
  const count = Math.min(rowsPerUnit(matrix), depth - k);
  readTo(stage, k * of, count * of, stage.at.staged);
  return { k, count, x: stage.at.staged + first * bytesPerFloat };
}

/** One panel of outputs at every point, for each position within a stride. */
function packWinogradPanel(stage: Stage, packing: WinogradPacking, unit: number): void {
  const { axes, inC, outC, strides } = packing;
  const [kD, kH, kW] = packing.taps;
  const { otherTaps, channels: allChannels, panels, blockChannels } = winogradSizes(packing);
  const pointStride = panels * otherTaps * allChannels * gemmPanel;
  const sizes = axes.map(({ points }, axis) => (points > 1 ? points : packing.counts[axis]!));
  const [sizeD, sizeH, sizeW] = sizes as [number, number, number];
  const isDeep = axes[0].points > 1;
  const panel = {
    panel: gemmPanel,
    firstRow: unit * gemmPanel,
    rows: Math.min(gemmPanel, outC - unit * gemmPanel),
    channels: inC,
    taps: kD * kH * kW,
  };
  const positions = strides[0] * strides[1] * strides[2];
  const matrices = Array.from({ length: positions }, (_, position) => placeMatrices(stage, packing, position));
  const use = (first: number, count: number) => {
    for (const [position, [depthPtr, heightPtr, widthPtr]] of matrices.entries()) {
      const end = position * inC + first + count;
      let channel = end - count;
      while (channel < end) {
        const block = channel - (channel % blockChannels);
        const blockSize = Math.min(blockChannels, allChannels - block);
        const channels = Math.min(end, block + blockSize) - channel;
        const to = (block * panels + blockSize * unit) * otherTaps + channel - block;
        run(stage, packWinograd, {
          xPtr: stage.at.panel + (channel - end + count) * panel.taps * gemmPanel * bytesPerFloat,
          yPtr: stage.address + to * gemmPanel * bytesPerFloat,
          ...{ depthPtr, heightPtr, widthPtr, channels, kD, kH, kW, sizeD, sizeH, sizeW },
          yStrideD: isDeep ? sizeH * sizeW * pointStride : blockSize * gemmPanel,
          yStrideH: sizeW * pointStride,
          yStrideW: pointStride,
        });
        channel += channels;
      }
    }
  };
  forEachPart(stage, panel, () => stage.at.panel, use);
}

/** Writes the matrix of each axis into the scratch, for one of the positions within a stride, and gives their addresses. */
function placeMatrices(stage: Stage, packing: WinogradPacking, position: number): readonly [number, number, number] {
  const [, sH, sW] = packing.strides;
  const along = [Math.floor(position / (sH * sW)), Math.floor(position / sW) % sH, position % sW];
  let at = stage.at.matrices + position * matricesBytes(packing);
  const place = (axis: number): number => {
    const ptr = at;
    const matrix = Float64Array.from(axisMatrix(packing, axis, along[axis]!).flat());
    stage.packer.memory.i32.set(new Int32Array(matrix.buffer), ptr / 4);
    at += matrix.byteLength;
    return ptr;
  };
  return [place(0), place(1), place(2)];
}

/** [tap][inC][outC] from [outC][inC][tap]: small operands, in one piece. */
function packTapsFirst(
  stage: Stage,
  { outC, inC, taps }: { readonly outC: number; readonly inC: number; readonly taps: number },
): void {
  readTo(stage, 0, outC * inC * taps, stage.at.staged);
  copyBox(stage, {
    dims: [taps, inC, outC],
    x: stage.at.staged,
    xStrides: [1, taps, inC * taps],
    y: stage.address,
    yStrides: [inC * outC, outC, 1],
  });
}

type PlanarWinogradPacking = Extract<Packing, { kernel: 'f32_conv_planar_winograd' }>;

/** [point][kW][inC][outC] from [outC][inC][3][3][kW]: small operands, in one piece. */
function packPlanarWinograd(stage: Stage, { tiles, outC, inC, kW }: PlanarWinogradPacking): void {
  const { f32 } = stage.packer.memory;
  const [alongD, alongH] = tiles.map(tile => transformsOf(threeTaps[tile]).weight) as [number[][], number[][]];
  const taps = 9 * kW;
  readTo(stage, 0, outC * inC * taps, stage.at.staged);
  for (let o = 0; o < outC; o++) {
    for (let c = 0; c < inC; c++) {
      const first = stage.at.staged / bytesPerFloat + (o * inC + c) * taps;
      const kernel = [...f32.subarray(first, first + taps)];
      const values = alongAxis(alongH, alongAxis(alongD, kernel, 3 * kW), kW);
      for (const [i, value] of values.entries()) f32[stage.address / bytesPerFloat + (i * inC + c) * outC + o] = value;
    }
  }
}
