/**
 * A barrier of one team: nobody leaves before everybody has come.
 *
 * Why it cannot deadlock:
 * - Every worker walks the same list of steps, also those in which it has nothing to do, and after each comes to the
 *   barrier that the step's scope and its own seat name; no barrier is waited for while another is held. So the members
 *   of a team come to their barrier after the same steps, in the same order, however scopes are mixed: suppose that workers
 *   wait for ever, and take one that waits after the earliest step. Whoever is missing there has not left that step, and
 *   cannot be waiting after an earlier one; it is working, and will come.
 * - A worker reads the generation before it counts itself in. The generation moves only after all `size` members have
 *   counted themselves in, so what it read is the generation of this meeting. The last one to come clears the count
 *   first and moves the generation second: nobody can come to the next meeting before the count is clear.
 * - Sleeping is `Atomics.wait` on the generation against the value read: a move between the read and the sleep makes the
 *   wait return at once, so no wake-up is lost.
 * - The last one to come wakes the others only where the count of sleepers is not zero. A worker counts itself a sleeper
 *   before it compares the generation to sleep; the last one moves the generation before it reads the count. Atomics
 *   have one order: where the count is read as zero, the sleeper's comparison comes after the move, and it does not sleep.
 * - `stop` sets the stop word first, moves every generation second and always wakes. A sleeper is woken by the move; who
 *   sees the moved generation also sees the stop word, and leaves with false instead of taking the stop for a full meeting.
 * - A worker that dies does not come, and may leave the count of sleepers too high until the block is reset, which costs
 *   a needless wake-up. The main thread sees it die and calls `stop`.
 */
import { arrivedWord, type Control, generationWord, isStopped, sleepersWord } from './control.js';
import type { BarrierRef } from './protocol.js';

/** Looks at the generation between two looks at the clock, which is dearer; few, so that spinning ends on time. */
const turnsPerLook = 32;

/** Waits for the team, spinning for at most `spinMs`, then sleeping. False where the task has been stopped. */
export function meet(control: Control, barrier: BarrierRef, spinMs: number): boolean {
  if (barrier.size === 1) return !isStopped(control);
  const { words } = control;
  const arrived = arrivedWord(control, barrier.index);
  const generation = generationWord(control, barrier.index);
  const sleepers = sleepersWord(control, barrier.index);
  const current = Atomics.load(words, generation);
  if (isStopped(control)) return false;
  if (Atomics.add(words, arrived, 1) + 1 === barrier.size) {
    Atomics.store(words, arrived, 0);
    Atomics.add(words, generation, 1);
    if (Atomics.load(words, sleepers) > 0) Atomics.notify(words, generation);
    return !isStopped(control);
  }
  if (!spin(words, generation, current, spinMs)) {
    Atomics.add(words, sleepers, 1);
    while (Atomics.load(words, generation) === current) Atomics.wait(words, generation, current);
    Atomics.sub(words, sleepers, 1);
  }
  return !isStopped(control);
}

/** Whether the word has moved on from `current` within the time. */
function spin(words: Int32Array, word: number, current: number, spinMs: number): boolean {
  if (spinMs <= 0) return false;
  let endMs = 0;
  for (;;) {
    for (let turn = 0; turn < turnsPerLook; turn++) if (Atomics.load(words, word) !== current) return true;
    const nowMs = performance.now();
    if (endMs === 0) endMs = nowMs + spinMs;
    else if (nowMs >= endMs) return false;
  }
}
