/**
 * The one way onto a team's workers: jobs wait in line for the gate, run one at a time, and are ended together when the
 * session closes. Invariant: whoever has entered the gate leaves it, whatever happens in between.
 */
import { NumavoxError } from '../errors.js';
import { furthestStep } from './control.js';
import { enterGate, type Pass } from './gate.js';
import { abortedIn, type Job, type JobOptions, startJob } from './job.js';
import type { Team } from './team.js';

/** A job, and what comes of it. */
export interface Work<T> extends JobOptions {
  /** Reads the result, while the memories are still the job's. */
  collect(): T;
  /** Called when the workers have the task; what it returns is called when the job has ended. */
  onStart?(job: Job): (() => void) | undefined;
}

export interface Line {
  /** @throws NumavoxError `closed` where no job can be done any more */
  checkUsable(): void;
  /**
   * Has every worker take part in the job that `begin` describes, and collects its result. `begin` is called before this
   * returns where the gate is open; otherwise `onWait` is.
   */
  work<T>(signal: AbortSignal | undefined, begin: () => Work<T>, onWait?: () => void): Promise<T>;
  /** Calls `idle` when it is the caller's turn and no worker has a task. */
  between(idle: () => Promise<void>): Promise<void>;
  /** Ends what is in progress and in line; resolves when the workers have come out, or `patienceMs` later. */
  close(patienceMs: number): Promise<void>;
}

export function createLine(team: Team): Line {
  const waiting = new Set<(error: NumavoxError) => void>();
  let current: Job | null = null;
  let closed = false;

  const checkUsable = (): void => {
    if (closed) throw closedError();
    if (team.lost) throw team.lost;
  };

  /** Waits until the gate opens, the signal aborts or the session closes. */
  const turn = (pass: Pass, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (settle: () => void): void => {
        signal?.removeEventListener('abort', abort);
        waiting.delete(quit);
        settle();
      };
      const abort = (): void => leave(() => reject(abortedInLine()));
      const quit = (error: NumavoxError): void => leave(() => reject(error));
      signal?.addEventListener('abort', abort);
      waiting.add(quit);
      pass.ready.then(() => leave(resolve));
    });

  /** Starts the job; the pass is left when the last worker has come out of it and the result has been read. */
  const perform = async <T>(pass: Pass, signal: AbortSignal | undefined, work: Work<T>, job: Job): Promise<T> => {
    current = job;
    const collected = job.drained.then(() => {
      current = null;
      try {
        return job.failed() ? null : { value: work.collect() };
      } finally {
        pass.leave();
      }
    });
    // Whoever awaits `result` hears the failure; nobody may be left to hear this one.
    collected.catch(() => {});
    const abort = (): void => job.stop(abortedIn(work.nameOf(furthestStep(work.control))));
    signal?.addEventListener('abort', abort);
    const cleanUp = work.onStart?.(job);
    try {
      await job.result;
    } finally {
      cleanUp?.();
      signal?.removeEventListener('abort', abort);
    }
    return (await collected)!.value;
  };

  return {
    checkUsable,

    async work(signal, begin, onWait) {
      checkUsable();
      if (signal?.aborted) throw abortedInLine();
      const pass = enterGate(team.cpus);
      let job: Job | null = null;
      try {
        if (!pass.admitted) {
          onWait?.();
          await turn(pass, signal);
        }
        checkUsable();
        const work = begin();
        job = startJob(team, work);
        return await perform(pass, signal, work, job);
      } finally {
        if (!job) pass.leave();
      }
    },

    async between(idle) {
      const pass = enterGate(team.cpus);
      try {
        if (!pass.admitted) await turn(pass, undefined);
        checkUsable();
        await idle();
      } finally {
        pass.leave();
      }
    },

    async close(patienceMs) {
      closed = true;
      for (const quit of [...waiting]) quit(closedError());
      if (!current) return;
      current.stop(closedError());
      await within(current.drained, patienceMs);
    },
  };
}

const abortedInLine = (): NumavoxError => new NumavoxError('aborted', 'aborted before the run began');

const closedError = (): NumavoxError => new NumavoxError('closed', 'the session has been closed');

/** Resolves when the promise does, or when the time is up. */
async function within(promise: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>(resolve => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
