/** Where the time of a run went: for every step and worker, its work and its wait for the others. */
import type { Step } from '../lower/program.js';

export interface StepProfile {
  readonly name: string;
  readonly op: string;
  /** The kernels of its shares, each once; a copy between memories is 'exchange'. */
  readonly kernels: readonly string[];
  /** Whether a twin did any of its shares. */
  readonly twin: boolean;
  readonly flops: number;
  /** By rank: when it came to the step, since the first worker came to the first step. */
  readonly startMs: readonly number[];
  /** By rank: claiming and doing units. */
  readonly busyMs: readonly number[];
  /** By rank: waiting for the team afterwards; nobody waits after the last step. */
  readonly waitMs: readonly number[];
}

export interface RunProfile {
  readonly steps: readonly StepProfile[];
}

export const createProfile = (steps: number, ranks: number): SharedArrayBuffer =>
  new SharedArrayBuffer(steps * ranks * 3 * Float64Array.BYTES_PER_ELEMENT);

/** The block that the workers have filled, as plain data. */
export function profileOf(steps: readonly Step[], ranks: number, block: SharedArrayBuffer): RunProfile {
  const times = new Float64Array(block);
  const column = (step: number, offset: number): number[] =>
    Array.from({ length: ranks }, (_, rank) => times[(step * ranks + rank) * 3 + offset]!);
  const firstMs = steps.length > 0 ? Math.min(...column(0, 0)) : 0;
  return {
    steps: steps.map(({ name, op, shares, flops }, step) => ({
      name,
      op,
      kernels: [...new Set(shares.map(share => (share.kind === 'kernel' ? share.kernel : share.kind)))],
      twin: shares.some(share => share.kind === 'kernel' && share.twin),
      flops,
      startMs: column(step, 0).map(ms => ms - firstMs),
      busyMs: column(step, 1),
      waitMs: column(step, 2),
    })),
  };
}
