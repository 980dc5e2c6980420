/**
 * The slot table: which thread holds which rank. Word 0 counts changes; word 1 + rank is the id of the thread that has
 * the rank, 0 while it is free. A worker takes the first free one of its pool; only the main thread frees it, after the
 * thread has ended, so that a rank never has two holders.
 */

export const createSlots = (ranks: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer((1 + ranks) * 4));

/**
 * Takes one of the ranks for a thread. A worker that replaces a dead one can be here before the dead one's rank has been
 * freed: it waits for at most `timeoutMs`, then throws.
 */
export function takeSlot(
  slots: Int32Array<SharedArrayBuffer>,
  ranks: readonly number[],
  threadId: number,
  timeoutMs: number,
): number {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const changes = Atomics.load(slots, 0);
    for (const rank of ranks) {
      if (Atomics.compareExchange(slots, 1 + rank, 0, threadId) === 0) return rank;
    }
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) throw new Error(`no free slot among ranks ${ranks.join(', ')} within ${timeoutMs} ms`);
    Atomics.wait(slots, 0, changes, leftMs);
  }
}

/** Frees what an ended thread has held, and says which rank that was; -1 where it had none. */
export function freeSlot(slots: Int32Array<SharedArrayBuffer>, threadId: number): number {
  const rank = slots.indexOf(threadId, 1) - 1;
  if (rank < 0) return -1;
  Atomics.store(slots, 1 + rank, 0);
  Atomics.add(slots, 0, 1);
  Atomics.notify(slots, 0);
  return rank;
}

/** The thread that holds a rank, 0 for none. */
export const holderOf = (slots: Int32Array<SharedArrayBuffer>, rank: number): number => Atomics.load(slots, 1 + rank);
