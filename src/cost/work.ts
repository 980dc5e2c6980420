/**
 * What a step does, counted: how often each of the kernels' inner pieces runs, and how many bytes come from beyond a
 * worker's own cache. Invariant: counts follow from the descriptor and the caches' sizes alone; what one of them costs is the
 * rates' business.
 */

/** A step of a program, as far as its cost goes. */
export interface CostedStep {
  readonly kernel: string;
  /** The descriptor's fields; addresses only tell whether an operand is there. */
  readonly values: Readonly<Record<string, number>>;
  readonly units: number;
}

/**
 * The inner pieces, and what is counted of each. A vector has four lanes.
 *
 * - `gemmStep`: one k of a 6 x 8 register tile; `gemmTile`: its beginning and end; `gemmEdge`: a value copied for a tile that
 *   sticks out of the matrix
 * - `packValue`: a value of the packed rows; `packFar`: one that comes from beyond the worker's own cache, in six short streams
 *   that no prefetcher follows; `packOdd`: one that no vector of four takes; `packSpan`: a contiguous stretch of six rows
 *   found; `packCut`: a row's stretch that the border cuts
 * - `planarMadd`: a vector multiplied and added; `planarStep`: one tap and channel of a tile; `planarTile`: its beginning and
 *   end; `planarRow`: one tap and channel listed for a row; `planarTransform`: a vector read or written by the transforms of rows
 * - `depthTap`: up to sixteen channels of a tap multiplied and added; `depthWindow`: their run over the taps of a position
 * - `gemvStep`: eight vectors multiplied and added; `matmulMadd`: one, of two computed operands
 * - `poolMaxTap`, `poolAverageTap`: up to sixteen channels of a tap taken in; `poolWindow`: their run over a window
 * - `transformIn`, `transformOut`: a vector at a point of Winograd's transforms, to or from which it is brought along every axis
 * - `element`: a vector of an elementwise result; `elementStrided`: one whose operands are not dense
 * - `copyVector`: a vector copied or filled; `copyRow`: a run of them; `copyTransposed`: a value transposed; `copyStrided`: a
 *   value copied alone
 * - `resizeTap`: a vector of an input taken into a result; `reduceTap`: up to sixteen values taken into as many sums; `softmaxVector`:
 *   a vector exponentiated and divided
 * - `finish`: a vector that residual and activation are applied to after the sum; `curve`: one through an exponential
 */
export const pieceNames = [
  'gemmStep',
  'gemmTile',
  'gemmEdge',
  'packValue',
  'packFar',
  'packOdd',
  'packSpan',
  'packCut',
  'planarMadd',
  'planarStep',
  'planarTile',
  'planarRow',
  'planarTransform',
  'depthTap',
  'depthWindow',
  'gemvStep',
  'matmulMadd',
  'poolMaxTap',
  'poolAverageTap',
  'poolWindow',
  'transformIn',
  'transformOut',
  'element',
  'elementStrided',
  'copyVector',
  'copyRow',
  'copyTransposed',
  'copyStrided',
  'resizeTap',
  'reduceTap',
  'softmaxVector',
  'finish',
  'curve',
] as const;

export type Piece = (typeof pieceNames)[number];

/** Bytes of the caches that a kernel's working set may stay in. */
export interface CacheSizes {
  /** One worker's own: L2. */
  readonly ownBytes: number;
  /** The last one, shared by some or all: L3. */
  readonly sharedBytes: number;
}

export interface Work {
  readonly counts: Readonly<Partial<Record<Piece, number>>>;
  /** Moved between a worker's own cache and the shared one. */
  readonly cacheBytes: number;
  /** Moved between the caches and memory. */
  readonly memoryBytes: number;
  /** What several shared caches may read once each, and in how many blocks of outputs. */
  readonly repeated?: { readonly inputBytes: number; readonly weightBytes: number; readonly outputBlocks: number };
}

export type Values = Readonly<Record<string, number>>;

export const field = (values: Values, name: string): number => {
  const value = values[name];
  if (value === undefined) throw new TypeError(`the descriptor has no field ${name}`);
  return value;
};

/** The named fields, as numbers. */
export const fields = <K extends string>(values: Values, ...names: K[]): Record<K, number> =>
  Object.fromEntries(names.map(name => [name, field(values, name)])) as Record<K, number>;

/**
 * Activations that are read or written once: from memory where they do not fit half of the shared cache together, else from
 * there. The step before has just written them, and the step after will read them.
 */
export function activationTraffic(bytes: number, { sharedBytes }: CacheSizes): Omit<Work, 'counts'> {
  return bytes > sharedBytes / 2 ? { cacheBytes: 0, memoryBytes: bytes } : { cacheBytes: bytes, memoryBytes: 0 };
}

/** Activation codes that need an exponential: elu, sigmoid, tanh. */
const curved: ReadonlySet<number> = new Set([3, 4, 5]);

/** Runs of lanes that kernels along channels take: sixteen at a time, then `few` at a time. */
export const channelRuns = (channels: number, few: 1 | 4): number => {
  const rest = channels % 16;
  return Math.floor(channels / 16) + (few === 4 ? Math.ceil(rest / 4) : Math.floor(rest / 4) + (rest % 4));
};

/** What residual and activation add to `values` results; `free`: the kernel applies a plain ReLU as it stores. */
export function finishCounts(step: Values, values: number): { finish: number; curve: number } {
  const { activation, residualPtr = 0 } = step as { activation: number; residualPtr?: number };
  const needed = residualPtr !== 0 || activation > 1;
  return { finish: needed ? values / 4 : 0, curve: curved.has(activation) ? values / 4 : 0 };
}

/** Positions of a window of a convolution's pool; 1 where there is none. */
export function poolMembers(values: Values): number {
  const { poolD, poolH, poolW } = fields(values, 'poolD', 'poolH', 'poolW');
  return poolD * poolH * poolW;
}

/** What the pool of a convolution adds for `values` results, each the largest of `members`. */
export const maximaCounts = (members: number, values: number): { poolMaxTap: number; poolWindow: number } =>
  members === 1 ? { poolMaxTap: 0, poolWindow: 0 } : { poolMaxTap: (values * members) / 16, poolWindow: values / 16 };
