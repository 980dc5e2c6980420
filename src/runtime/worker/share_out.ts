/**
 * Shares a number of units out among workers that claim them from one counter. Every unit is claimed exactly once; a stop
 * is seen before every claim.
 */
import { type Control, counterWord, isStopped } from '../control.js';

/** A claim that took less than this was too small to be worth its cost: the next one is twice as large. */
const smallClaimMs = 0.25;

export interface Units {
  readonly count: number;
  /** The counter in the control block that the claims come from. */
  readonly counter: number;
  /** How many workers claim. */
  readonly team: number;
  /** Does units [begin, end). */
  do(begin: number, end: number): void;
}

/**
 * Does whatever units nobody else has claimed. Claims grow while units are tiny, and shrink to one towards the end, where
 * a large one would keep the team waiting. `afterClaim` is called after each. False where the task has been stopped.
 */
export function shareOut(control: Control, units: Units, afterClaim?: () => void): boolean {
  const { words } = control;
  const { count, team } = units;
  const counter = counterWord(control, units.counter);
  let size = 1;
  for (;;) {
    if (isStopped(control)) return false;
    const left = count - Atomics.load(words, counter);
    if (left <= 0) return true;
    const claimed = Math.max(1, Math.min(size, Math.floor(left / (2 * team))));
    const begin = Atomics.add(words, counter, claimed);
    if (begin >= count) return true;
    const startMs = performance.now();
    units.do(begin, Math.min(begin + claimed, count));
    const tookMs = performance.now() - startMs;
    if (tookMs < smallClaimMs) size *= 2;
    else if (tookMs > 4 * smallClaimMs) size = Math.max(1, size >> 1);
    afterClaim?.();
  }
}
