// One of two threads that hand a number to and fro, each on a cache line of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { pinThisThread } from '../../dist/src/topology/index.js';

const { words, cpu, first } = workerData;
const [mine, other] = first ? [0, 32] : [32, 0];
const series = 5;
const roundTrips = 50_000;

/** Nanoseconds, of the shortest series. */
function handToAndFro() {
  let bestNs = Number.POSITIVE_INFINITY;
  let turn = 0;
  for (let i = 0; i < series; i++) {
    const startMs = performance.now();
    for (const end = turn + roundTrips; turn < end; ) {
      turn++;
      if (first) Atomics.store(words, mine, turn);
      while (Atomics.load(words, other) !== turn);
      if (!first) Atomics.store(words, mine, turn);
    }
    // The first series also waits for the partner to come.
    if (i > 0) bestNs = Math.min(bestNs, ((performance.now() - startMs) * 1e6) / roundTrips / 2);
  }
  return bestNs;
}

const { pinned } = pinThisThread(cpu);
const ns = pinned ? handToAndFro() : null;
if (first || !pinned) parentPort.postMessage(ns);
