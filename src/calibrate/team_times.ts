/** All that is timed on one team of workers. Invariant: every program is unloaded before the next one is loaded. */
import type { CacheSizes, CostedStep } from '../cost/work.js';
import type { Program } from '../lower/program.js';
import type { PlannedMemory } from '../plan/plan.js';
import type { Runtime } from '../runtime/index.js';
import { caseProgram } from './case_program.js';
import type { KernelCase } from './kernel_case.js';
import { measure } from './measure.js';
import { emptySteps, exchanges, portsOnly } from './overhead_programs.js';

export interface TeamTimes {
  readonly cases: readonly { readonly step: CostedStep; readonly ms: number }[];
  /** A step without work, with its barrier, and one of `tinyUnits` units that do next to nothing. */
  readonly emptyStepMs: number;
  readonly tinyStepMs: number;
  /** A run of one empty step. */
  readonly runMs: number;
  /** Writing and reading `portBytes` each. */
  readonly portsMs: number;
  /** Copying `copyBytes` between two memories, in runs as long as can be and in runs of `shortRunBytes`. */
  readonly longCopiesMs: number;
  readonly shortCopiesMs: number;
}

export const tinyUnits = 4;
export const portBytes = 2 ** 24;
export const copyBytes = 2 ** 22;
export const shortRunBytes = 512;

const stepsAtOnce = 500;
const copiesAtOnce = 20;
const copyPieces = 16;
const leastRuns = 5;
const briefMs = 300;

export interface TeamTimesOptions {
  readonly runtime: Runtime;
  readonly cases: readonly KernelCase[];
  readonly caches: CacheSizes;
  /** About how long the cases are measured. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Times everything on all workers of the runtime. */
export async function teamTimes({ runtime, cases, caches, budgetMs, signal }: TeamTimesOptions): Promise<TeamTimes> {
  const ranks = runtime.workers.map(({ rank }) => rank);
  const memory: PlannedMemory = { nodeIndex: 0, ranks };
  const common = { runtime, leastRuns, signal };
  const brief = async (program: Program): Promise<number> => {
    const memories = program.memories.map(() => memory);
    return (await measure({ ...common, program, memories, budgetMs: briefMs, plain: true })).runMs;
  };

  const built = caseProgram({ cases, workers: ranks.length, freshBytes: caches.sharedBytes / 2 });
  const timed = await measure({ ...common, program: built.program, memories: [memory], budgetMs });
  const runMs = await brief(emptySteps(1, 0));
  const emptyMs = await brief(emptySteps(stepsAtOnce, 0));
  const tinyMs = await brief(emptySteps(stepsAtOnce, tinyUnits));
  const portsMs = await brief(portsOnly(portBytes));
  const copy = { count: copiesAtOnce, bytes: copyBytes, pieces: copyPieces };
  const longMs = await brief(exchanges({ ...copy, runBytes: copyBytes / copyPieces }));
  const shortMs = await brief(exchanges({ ...copy, runBytes: shortRunBytes }));
  return {
    cases: cases.map(({ kernel, values, operands }, index) => ({
      step: {
        kernel,
        units: built.units[index]!,
        values: { ...values, residualPtr: operands.residualPtr === undefined ? 0 : 1 },
      },
      ms: timed.stepMs[built.stepOf[index]!]!,
    })),
    emptyStepMs: (emptyMs - runMs) / stepsAtOnce,
    tinyStepMs: (tinyMs - runMs) / stepsAtOnce,
    runMs,
    portsMs: portsMs - runMs,
    longCopiesMs: (longMs - runMs) / copiesAtOnce,
    shortCopiesMs: (shortMs - runMs) / copiesAtOnce,
  };
}
