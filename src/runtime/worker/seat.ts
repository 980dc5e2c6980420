/**
 * A worker's place: taken once, when the worker starts, before it takes any task. The seat says which rank the worker
 * has, where it is pinned and which barriers it meets its teams at.
 */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { pinThisThread } from '../../topology/pin.js';
import type { Hello, Notice, Seat, WorkerData } from '../protocol.js';
import { takeSlot } from '../slots.js';

const seatTimeoutMs = 10_000;

export interface Place extends Seat {
  readonly threadId: number;
  readonly spinMs: number;
}

/** Says something to the main thread outside of any task's answer. */
export const notify = (notice: Notice): void => parentPort?.postMessage(notice);

/** Takes a seat, pins the thread to its CPU, and says hello. */
export function takeSeat(): Place {
  // piscina wraps nothing around the pool's own worker data.
  const { seats, slots, spinMs } = workerData as WorkerData;
  const ranks = seats.map(seat => seat.rank);
  const rank = takeSlot(new Int32Array(slots), ranks, threadId, seatTimeoutMs);
  const seat = seats[ranks.indexOf(rank)]!;
  const hello: Hello = { kind: 'hello', threadId, rank, ...pinThisThread(seat.cpu) };
  // Not before this module has been evaluated: Node 20 aborts the process when a thread is ended in the middle of an import.
  queueMicrotask(() => notify(hello));
  return { ...seat, threadId, spinMs };
}
