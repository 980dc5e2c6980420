/**
 * Chooses the form of each register tile, by racing both on operands in L1. Invariant: no result depends on the choice, and
 * the form that broadcasts is kept unless the other is clearly faster, whatever the clock says.
 *
 * V8 compiles the kernels in haste, and well once they have run for a while, on threads of its own and one by one. So the race is
 * run twice: to have them compiled well while the workers start, and to decide when they have started. It counts only where both
 * forms have become faster in between: else one of them may still be the hasty one.
 */
import { convGemm } from '../kernels/conv_gemm.js';
import { encode } from '../kernels/descriptor.js';
import { noPool } from '../kernels/fields.js';
import { activationCodes } from '../kernels/kernel.js';
import { laneTileBits, type TiledKernel, tiledKernels } from '../kernels/tiles.js';
import { winogradProducts } from '../kernels/winograd_products.js';

/** What a sample of each form took, one right after the other. */
export interface Pair {
  readonly broadcastMs: number;
  readonly lanesMs: number;
}

/** The first race has to be long enough for V8 to take notice. */
const pairs = 16;
const callsPerSample = 6;
/** A pair is won by a tenth, the race by three quarters of the pairs. */
const clearly = 0.9;
const most = 0.75;
/** What V8 compiles well takes about half the time, or less. */
const compiledWell = 0.75;

/** Whether the form that splats lanes is clearly faster in the later one of two races. */
export function lanesWin(first: readonly Pair[], later: readonly Pair[]): boolean {
  const isCompiledWell = (form: keyof Pair): boolean => {
    // The very first sample may hold the compilation, the third may be compiled well already.
    const [, hastyMs = 0] = first
      .slice(0, 3)
      .map(pair => pair[form])
      .sort((a, b) => a - b);
    return Math.min(...later.map(pair => pair[form])) < compiledWell * hastyMs;
  };
  const won = later.filter(({ broadcastMs, lanesMs }) => lanesMs < clearly * broadcastMs);
  return isCompiledWell('broadcastMs') && isCompiledWell('lanesMs') && won.length >= most * later.length;
}

/** 12 rows of 64 floats by 64 outputs, in the second page of a memory: the first one is the module's own. */
const [rows, depth, outputs] = [12, 64, 64];
const places = { xPtr: 0x10000, yPtr: 0x11000, wPtr: 0x12000 };
const [descriptorPtr, scratchPtr] = [0x16000, 0x17000];
const pages = 2;

const gemmDescriptor = (): Int32Array =>
  encode(convGemm.fields, {
    ...{ ...places, biasPtr: 0, residualPtr: 0 },
    ...{ batch: 1, inD: 1, inH: 1, inW: rows, inC: depth, outD: 1, outH: 1, outW: rows, outC: outputs, groups: 1 },
    ...{ kD: 1, kH: 1, kW: 1, strideD: 1, strideH: 1, strideW: 1 },
    ...{ dilD: 1, dilH: 1, dilW: 1, padD: 0, padH: 0, padW: 0 },
    ...{ activation: activationCodes.none, alpha: 0, beta: 0, ...noPool, mBlock: rows, nBlock: outputs, kBlock: depth },
  });

const productsDescriptor = (): Int32Array =>
  encode(winogradProducts.fields, {
    ...{ ...places, points: 1, channels: depth, blockChannels: depth, taps: 1, tapRows: 0, rows },
    ...{
      xRowPitch: rows,
      yRowPitch: rows,
      xPointStride: 0,
      yPointStride: 0,
      panels: outputs / 8,
      unitPanels: outputs / 8,
    },
  });

/** One unit each. */
const descriptors: Readonly<Record<TiledKernel, () => Int32Array>> = {
  f32_conv_gemm: gemmDescriptor,
  f32_winograd_products: productsDescriptor,
};

type Decide = () => readonly TiledKernel[];

const races = new WeakMap<WebAssembly.Module, Decide>();

/**
 * Begins the choice for a module, made once per process, by whoever comes first. What it returns ends it, and gives the kernels
 * whose tiles should splat lanes: call it when the kernels have had some ten milliseconds.
 */
export function startTileRace(module: WebAssembly.Module): Decide {
  const decide = races.get(module) ?? beginRace(module);
  races.set(module, decide);
  return decide;
}

function beginRace(module: WebAssembly.Module): Decide {
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch {
    // No address space: loading a program will say so.
    return () => [];
  }
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const useLaneTiles = exports.use_lane_tiles as (tiles: number) => void;
  const words = new Int32Array(memory.buffer);

  function race(name: TiledKernel): Pair[] {
    const kernel = exports[name] as (descriptor: number, begin: number, end: number, scratch: number) => void;
    const sampleMs = (laneTiles: readonly TiledKernel[]): number => {
      useLaneTiles(laneTileBits(laneTiles));
      const startMs = performance.now();
      for (let call = 0; call < callsPerSample; call++) kernel(descriptorPtr, 0, 1, scratchPtr);
      return performance.now() - startMs;
    };
    words.set(descriptors[name](), descriptorPtr / 4);
    return Array.from({ length: pairs }, () => ({ broadcastMs: sampleMs([]), lanesMs: sampleMs([name]) }));
  }

  const first = tiledKernels.map(race);
  let laneTiles: readonly TiledKernel[] | undefined;
  return () => {
    laneTiles ??= tiledKernels.filter((kernel, index) => lanesWin(first[index]!, race(kernel)));
    return laneTiles;
  };
}
