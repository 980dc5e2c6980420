/** The work of the kernels that mostly move data: products of few rows, pools, transforms, elementwise, copies, reductions. */
import { product } from '../kernels/sizes.js';
import {
  activationTraffic,
  type CacheSizes,
  channelRuns,
  field,
  fields,
  finishCounts,
  type Piece,
  type Values,
  type Work,
} from './work.js';

type Counts = Partial<Record<Piece, number>>;

const streamed = (counts: Counts, bytes: number, caches: CacheSizes): Work => ({
  counts,
  ...activationTraffic(bytes, caches),
});

const gemvPanel = 32;

/** Every weight is read once, from memory; the first row's arithmetic hides behind that. */
export const gemvWork =
  (bytesPerWeight: number) =>
  (values: Values): Work => {
    const { rows, k, n } = fields(values, 'rows', 'k', 'n');
    const steps = k * Math.ceil(n / gemvPanel);
    return { counts: { gemvStep: (rows - 1) * steps }, cacheBytes: 0, memoryBytes: bytesPerWeight * steps * gemvPanel };
  };

/** Four rows x 8 columns at a time; the last n % 8 columns one by one. */
export function matmulWork(values: Values, caches: CacheSizes): Work {
  const { batch, m, k, n } = fields(values, 'batch', 'm', 'k', 'n');
  const vectors = Math.floor(n / 8) * 2 + (n % 8);
  return streamed({ matmulMadd: batch * m * k * vectors }, 4 * batch * (m * k + k * n + m * n), caches);
}

export const poolWork =
  (tap: 'poolMaxTap' | 'poolAverageTap') =>
  (values: Values, caches: CacheSizes): Work => {
    const d = fields(values, 'batch', 'inC', 'inD', 'inH', 'inW', 'outD', 'outH', 'outW', 'kD', 'kH', 'kW');
    const windows = d.batch * d.outD * d.outH * d.outW;
    const runs = windows * channelRuns(d.inC, 4);
    const counts = { [tap]: runs * d.kD * d.kH * d.kW, poolWindow: runs };
    return streamed(counts, 4 * d.inC * (d.batch * d.inD * d.inH * d.inW + windows), caches);
  };

const sixDims = (values: Values): number[] => [0, 1, 2, 3, 4, 5].map(axis => field(values, `dim${axis}`));

export function unaryWork(values: Values, caches: CacheSizes): Work {
  const count = field(values, 'count');
  return streamed({ element: count / 4, ...finishCounts(values, count) }, 8 * count, caches);
}

/** An operand that is broadcast is read again and again, from cache. */
export function binaryWork(values: Values, caches: CacheSizes): Work {
  const dims = sixDims(values);
  const count = product(dims);
  const [aStep, bStep] = [field(values, 'aStride5'), field(values, 'bStride5')];
  const dense = aStep >= 0 && aStep <= 1 && bStep >= 0 && bStep <= 1;
  const elementsOf = (operand: 'a' | 'b') =>
    product(dims.filter((_, axis) => field(values, `${operand}Stride${axis}`) !== 0));
  return streamed(
    {
      [dense ? 'element' : 'elementStrided']: count / 4,
      copyRow: count / dims[5]!,
      ...finishCounts(values, count),
    },
    4 * (count + elementsOf('a') + elementsOf('b')),
    caches,
  );
}

/** Scales and shifts are read along with every vector. */
export function affineWork(values: Values, caches: CacheSizes): Work {
  const { rows, channels } = fields(values, 'rows', 'channels');
  const count = rows * channels;
  return streamed({ element: count / 2, ...finishCounts(values, count) }, 8 * count, caches);
}

/** A row after another, in tiles where one side is dense along another dimension, or a value after another. */
export function copyWork(values: Values, caches: CacheSizes): Work {
  const dims = sixDims(values);
  const count = product(dims);
  const stride = (side: 'x' | 'y', axis: number) => field(values, `${side}Stride${axis}`);
  const denseX = stride('x', 5) === 1;
  const denseY = stride('y', 5) === 1;
  const denseElsewhere = (side: 'x' | 'y') =>
    dims.some((size, axis) => axis < 5 && size > 1 && stride(side, axis) === 1);
  const transposed = (denseX && !denseY && denseElsewhere('y')) || (denseY && !denseX && denseElsewhere('x'));
  if (transposed) return streamed({ copyTransposed: count }, 8 * count, caches);
  if (!(denseX && denseY)) return streamed({ copyStrided: count }, 8 * count, caches);
  return streamed({ copyVector: count / 4, copyRow: count / dims[5]! }, 8 * count, caches);
}

export function fillWork(values: Values, caches: CacheSizes): Work {
  const count = field(values, 'count');
  return streamed({ copyVector: count / 4 }, 4 * count, caches);
}

export function gatherWork(values: Values, caches: CacheSizes): Work {
  const dims = sixDims(values);
  const count = product(dims);
  return streamed({ copyVector: count / 4, copyRow: count / dims[5]! }, 8 * count, caches);
}

/** Linear along each axis that changes its size: nearest, which the descriptor does not tell apart, costs less. */
export function resizeWork(values: Values, caches: CacheSizes): Work {
  const d = fields(values, 'batch', 'inC', 'inD', 'inH', 'inW', 'outD', 'outH', 'outW');
  const scaled = [d.inD !== d.outD, d.inH !== d.outH, d.inW !== d.outW].filter(Boolean).length;
  const windows = d.batch * d.outD * d.outH * d.outW;
  const bytes = 4 * d.inC * (d.batch * d.inD * d.inH * d.inW + windows);
  return streamed({ resizeTap: windows * Math.ceil(d.inC / 4) * 2 ** scaled }, bytes, caches);
}

export function reduceWork(values: Values, caches: CacheSizes): Work {
  const { outer, count, inner } = fields(values, 'outer', 'count', 'inner');
  return streamed({ reduceTap: outer * count * channelRuns(inner, 4) }, 4 * outer * inner * (count + 1), caches);
}

/** Where there is one value per line, lanes run along the lines. */
export function softmaxWork(values: Values, caches: CacheSizes): Work {
  const { outer, count, inner } = fields(values, 'outer', 'count', 'inner');
  const lines = inner === 1 ? Math.ceil(outer / 4) : outer * Math.ceil(inner / 4);
  return streamed({ softmaxVector: lines * count }, 8 * outer * count * inner, caches);
}
