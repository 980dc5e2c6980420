/**
 * Chooses the form of each register tile, by racing two on operands in a core's own caches: the one that broadcasts, and the one that
 * might suit the host.
 * Invariant: no result depends on the choice, and the form that broadcasts is kept unless the other is clearly faster, whatever the
 * clock says, and gives the same bits.
 *
 * V8 compiles the kernels in haste, and well once they have run for a while, on threads of its own and one by one. So the race is
 * run twice: to have them compiled well while the workers start, and to decide when they have started. It counts only where both
 * forms have become faster in between: else one of them may still be the hasty one.
 */
import { convGemm } from '../kernels/conv_gemm.js';
import { convPointwise } from '../kernels/conv_pointwise.js';
import { encode } from '../kernels/descriptor.js';
import { noPool } from '../kernels/fields.js';
import { activationCodes } from '../kernels/kernel.js';
import {
  otherForms,
  type TiledKernel,
  type TileForm,
  type TileForms,
  tileBits,
  tiledKernels,
} from '../kernels/tiles.js';
import { winogradProducts } from '../kernels/winograd_products.js';

/** What a sample of each form took, one right after the other. */
export interface Pair {
  readonly broadcastMs: number;
  readonly otherMs: number;
}

/** The first race has to be long enough for V8 to take notice. */
const pairs = 16;
const callsPerSample = 4;
/** A pair is won by a tenth, the race by three quarters of the pairs. */
const clearly = 0.9;
const most = 0.75;
/** What V8 compiles well takes about half the time, or less. */
const compiledWell = 0.75;

/** Whether the other form is clearly faster in the later one of two races. */
export function otherWins(first: readonly Pair[], later: readonly Pair[]): boolean {
  const isCompiledWell = (form: keyof Pair): boolean => {
    // The very first sample may hold the compilation, the third may be compiled well already.
    const [, hastyMs = 0] = first
      .slice(0, 3)
      .map(pair => pair[form])
      .sort((a, b) => a - b);
    return Math.min(...later.map(pair => pair[form])) < compiledWell * hastyMs;
  };
  const won = later.filter(({ broadcastMs, otherMs }) => otherMs < clearly * broadcastMs);
  return isCompiledWell('broadcastMs') && isCompiledWell('otherMs') && won.length >= most * later.length;
}

/** 48 rows of 128 floats by 32 outputs, behind the first page of a memory, which is the module's own. */
const [rows, depth, outputs] = [48, 128, 32];
const places = { xPtr: 0x10000, yPtr: 0x16000, wPtr: 0x18000 };
const [descriptorPtr, scratchPtr] = [0x1c000, 0x1d000];
const pages = 3;

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

const pointwiseDescriptor = (): Int32Array =>
  encode(convPointwise.fields, {
    ...{ ...places, biasPtr: 0, residualPtr: 0, positions: rows, inC: depth, outC: outputs, groups: 1 },
    ...{ activation: activationCodes.none, alpha: 0, beta: 0, mBlocks: 1, nBlocks: 1 },
  });

/** One unit each. */
const descriptors: Readonly<Record<TiledKernel, () => Int32Array>> = {
  f32_conv_gemm: gemmDescriptor,
  f32_winograd_products: productsDescriptor,
  f32_conv_pointwise: pointwiseDescriptor,
};

type Decide = () => TileForms;

const races: Readonly<Record<TileForm, WeakMap<WebAssembly.Module, Decide>>> = {
  lanes: new WeakMap(),
  wide: new WeakMap(),
};

/**
 * Begins the choice for a module, between broadcasting and one other form, made once per process, by whoever comes first. What it returns
 * ends it: call it when the kernels have had some ten milliseconds.
 */
export function startTileRace(module: WebAssembly.Module, form: TileForm): Decide {
  const decide = races[form].get(module) ?? beginRace(module, form);
  races[form].set(module, decide);
  return decide;
}

function beginRace(module: WebAssembly.Module, form: TileForm): Decide {
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch {
    // No address space: loading a program will say so.
    return () => ({});
  }
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const useTiles = exports.use_tiles as (lanes: number, wide: number) => void;
  const words = new Int32Array(memory.buffer);
  const floats = new Float32Array(memory.buffer);
  // Values whose products need rounding.
  for (let i = 0; i < rows * depth; i++) floats[places.xPtr / 4 + i] = 1 / (1 + i);
  for (let i = 0; i < depth * outputs; i++) floats[places.wPtr / 4 + i] = 1 / (3 + i);

  function race(name: TiledKernel): Pair[] {
    const sampleMs = (forms: TileForms): number => {
      useTiles(...tileBits(forms));
      const startMs = performance.now();
      for (let call = 0; call < callsPerSample; call++) run(name);
      return performance.now() - startMs;
    };
    words.set(descriptors[name](), descriptorPtr / 4);
    return Array.from({ length: pairs }, () => ({ broadcastMs: sampleMs({}), otherMs: sampleMs({ [name]: form }) }));
  }

  function run(name: TiledKernel): void {
    const kernel = exports[name] as (descriptor: number, begin: number, end: number, scratch: number) => void;
    kernel(descriptorPtr, 0, 1, scratchPtr);
  }

  /** Of what the last one of the races has left compiled. */
  function givesSameBits(name: TiledKernel): boolean {
    const results = ([{}, { [name]: form }] as const).map(forms => {
      useTiles(...tileBits(forms));
      run(name);
      return words.slice(places.yPtr / 4, places.yPtr / 4 + rows * outputs);
    });
    return results[0]!.every((word, i) => word === results[1]![i]);
  }

  const raced = tiledKernels.filter(name => otherForms[name].includes(form));
  const first = raced.map(race);
  let forms: TileForms | undefined;
  return () => {
    forms ??= Object.fromEntries(
      raced.filter((name, i) => otherWins(first[i]!, race(name)) && givesSameBits(name)).map(name => [name, form]),
    );
    return forms;
  };
}
