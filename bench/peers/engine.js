// One engine in a process of its own, driven by messages from main.js: load, run, stop. Only `session.run` is timed:
// Float32Array in to Float32Array out.
import { readFileSync, writeFileSync } from 'node:fs';

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

/** The same numbers in every process: uniform in [0, 1), from a counter. */
function input(dims) {
  const data = new Float32Array(dims.reduce((all, size) => all * size, 1));
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state / 2 ** 32;
  }
  return data;
}

let api;
let session;
let feeds;

const commands = {
  async load({ path, dims, options }) {
    api ??= await loaders[engine]();
    const started = performance.now();
    session = await api.create(path, options);
    const createMs = performance.now() - started;
    const [name] = session.inputNames;
    feeds = { [name]: new api.Tensor('float32', input(dims), dims) };
    return { createMs };
  },
  async run({ outputTo }) {
    const started = performance.now();
    const results = await session.run(feeds);
    const ms = performance.now() - started;
    if (outputTo) {
      const { data } = results[session.outputNames[0]];
      writeFileSync(outputTo, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    return { ms };
  },
  async stop() {
    await session?.release();
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    return { peakMB: Number(peak?.[1] ?? 0) / 1024 };
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
