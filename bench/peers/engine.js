// One engine in a process of its own, driven by messages from child.js: load, run, stop. Only `session.run` is timed:
// Float32Array in to Float32Array out.
import { readFileSync, writeFileSync } from 'node:fs';
import { inputData } from '../input.js';

const [, , engine, threads] = process.argv;

const loaders = {
  async numavox() {
    const { InferenceSession, Tensor } = await import('../../dist/src/index.js');
    return {
      Tensor,
      create: (path, options) => InferenceSession.create(path, { workers: Number(threads), ...options }),
    };
  },
  async 'onnxruntime-web'() {
    const { InferenceSession, Tensor, env } = await import('onnxruntime-web');
    env.wasm.numThreads = Number(threads);
    return { Tensor, create: path => InferenceSession.create(path, { graphOptimizationLevel: 'all' }) };
  },
  async 'onnxruntime-node'() {
    const { default: ort } = await import('onnxruntime-node');
    const { InferenceSession, Tensor } = ort;
    return {
      Tensor,
      create: path =>
        InferenceSession.create(path, { graphOptimizationLevel: 'all', intraOpNumThreads: Number(threads) }),
    };
  },
};

/** A line of the process's own status in MiB: VmRSS is what it holds now, VmHWM the most it ever held. */
function statusMiB(field) {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
}

let api;
let session;
let feeds;

const commands = {
  /** `inputs`: name and sizes of each. */
  async load({ path, inputs, options }) {
    api ??= await loaders[engine]();
    const started = performance.now();
    session = await api.create(path, options);
    const createMs = performance.now() - started;
    const loadedMiB = statusMiB('VmRSS');
    feeds = Object.fromEntries(
      inputs.map(({ name, dims }) => [name, new api.Tensor('float32', inputData(dims), dims)]),
    );
    const { node, v8 } = process.versions;
    const cpus = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return { createMs, loadedMiB, node: `v${node}`, v8, cpus };
  },
  /**
   * One run that counts, behind one that does not: that finds the caches full of what the others have left there. With a path, writes
   * all outputs to it, one behind the other; the answer has the number of values of each.
   */
  async run({ outputTo }) {
    await session.run(feeds);
    const started = performance.now();
    const results = await session.run(feeds);
    const ms = performance.now() - started;
    if (!outputTo) return { ms };
    const outputs = session.outputNames.map(name => results[name].data);
    writeFileSync(outputTo, '');
    for (const { buffer, byteOffset, byteLength } of outputs)
      writeFileSync(outputTo, new Uint8Array(buffer, byteOffset, byteLength), { flag: 'a' });
    return { ms, sizes: outputs.map(({ length }) => length) };
  },
  async stop() {
    const peakMiB = statusMiB('VmHWM');
    await session?.release();
    return { peakMiB };
  },
};

process.on('message', async ({ command, ...options }) => {
  try {
    process.send({ result: await commands[command](options) });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
  if (command === 'stop') process.disconnect();
});
