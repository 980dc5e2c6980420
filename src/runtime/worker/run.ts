/**
 * One inference, as one worker sees it: the steps in order, each time whatever units it can claim, then the barrier of the
 * step's team. No message, and no allocation, per step.
 */
import { meet } from '../barrier.js';
import { stepWord } from '../control.js';
import type { RunTask } from '../protocol.js';
import { strikeAt } from './fault.js';
import type { Held } from './held.js';
import type { Place } from './seat.js';
import { shareOut } from './share_out.js';

/** Walks the program. False where it has been stopped; throws what a kernel throws. */
export function runSteps(program: Held, place: Place, task: RunTask): boolean {
  const { control, steps } = program;
  const profile = task.profile && new Float64Array(task.profile);
  const originMs = profile ? clockOriginMs() : 0;
  for (let index = 0; index < steps.length; index++) {
    const { shares, barrier } = steps[index]!;
    Atomics.store(control.words, stepWord(place.rank), index);
    const strike = task.fault && strikeAt(task.fault, place, index, control);
    const startMs = profile ? performance.now() : 0;
    for (const share of shares) if (!shareOut(control, share, strike)) return false;
    strike?.();
    const doneMs = profile ? performance.now() : 0;
    // The last step needs no barrier: the run is over when every worker has answered.
    if (index + 1 < steps.length && !meet(control, barrier, place.spinMs)) return false;
    if (profile) {
      const at = (index * control.ranks + place.rank) * 3;
      profile[at] = originMs + startMs;
      profile[at + 1] = doneMs - startMs;
      profile[at + 2] = performance.now() - doneMs;
    }
  }
  return true;
}

/**
 * When this thread's `performance.now()` was 0, on the steady clock that all threads of the process share. Of a few tries, the
 * one with the least time between the two readings: a thread may lose its CPU in between.
 */
function clockOriginMs(): number {
  let originMs = 0;
  let leastMs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 4; tries++) {
    const beforeMs = performance.now();
    const sharedMs = Number(process.hrtime.bigint()) / 1e6;
    const gapMs = performance.now() - beforeMs;
    if (gapMs >= leastMs) continue;
    leastMs = gapMs;
    originMs = sharedMs - beforeMs;
  }
  return originMs;
}
