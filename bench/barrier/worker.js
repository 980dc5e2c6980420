// A worker of the barrier bench: meets its team as often as a task says, and measures itself.
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { meet } from '../../dist/src/runtime/barrier.js';
import { openControl } from '../../dist/src/runtime/control.js';
import { pinThisThread } from '../../dist/src/topology/index.js';

const { cpu, rank, size, control: buffer } = workerData;
const control = openControl(buffer);
const barrier = { index: 0, size };
const alarm = new Int32Array(new SharedArrayBuffer(4));

/** When the thread went to sleep last. */
let sleptAtMs = 0;
const { wait } = Atomics;
Atomics.wait = (...operands) => {
  sleptAtMs = performance.now();
  return wait(...operands);
};

/** Time that this thread has run on a CPU, in ms; null where the kernel does not say. */
function cpuMs() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e6;
  } catch {
    return null;
  }
}

/** By meeting: how long the thread waited before it fell asleep. */
const awakeMs = [];

function meetLate(lateMs, spinMs) {
  if (rank === 0) wait(alarm, 0, 0, lateMs);
  const comeMs = performance.now();
  meet(control, barrier, spinMs);
  if (sleptAtMs > comeMs) awakeMs.push(sleptAtMs - comeMs);
}

parentPort.on('message', ({ batches, meetings, lateMs, spinMs }) => {
  const batchMs = [];
  awakeMs.length = 0;
  // Whoever has the task first waits here for the others, and not in what is measured.
  meet(control, barrier, 1);
  const startCpuMs = cpuMs();
  for (let batch = 0; batch < batches; batch++) {
    const startMs = performance.now();
    for (let meeting = 0; meeting < meetings; meeting++) {
      if (lateMs > 0) meetLate(lateMs, spinMs);
      else meet(control, barrier, spinMs);
    }
    batchMs.push(performance.now() - startMs);
  }
  const endCpuMs = cpuMs();
  parentPort.postMessage({ batchMs, awakeMs, cpuMs: startCpuMs === null ? Number.NaN : endCpuMs - startCpuMs });
});
parentPort.postMessage(pinThisThread(cpu));
