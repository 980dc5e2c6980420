// How far apart two cores are: the time that a cache line takes from one to the other. Virtual CPUs that share a cache in one minute may
// lie in two of them in the next, and whatever one core writes for another takes several times as long then.
import { Worker } from 'node:worker_threads';

/** Nanoseconds from CPU `from` to CPU `to`: the shortest of a few series of round trips, halved. Null where threads cannot be pinned. */
export async function coreToCoreNs(from, to) {
  const words = new Int32Array(new SharedArrayBuffer(256));
  const start = (cpu, first) =>
    new Worker(new URL('./partner.js', import.meta.url), { workerData: { words, cpu, first } });
  const threads = [start(from, true), start(to, false)];
  try {
    return await new Promise((resolve, reject) => {
      for (const thread of threads) thread.once('error', reject).once('message', resolve);
    });
  } finally {
    await Promise.all(threads.map(thread => thread.terminate()));
  }
}
