/**
 * A barrier of one team: nobody leaves before everybody has come.
 *
 * Why it cannot deadlock:
 * - Every worker walks the same list of steps and picks its team's barrier by the step's scope alone, so the members of
 *   a team meet at the same barriers in the same order; no barrier is waited for while another is held.
 * - A worker reads the generation before it counts itself in. The generation moves only after all `size` members have
 *   counted themselves in, so what it read is the generation of this meeting. The last one to come clears the count
 *   first and moves the generation second: nobody can come to the next meeting before the count is clear.
 * - Sleeping is `Atomics.wait` on the generation against the value read: a move between the read and the sleep makes the
 *   wait return at once, so no wake-up is lost.
 * - `stop` sets the stop word first and moves every generation second. A sleeper is woken by the move; who sees the moved
 *   generation also sees the stop word, and leaves with false instead of taking the stop for a full meeting.
 * - A worker that dies does not come. The main thread sees it die and calls `stop`.
 */
import { arrivedWord, type Control, generationWord, isStopped } from './control.js';
import type { BarrierRef } from './protocol.js';

const turnsPerLook = 32;

/** Waits for the team, spinning for at most `spinMs`, then sleeping. False where the task has been stopped. */
export function meet(control: Control, barrier: BarrierRef, spinMs: number): boolean {
  if (barrier.size === 1) return !isStopped(control);
  const { words } = control;
  const arrived = arrivedWord(control, barrier.index);
  const generation = generationWord(control, barrier.index);
  const current = Atomics.load(words, generation);
  if (isStopped(control)) return false;
  if (Atomics.add(words, arrived, 1) + 1 === barrier.size) {
    Atomics.store(words, arrived, 0);
    Atomics.add(words, generation, 1);
    Atomics.notify(words, generation);
    return !isStopped(control);
  }
  if (spinMs > 0) {
    const endMs = performance.now() + spinMs;
    do {
      for (let turn = 0; turn < turnsPerLook; turn++) {
        if (Atomics.load(words, generation) !== current) return !isStopped(control);
      }
    } while (performance.now() < endMs);
  }
  while (Atomics.load(words, generation) === current) Atomics.wait(words, generation, current);
  return !isStopped(control);
}
