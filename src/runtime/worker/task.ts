/**
 * One task from beginning to end. Whatever goes wrong in it becomes an answer, after the other workers have been stopped,
 * so that none of them is left waiting.
 */
import { NumavoxError } from '../../errors.js';
import { collectGarbage } from '../collect.js';
import { busyWord, type Control, openControl, stepWord, stop } from '../control.js';
import type { Task, TaskResult } from '../protocol.js';
import { heldProgram, hold, sweep } from './held.js';
import { loadProgram } from './load.js';
import { runSteps } from './run.js';
import type { Place } from './seat.js';

export async function perform(task: Task, place: Place): Promise<TaskResult> {
  sweep();
  switch (task.kind) {
    case 'sweep':
      collectGarbage();
      return { kind: 'done' };
    case 'load': {
      const result = guarded(openControl(task.control), place, () => loadProgram(task, place));
      // Files that constants have been read from are closed in the next turn of the event loop. An idle worker has none.
      await new Promise(resolve => setImmediate(resolve));
      return result;
    }
    case 'run': {
      // A worker that lost its program between two runs has no control block to stop: the main thread does it.
      const control = task.bundle ? openControl(task.bundle.control) : heldProgram(task.id).control;
      return guarded(control, place, () =>
        runSteps(task.bundle ? hold(task.bundle, place) : heldProgram(task.id), place, task),
      );
    }
  }
}

function guarded(control: Control, place: Place, work: () => boolean): TaskResult {
  const busy = busyWord(place.rank);
  Atomics.store(control.words, busy, 1);
  try {
    return { kind: work() ? 'done' : 'stopped' };
  } catch (error) {
    stop(control);
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const step = Atomics.load(control.words, stepWord(place.rank));
    const kind = error instanceof NumavoxError ? { errorKind: error.kind } : {};
    return { kind: 'failed', rank: place.rank, step, message, stack: stack ?? message, ...kind };
  } finally {
    Atomics.store(control.words, busy, 0);
  }
}
