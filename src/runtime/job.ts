/**
 * One load or run in progress: a task for every worker, and one end for the caller. Whatever ends it first (a failure, a
 * dead thread, an abort, a close) is what the caller hears; everyone else is stopped. Invariant: `drained` resolves once
 * no worker is in the task any more, and the memories and the control block may be used again.
 */
import { NumavoxError } from '../errors.js';
import { busyWord, type Control, furthestStep, stepWord, stop } from './control.js';
import type { Task, TaskResult } from './protocol.js';
import type { Team } from './team.js';

export interface Job {
  /** Resolves when every worker is done; rejects soon after a stop, even where a worker is late to see it. */
  readonly result: Promise<void>;
  readonly drained: Promise<void>;
  /** Whether the job has been ended by an error. */
  failed(): boolean;
  /** Ends the job with the error, unless it has ended already. */
  stop(error: NumavoxError): void;
}

/** How long the caller waits for stopped workers before it hears the error. */
const patienceMs = 500;
/** After how long a worker that does not see the stop is terminated. */
const stuckMs = 5_000;

export interface JobOptions {
  readonly control: Control;
  readonly task: Task;
  /** How errors name a step: `step "conv1"`. */
  nameOf(step: number): string;
}

export function startJob(team: Team, { control, task, nameOf }: JobOptions): Job {
  let error: NumavoxError | null = null;
  let over = false;
  let overdue = (): void => {};
  const overdueSoon = new Promise<void>(resolve => {
    overdue = resolve;
  });
  const timers: NodeJS.Timeout[] = [];

  const end = (reason: NumavoxError): void => {
    if (error || over) return;
    error = reason;
    stop(control);
    timers.push(setTimeout(overdue, patienceMs), setTimeout(terminateStuck, stuckMs));
  };

  const terminateStuck = (): void => {
    for (let rank = 0; rank < control.ranks; rank++) {
      if (Atomics.load(control.words, busyWord(rank)) !== 0) team.terminate(rank);
    }
  };

  const hear = (result: TaskResult): void => {
    if (result.kind !== 'failed') return;
    const { rank, step, message, stack, errorKind = 'runtime' } = result;
    const cause = new Error(message);
    cause.stack = stack;
    end(new NumavoxError(errorKind, `${nameOf(step)}: worker ${rank} failed: ${firstLine(message)}`, { cause }));
  };

  team.watcher = {
    ended(rank, cause) {
      const step = rank < 0 ? furthestStep(control) : Atomics.load(control.words, stepWord(rank));
      const who = rank < 0 ? 'a worker' : `worker ${rank}`;
      end(new NumavoxError('runtime', `${nameOf(step)}: ${who} died: ${firstLine(cause.message)}`, { cause }));
    },
    lost: end,
    abort: () => end(abortedIn(nameOf(furthestStep(control)))),
  };

  const tasks = team.post(task).map(answer =>
    answer.then(hear, (cause: Error) => {
      const where = nameOf(furthestStep(control));
      end(new NumavoxError('runtime', `${where}: a worker gave no answer: ${firstLine(cause.message)}`, { cause }));
    }),
  );
  const drained = Promise.all(tasks).then(() => {
    over = true;
    team.watcher = null;
    for (const timer of timers) clearTimeout(timer);
  });
  const result = Promise.race([drained, overdueSoon]).then(() => {
    if (error) throw error;
  });
  return { result, drained, failed: () => error !== null, stop: end };
}

export const abortedIn = (where: string): NumavoxError => new NumavoxError('aborted', `aborted in ${where}`);

const firstLine = (message: string): string => message.split('\n')[0]!;
