/**
 * Shares a number of units out among workers that claim them from counters, one per range. Every unit is claimed exactly
 * once; a stop is seen before every claim.
 */
import { type Control, counterWord, isStopped } from '../control.js';

/** A claim that took less than this was too small to be worth its cost: the next one is twice as large. */
const smallClaimMs = 0.25;

/** Units [begin, end), claimed from one counter of the control block. */
export interface UnitRange {
  readonly counter: number;
  readonly begin: number;
  readonly end: number;
  /** How many workers begin with this range. */
  readonly team: number;
}

export interface Units {
  /** In the order in which this worker claims: its own cluster's range, then those that it helps with. */
  readonly ranges: readonly UnitRange[];
  /** Does units [begin, end). */
  do(begin: number, end: number): void;
}

/**
 * Does whatever units nobody else has claimed. Claims grow while units are tiny, and shrink to one towards the end, where
 * a large one would keep the team waiting. `afterClaim` is called after each. False where the task has been stopped.
 */
export function shareOut(control: Control, units: Units, afterClaim?: () => void): boolean {
  const { words } = control;
  const { ranges } = units;
  let size = 1;
  for (let index = 0; index < ranges.length; index++) {
    const range = ranges[index]!;
    const count = range.end - range.begin;
    const counter = counterWord(control, range.counter);
    for (;;) {
      if (isStopped(control)) return false;
      const left = count - Atomics.load(words, counter);
      if (left <= 0) break;
      const claimed = Math.max(1, Math.min(size, Math.floor(left / (2 * range.team))));
      const begin = Atomics.add(words, counter, claimed);
      if (begin >= count) break;
      const startMs = performance.now();
      units.do(range.begin + begin, range.begin + Math.min(begin + claimed, count));
      const tookMs = performance.now() - startMs;
      if (tookMs < smallClaimMs) size *= 2;
      else if (tookMs > 4 * smallClaimMs) size = Math.max(1, size >> 1);
      afterClaim?.();
    }
  }
  return true;
}
