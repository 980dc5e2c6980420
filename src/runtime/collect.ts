import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects this thread's garbage now. Shared memories do not count when V8 decides whether to collect, and an idle worker never
 * does: without this, the memory of an unloaded program would stay for as long as the session.
 *
 * The flag belongs to the process and stays set: another thread may be between setting it and using it.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as (() => void) | undefined;
  collect?.();
}

/** Results of this size together are worth a collection. */
const resultBytes = 256 * 2 ** 20;

/**
 * Called before results of `bytes` are made: collects those of earlier runs that nobody holds any more, which V8 would let pile up
 * beside the memories that it does not see.
 */
export function createReclaimer(collect: () => void = collectGarbage): (bytes: number) => void {
  let handedOut = 0;
  return bytes => {
    if (handedOut > 0 && handedOut + bytes > resultBytes) {
      collect();
      handedOut = 0;
    }
    handedOut += bytes;
  };
}
