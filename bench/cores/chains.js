// A thread of the compute-only loop: pinned like a worker, it runs the loop as often as it is told and says how long that took.
import { parentPort, workerData } from 'node:worker_threads';
import { pinThisThread } from '../../dist/src/topology/index.js';
import { chainsOf } from '../bench_module.js';

const { module, cpu } = workerData;
pinThisThread(cpu);
const memory = new WebAssembly.Memory({ initial: 8192, maximum: 65536, shared: true });
const chains = chainsOf(new WebAssembly.Instance(module, { env: { memory } }).exports);
const resultPtr = 65536;
new Float32Array(memory.buffer).fill(1e-3, resultPtr / 4, resultPtr / 4 + 8);

parentPort.on('message', steps => {
  const started = performance.now();
  chains(resultPtr, steps);
  parentPort.postMessage(performance.now() - started);
});
