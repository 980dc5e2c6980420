/** Progress of a run, read from the control block by a timer: a worker publishes the step it is in and sends nothing. */
import type { Step } from '../lower/program.js';
import { type Control, slowestStep } from './control.js';

/** Called with the number of finished steps, their total and the name of the step in progress. */
export type OnStep = (done: number, total: number, name: string) => void;

const periodMs = 100;

/** Reports whenever the slowest worker has moved on; what `onStep` throws goes to `fail`. The result ends the watch. */
export function watchProgress(
  control: Control,
  steps: readonly Step[],
  onStep: OnStep,
  fail: (error: unknown) => void,
): () => void {
  let reported = -1;
  const timer = setInterval(() => {
    const done = Math.min(slowestStep(control), steps.length);
    if (done === reported) return;
    reported = done;
    try {
      onStep(done, steps.length, steps[done]?.name ?? '');
    } catch (error) {
      clearInterval(timer);
      fail(error);
    }
  }, periodMs);
  return () => clearInterval(timer);
}
