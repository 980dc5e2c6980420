/**
 * The program in the making: one emitter per memory, and the steps that they fill together. Step i of the program is step i of
 * every memory. Invariant: an exchange reads what steps before it have written, and is behind a barrier of all workers.
 */
import { NumavoxError } from '../errors.js';
import type { Plan } from '../plan/plan.js';
import { type Address, createEmitter, type Emitter, type Finished, type PendingShare, type Where } from './emitter.js';
import type { PendingPiece } from './moving.js';
import type { MemoryPlan, Port, PortPiece, Program, Share, Step } from './program.js';

interface PendingStep {
  where: Where;
  flops: number;
  readonly shares: { readonly memory: number; readonly share: PendingShare }[];
  readonly exchanges: { readonly memory: number; readonly pieces: readonly PendingPiece[] }[];
}

export interface PendingPort {
  readonly name: string;
  readonly dims: readonly number[];
  readonly pieces: readonly (Omit<PortPiece, 'address'> & { readonly address: Address })[];
}

export interface SequenceOptions {
  readonly plan: Plan;
  /** Every step is done by its kernel's twin. */
  readonly reference: boolean;
}

const memoryLimit = 2 ** 32;

export function createSequence({ plan, reference }: SequenceOptions) {
  const steps: PendingStep[] = [];
  const stepAt = (at: number, where: Where): PendingStep => {
    steps[at] ??= { where, flops: 0, shares: [], exchanges: [] };
    return steps[at];
  };
  const emitters: readonly Emitter[] = plan.memories.map((_, memory) =>
    createEmitter((at, where, share) => {
      const step = stepAt(at, where);
      step.flops += share.flops;
      step.shares.push({ memory, share });
    }),
  );

  /** Makes every memory go on from the same step, and says which one. */
  function align(): number {
    const next = Math.max(...emitters.map(emitter => emitter.next));
    for (const emitter of emitters) emitter.skipTo(next);
    return next;
  }

  /** In step `at`, the workers of a memory copy pieces into it. The kernels of that step do not touch the targets. */
  function exchange(at: number, where: Where, memory: number, pieces: readonly PendingPiece[]): void {
    for (const { target } of pieces) emitters[memory]!.keep(target, at);
    stepAt(at, where).exchanges.push({ memory, pieces });
  }

  /**
   * What an exchange reads has to stay until every worker has met again: until then, another memory's may be reading it. All
   * else is read by the workers of its own memory, who meet after every step.
   */
  function keepSources(meetings: readonly boolean[]): void {
    steps.forEach(({ exchanges }, at) => {
      const meeting = meetings.indexOf(true, at);
      const until = meeting < 0 ? steps.length : meeting;
      for (const { from, source } of exchanges.flatMap(({ pieces }) => pieces)) emitters[from]!.keep(source, until);
    });
  }

  /** The program, with the ports that the main thread fills and empties. */
  function finish(inputs: readonly PendingPort[], outputs: readonly PendingPort[]): Program {
    for (const { pieces } of inputs) for (const { memory, address } of pieces) emitters[memory]!.keep(address, 0);
    for (const { pieces } of outputs) {
      for (const { memory, address } of pieces) emitters[memory]!.keep(address, steps.length);
    }
    const meetings = steps.map((_, at) => (steps[at + 1]?.exchanges.length ?? 0) > 0);
    keepSources(meetings);
    const finished = emitters.map(emitter => emitter.finish());
    const port = ({ name, dims, pieces }: PendingPort): Port => ({
      name,
      dims,
      pieces: pieces.map(piece => ({ ...piece, address: finished[piece.memory]!.resolve(piece.address) })),
    });
    return {
      memories: finished.map((own, memory) => memoryPlan(plan, memory, own)),
      inputs: inputs.map(port),
      outputs: outputs.map(port),
      weights: finished.flatMap(({ weights }, memory) => weights.map(task => ({ ...task, memory }))),
      steps: steps.map(
        ({ where, flops, shares, exchanges }, at): Step => ({
          name: where.name,
          op: where.op,
          shares: [
            ...exchanges.map(({ memory, pieces }): Share => {
              return { kind: 'exchange', memory, pieces: pieces.map(piece => placed(piece, memory, finished)) };
            }),
            ...shares.map(({ memory, share }): Share => {
              const place = finished[memory]!.shares.get(share)!;
              return { kind: 'kernel', memory, ...place, twin: reference };
            }),
          ],
          flops,
          barrier: plan.memories.length === 1 || meetings[at] ? 'machine' : 'node',
        }),
      ),
    };
  }

  return { emitters, align, exchange, finish };
}

export type Sequence = ReturnType<typeof createSequence>;

const placed = (
  { from, source, fromPitch, target, toPitch, runs, bytes }: PendingPiece,
  memory: number,
  finished: readonly Finished[],
) => ({
  from,
  fromAddress: finished[from]!.resolve(source),
  fromPitch,
  toAddress: finished[memory]!.resolve(target),
  toPitch,
  runs,
  bytes,
});

function memoryPlan(plan: Plan, memory: number, own: Finished): MemoryPlan {
  const { nodeIndex, ranks } = plan.memories[memory]!;
  const { weightBytes, arenaBytes, image, scratchAddress, scratchBytes } = own;
  const bytes = scratchAddress + scratchBytes * ranks.length;
  if (bytes > memoryLimit) {
    const gib = (bytes / 2 ** 30).toFixed(1);
    const where = plan.memories.length > 1 ? ` of node ${plan.teams.nodes[nodeIndex]!.node}` : '';
    throw new NumavoxError('resource', `the model needs ${gib} GiB at these sizes, and the memory${where} holds 4 GiB`);
  }
  return { nodeIndex, bytes, weightBytes, arenaBytes, image, scratchAddress, scratchBytes };
}
