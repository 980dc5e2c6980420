/**
 * The work of the convolution kernels: f32_conv_gemm, f32_conv_pointwise, f32_conv_planar, f32_conv_planar_winograd,
 * f32_conv_depthwise.
 */
import { tilesOver } from '../kernels/winograd_grid.js';
import {
  activationTraffic,
  type CacheSizes,
  channelRuns,
  fields,
  finishCounts,
  maximaCounts,
  poolMembers,
  type Values,
  type Work,
} from './work.js';

const tileRows = 6;
const tileOutputs = 8;
/** Fewer channels than this are packed with their neighbours along w, where the taps are. */
const fewChannels = 16;

function shapeOf(values: Values) {
  return fields(
    values,
    ...(['batch', 'inC', 'inD', 'inH', 'inW', 'outC', 'outD', 'outH', 'outW'] as const),
    ...(['kD', 'kH', 'kW', 'strideD', 'strideH', 'strideW', 'dilD', 'dilH', 'dilW', 'padD', 'padH', 'padW'] as const),
  );
}

type Shape = ReturnType<typeof shapeOf>;

/** Bytes of the input that some tap reads. */
function inputBytes(s: Shape): number {
  const part = (kernel: number, stride: number) => Math.min(1, kernel / stride);
  const read = part(s.kD, s.strideD) * part(s.kH, s.strideH) * part(s.kW, s.strideW);
  return 4 * s.batch * s.inC * s.inD * s.inH * s.inW * read;
}

/** How often the input passes through a worker's cache: once, or once per plane of taps where those do not stay there. */
function inputPasses(s: Shape, channels: number, { ownBytes }: CacheSizes): number {
  const planes = 4 * s.kD * s.inH * s.inW * channels;
  const rows = 4 * s.kH * s.inW * channels;
  return (planes > ownBytes ? Math.max(1, s.kD / s.strideD) : 1) * (rows > ownBytes ? s.kH : 1);
}

/** How many of the positions along w have a tap beyond the input. */
function cutAlongW(s: Shape): number {
  let cut = 0;
  for (let w = 0; w < s.outW; w++) {
    const first = w * s.strideW - s.padW;
    if (first < 0 || first > s.inW - s.kW) cut++;
  }
  return cut;
}

/**
 * Blocks of positions x blocks of outputs; each packs its rows for every block of outputs and reads the weights of its
 * outputs for every block of positions.
 */
export function gemmWork(values: Values, caches: CacheSizes): Work {
  const s = shapeOf(values);
  const { groups, mBlock, nBlock, kBlock } = fields(values, 'groups', 'mBlock', 'nBlock', 'kBlock');
  const stored = s.batch * s.outD * s.outH * s.outW;
  const members = poolMembers(values);
  const positions = stored * members;
  const outputs = s.outC / groups;
  const channels = s.inC / groups;
  const depth = s.kD * s.kH * s.kW * channels;
  const rowTiles = Math.ceil(positions / tileRows);
  const panels = Math.ceil(outputs / tileOutputs);
  const mBlocks = Math.ceil(positions / mBlock);
  const nBlocks = Math.ceil(outputs / nBlock);
  const kBlocks = Math.ceil(depth / kBlock);
  const together = groups === 1 && s.dilW === 1 && channels < fewChannels;
  const span = together ? channels * s.kW : channels;
  const packs = groups * nBlocks * rowTiles;
  const spans = packs * (depth / span + kBlocks - 1);
  const edgeTiles = outputs % tileOutputs === 0 ? panels / rowTiles : 1;
  const edgeValues = outputs % tileOutputs === 0 ? tileRows * tileOutputs : tileRows * (outputs % tileOutputs);
  const hasEdges = members === 1 && (outputs % tileOutputs !== 0 || positions % tileRows !== 0);

  const weightBytes = 4 * groups * panels * tileOutputs * depth;
  const passBytes = 4 * Math.min(nBlock, outputs) * depth;
  const weightPasses = passBytes > caches.ownBytes / 2 ? mBlocks : 1;
  const inBytes = inputBytes(s);
  const isFar = inBytes / groups > caches.ownBytes / 2;
  const inPasses = inputPasses(s, channels, caches) * (isFar ? nBlocks : 1);
  const once = activationTraffic(inBytes + 4 * stored * s.outC * (values.residualPtr ? 2 : 1), caches);
  return {
    counts: {
      gemmStep: groups * rowTiles * panels * depth,
      gemmTile: groups * rowTiles * panels * kBlocks,
      gemmEdge: hasEdges ? 2 * groups * rowTiles * kBlocks * edgeTiles * edgeValues : 0,
      packValue: packs * tileRows * depth,
      packFar: isFar ? (inBytes * inPasses) / 4 : 0,
      packOdd: packs * tileRows * (depth / span) * (span % 4),
      packSpan: spans,
      packCut: together ? (packs * tileRows * (depth / span) * cutAlongW(s)) / s.outW : 0,
      ...finishCounts(values, positions * s.outC),
      ...maximaCounts(members, stored * s.outC),
    },
    cacheBytes: once.cacheBytes + inBytes * (inPasses - 1) + weightBytes * (weightPasses - 1),
    memoryBytes: once.memoryBytes + weightBytes,
    repeated: { inputBytes: inBytes, weightBytes, outputBlocks: groups * nBlocks },
  };
}

/** The same products without the packing: tiles of rows in place, blocks that read their rows and their weights once each. */
export function pointwiseWork(values: Values, caches: CacheSizes): Work {
  const { positions, inC, outC, groups, mBlocks, nBlocks } = fields(
    values,
    ...(['positions', 'inC', 'outC', 'groups', 'mBlocks', 'nBlocks'] as const),
  );
  const outputs = outC / groups;
  const depth = inC / groups;
  const rowTiles = Math.ceil(positions / tileRows);
  const panels = Math.ceil(outputs / tileOutputs);
  const weightBytes = 4 * groups * panels * tileOutputs * depth;
  const weightPasses = weightBytes / (groups * nBlocks) > caches.ownBytes / 2 ? mBlocks : 1;
  const inBytes = 4 * positions * inC;
  const inPasses = inBytes / groups > caches.ownBytes / 2 ? nBlocks : 1;
  const once = activationTraffic(inBytes + 4 * positions * outC * (values.residualPtr ? 2 : 1), caches);
  return {
    counts: {
      gemmStep: (groups * positions * panels * depth) / tileRows,
      gemmTile: groups * rowTiles * panels,
      gemmEdge: groups * positions * (outputs % tileOutputs) * (values.residualPtr ? 2 : 1),
      ...finishCounts(values, positions * outC),
    },
    cacheBytes: once.cacheBytes + inBytes * (inPasses - 1) + weightBytes * (weightPasses - 1),
    memoryBytes: once.memoryBytes + weightBytes,
    repeated: { inputBytes: inBytes, weightBytes, outputBlocks: groups * nBlocks },
  };
}

const mostTileChannels = 5;

/** Tiles of up to five output channels x 8 positions, or of up to two x 16, along each row. */
export function planarWork(values: Values, caches: CacheSizes): Work {
  const s = shapeOf(values);
  const { inPitch, outPitch } = fields(values, 'inPitch', 'outPitch');
  const rows = s.batch * s.outD * s.outH;
  const steps = s.kD * s.kH * s.kW * s.inC;
  const tiles = Math.ceil(s.outC / mostTileChannels);
  const channels = s.outC / tiles;
  const width = channels > 2 ? 8 : 16;
  const runs = Math.ceil(s.outW / width);
  const inBytes = 4 * s.batch * s.inC * s.inD * s.inH * inPitch;
  const passes = inputPasses({ ...s, inW: inPitch }, s.inC, caches);
  const once = activationTraffic(inBytes + 4 * rows * outPitch * s.outC * (values.residualPtr ? 2 : 1), caches);
  return {
    counts: {
      planarMadd: (rows * runs * steps * s.outC * width) / 4,
      planarStep: rows * runs * tiles * steps,
      planarTile: rows * runs * tiles,
      planarRow: rows * steps,
      ...finishCounts(values, rows * s.outW * s.outC),
    },
    cacheBytes: once.cacheBytes + inBytes * (passes - 1),
    memoryBytes: once.memoryBytes,
  };
}

/** Tiles of output rows: their input rows transformed along d and h, the register tiles of planarWork for each point, and back. */
export function planarWinogradWork(values: Values, caches: CacheSizes): Work {
  const { batch, inC, inD, inH, inPitch, outC, outD, outH, outW, outPitch } = fields(
    values,
    ...(['batch', 'inC', 'inD', 'inH', 'inPitch', 'outC', 'outD', 'outH', 'outW', 'outPitch'] as const),
  );
  const { kW, dilD, dilH, dilW, tileD, tileH } = fields(values, 'kW', 'dilD', 'dilH', 'dilW', 'tileD', 'tileH');
  const tiles = batch * tilesOver(outD, { tile: tileD }, dilD) * tilesOver(outH, { tile: tileH }, dilH);
  const points = (tileD + 2) * (tileH + 2);
  const half = (tileD + 2) * tileH;
  const registerTiles = Math.ceil(outC / mostTileChannels);
  const width = outC / registerTiles > 2 ? 8 : 16;
  const runs = tiles * points * Math.ceil(outW / width);
  const steps = kW * inC;
  const inVectors = Math.ceil((outW + (kW - 1) * dilW) / 4);
  const outVectors = Math.ceil(outW / 4);
  const inBytes = 4 * batch * inC * inD * inH * inPitch;
  const outBytes = 4 * batch * outD * outH * outPitch * outC;
  return {
    counts: {
      planarMadd: (runs * steps * outC * width) / 4,
      planarStep: runs * registerTiles * steps,
      planarTile: runs * registerTiles,
      planarTransform:
        tiles * (4 * points * inC * inVectors + (points + 2 * half + 2 * tileD * tileH) * outC * outVectors),
      ...finishCounts(values, batch * outD * outH * outW * outC),
    },
    ...activationTraffic(inBytes + outBytes * (values.residualPtr ? 2 : 1), caches),
  };
}

/** Channels in runs of 16, then of 4, then alone, each over all taps of a position. */
export function depthwiseWork(values: Values, caches: CacheSizes): Work {
  const s = shapeOf(values);
  const positions = s.batch * s.outD * s.outH * s.outW;
  const taps = s.kD * s.kH * s.kW;
  const runs = channelRuns(s.outC, 1);
  const inBytes = inputBytes(s);
  const once = activationTraffic(inBytes + 4 * positions * s.outC * (values.residualPtr ? 2 : 1), caches);
  return {
    counts: {
      depthTap: positions * taps * runs,
      depthWindow: positions * runs,
      ...finishCounts(values, positions * s.outC),
    },
    cacheBytes: once.cacheBytes + inBytes * (inputPasses(s, s.inC, caches) - 1),
    memoryBytes: once.memoryBytes,
  };
}
