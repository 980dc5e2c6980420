/**
 * What a whole program should take, before anything runs: step by step, the slowest memory of each. Invariant: the total is
 * the sum of what is listed.
 */
import { decode } from '../kernels/descriptor.js';
import { kernels } from '../kernels/index.js';
import type { ExchangeShare, KernelShare, MemoryPlan, Program } from '../lower/program.js';
import type { Plan } from '../plan/plan.js';
import { distanceOf } from '../plan/team.js';
import { crewsOf, farWorkers } from './crew.js';
import { kernelTime, type StepTime, totalMs } from './kernel_time.js';
import { bandwidthOf, barrierMs, type Rates } from './rates.js';
import { farness, type Passage, passageMs } from './supply.js';
import type { CostedStep } from './work.js';

export interface StepPrediction {
  readonly name: string;
  readonly op: string;
  /** Of the kernel shares; null where the step only exchanges. */
  readonly kernel: string | null;
  readonly arithmeticMs: number;
  readonly memoryMs: number;
  readonly exchangeMs: number;
  /** Claims, the step itself and its barrier. */
  readonly overheadMs: number;
}

export interface ProgramPrediction {
  readonly steps: readonly StepPrediction[];
  /** Starting the workers on a run, writing its inputs and reading its outputs. */
  readonly runMs: number;
  readonly totalMs: number;
}

type Place = Pick<Plan, 'teams' | 'memories'>;

/** @throws TypeError for a kernel whose work is not known */
export function predictProgram(program: Program, plan: Place, rates: Rates): ProgramPrediction {
  const crews = crewsOf(plan);
  const everyone = crews.reduce((sum, { workers }) => sum + workers, 0);
  const scopes = {
    cluster: Math.min(everyone, Math.max(...plan.teams.nodes.flatMap(n => n.clusters.map(c => c.workers.length)))),
    node: Math.max(...crews.map(({ workers }) => workers)),
    machine: everyone,
  };
  const far = farWorkers(crews.flatMap(({ nodes }) => nodes));
  const images = program.memories.map(descriptorsOf);
  const last = program.steps.length - 1;

  const steps = program.steps.map(({ name, op, shares, barrier }, index): StepPrediction => {
    const inKernels = shares
      .filter((share): share is KernelShare => share.kind === 'kernel')
      .map(share => kernelTime(costedStep(share, images[share.memory]!), crews[share.memory]!, rates));
    const fetched = shares.filter((share): share is ExchangeShare => share.kind === 'exchange');
    const exchanges = fetched.map(share => exchangeTime(share, plan, crews[share.memory]!.workers, rates));
    const passing = passageMs(
      fetched.flatMap(share => passagesOf(share, plan)),
      rates,
    );
    const barrierFar = barrier === 'machine' ? far : 0;
    const slowest = inKernels.reduce((a, b) => (totalMs(b) > totalMs(a) ? b : a), nothing);
    return {
      name,
      op,
      kernel: shares.find(share => share.kind === 'kernel')?.kernel ?? null,
      arithmeticMs: slowest.arithmeticMs,
      memoryMs: slowest.memoryMs,
      exchangeMs: Math.max(passing, ...exchanges),
      overheadMs: slowest.overheadMs + (index < last ? barrierMs(rates, scopes[barrier], barrierFar) : 0),
    };
  });
  const runMs = rates.runUs / 1000 + (1000 * portBytes(program)) / rates.portBytesPerSecond;
  const stepsMs = steps.reduce((sum, step) => sum + totalMs(step) + step.exchangeMs, 0);
  return { steps, runMs, totalMs: stepsMs + runMs };
}

const nothing: StepTime = { arithmeticMs: 0, memoryMs: 0, overheadMs: 0 };

const portBytes = ({ inputs, outputs }: Program): number =>
  [...inputs, ...outputs]
    .flatMap(({ pieces }) => pieces)
    .reduce((sum, { dims }) => sum + 4 * dims.reduce((product, size) => product * size, 1), 0);

/** Descriptors of a memory's image, by their address. */
const descriptorsOf = ({ image }: MemoryPlan): ReadonlyMap<number, Int32Array> =>
  new Map(image.map(({ address, words }) => [address, words]));

function costedStep({ kernel, descriptor, units }: KernelShare, image: ReadonlyMap<number, Int32Array>): CostedStep {
  const words = image.get(descriptor);
  if (!words) throw new TypeError(`${kernel} has no descriptor at ${descriptor}`);
  return { kernel, units, values: decode(kernels[kernel]!.fields, words, 0) };
}

/** One memory's copies, each by a worker of its own. */
function exchangeTime({ memory, pieces }: ExchangeShare, { teams, memories }: Place, workers: number, rates: Rates) {
  const home = memories[memory]!.nodeIndex;
  const own = distanceOf(teams, home, home);
  const busy = Math.min(workers, pieces.length);
  let bytes = 0;
  let runs = 0;
  for (const piece of pieces) {
    const distance = distanceOf(teams, home, memories[piece.from]!.nodeIndex);
    bytes += piece.runs * piece.bytes * farness(distance, own, rates);
    runs += piece.runs;
  }
  return (1000 * bytes) / bandwidthOf(rates.copy, rates.workers, busy) + (runs * rates.copyRunNs) / 1e6 / busy;
}

/** What a memory's copies put on the links to it. */
const passagesOf = ({ memory, pieces }: ExchangeShare, { teams, memories }: Place): Passage[] =>
  pieces.map(({ from, runs, bytes }) => ({
    from,
    to: memory,
    bytes: runs * bytes,
    distance: distanceOf(teams, memories[memory]!.nodeIndex, memories[from]!.nodeIndex),
  }));
