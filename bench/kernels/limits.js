// What this core can do at most, measured in the same run as the kernels: multiply-adds in registers, and a plain copy.
import { buildBenchModule, chainsOf, flopPerChainStep } from '../bench_module.js';

const steps = 500_000;
const resultPtr = 65536;
const copiedBytes = 64 * 2 ** 20;

/** `measure` may be called again and again: the limits are those of the best run of all. */
export function createLimits() {
  const memory = new WebAssembly.Memory({ initial: 8192, maximum: 65536, shared: true });
  const chains = chainsOf(new WebAssembly.Instance(buildBenchModule(), { env: { memory } }).exports);
  new Float32Array(memory.buffer).fill(1e-3, resultPtr / 4, resultPtr / 4 + 8);
  const bytes = new Uint8Array(memory.buffer);
  const half = bytes.length / 2;
  const limits = { gflops: 0, gigabytesPerSecond: 0 };
  const take = (name, amount, job) => {
    const started = performance.now();
    job();
    limits[name] = Math.max(limits[name], amount / (performance.now() - started) / 1e6);
  };
  return {
    limits,
    measure(times) {
      for (let i = 0; i < times; i++) {
        take('gflops', steps * flopPerChainStep, () => chains(resultPtr, steps));
        take('gigabytesPerSecond', 2 * copiedBytes, () => bytes.copyWithin(half, half / 4, half / 4 + copiedBytes));
      }
    },
  };
}
