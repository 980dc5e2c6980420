import { afterEach, describe, expect, it } from 'vitest';
import {
  describeSession,
  env,
  InferenceSession,
  inspectModel,
  type SessionOptions,
  Tensor,
} from '../../../src/index.js';
import { buildModel } from '../../support/onnx.js';

const open: InferenceSession[] = [];
afterEach(() => Promise.all(open.splice(0).map(session => session.release())));

async function create(source: string | Uint8Array, options: SessionOptions = {}): Promise<InferenceSession> {
  const session = await InferenceSession.create(source, { workers: 2, onWarning: () => undefined, ...options });
  open.push(session);
  return session;
}

const ramp = (dims: readonly number[]): Tensor => {
  const data = Float32Array.from({ length: dims.reduce((all, size) => all * size, 1) }, (_, i) => Math.sin(i));
  return new Tensor('float32', data, dims);
};

/** x [N, 2, D, H, W] -> conv 3x3x3 -> relu -> y, with symbolic sizes but for the channels. */
const smallModel = () =>
  buildModel({
    opset: 13,
    inputs: [{ name: 'x', dims: ['n', 2, 'd', 'h', 'w'] }],
    outputs: ['y'],
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'], attrs: { kernel_shape: [3, 3, 3], pads: [1, 1, 1, 1, 1, 1] } },
      { op: 'Relu', inputs: ['c'], outputs: ['y'] },
    ],
    initializers: { w: { dims: [9, 2, 3, 3, 3], data: Float32Array.from({ length: 486 }, (_, i) => Math.cos(3 * i)) } },
  });

async function outputOf(session: InferenceSession, feed: Tensor): Promise<Float32Array> {
  const results = await session.run({ [session.inputNames[0]!]: feed });
  return results[session.outputNames[0]!]!.data as Float32Array;
}

describe('results', () => {
  const zoo = 'zoo:resnet34?width=0.0625&classes=10';
  const dims = [1, 3, 16, 112, 112];
  const arrangements: SessionOptions[] = [
    { workers: 1 },
    { workers: 2 },
    { workers: 3 },
    { workers: 7 },
    ...['1x1x2', '2x1x1', '3x1x1', '2x2x2'].map(topology => ({ topology })),
  ];

  it('are the same bits for every number of workers and every topology', async () => {
    const outputs: Float32Array[] = [];
    for (const arrangement of arrangements) {
      const session = await InferenceSession.create(zoo, { ...arrangement, onWarning: () => undefined });
      outputs.push(await outputOf(session, ramp(dims)));
      await session.release();
    }
    for (const output of outputs.slice(1)) expect(output).toEqual(outputs[0]);
    expect(new Set(outputs[0]).size).toBeGreaterThan(5);
  });

  it('of weights in bfloat16 are the same bits everywhere, and near those of float32', async () => {
    const feed = ramp([1, 3, 16, 112, 112]);
    const outputs: Float32Array[] = [];
    for (const options of [{ weights: 'f32' }, { weights: 'bf16' }, { weights: 'bf16', topology: '3x1x1' }] as const) {
      const session = await create('zoo:c3d?width=0.0625&classes=70', options);
      expect(describeSession(session).weights).toBe(options.weights);
      outputs.push(await outputOf(session, feed));
    }
    const [plain, rounded, divided] = outputs as [Float32Array, Float32Array, Float32Array];
    expect(divided).toEqual(rounded);
    expect(rounded).not.toEqual(plain);
    const largest = Math.max(...plain.map(Math.abs));
    for (const [i, value] of rounded.entries()) expect(Math.abs(value - plain[i]!)).toBeLessThan(0.02 * largest);
  });

  it('take no more room for weights than they may, and say in inspectModel what they take', async () => {
    const model = 'zoo:c3d?width=0.125&classes=10';
    const packed = [8, 3, 1].map(weightGrowth => inspectModel(model, { weightGrowth }).packedBytes!);
    const exact = inspectModel(model, { algorithm: 'exact' });
    expect(packed[0]).toBeGreaterThan(packed[1]!);
    expect(packed[1]).toBeGreaterThan(packed[2]!);
    expect(packed[2]).toBe(exact.packedBytes);
    expect(exact.nodes.reduce((sum, { packedBytes }) => sum + packedBytes, 0)).toBe(exact.packedBytes);
    const feed = ramp([1, 3, 16, 112, 112]);
    const [capped, direct] = [await create(model, { weightGrowth: 1 }), await create(model, { algorithm: 'exact' })];
    expect(await outputOf(capped, feed)).toEqual(await outputOf(direct, feed));
  });

  it('agree between the kernels and their twins', async () => {
    const feed = ramp([1, 2, 5, 6, 19]);
    const kernels = await outputOf(await create(smallModel()), feed);
    const twins = await outputOf(await create(smallModel(), { algorithm: 'reference' }), feed);
    kernels.forEach((value, i) => {
      expect(value).toBeCloseTo(twins[i]!, 4);
    });
  });

  it('come from a path, from bytes and from an ArrayBuffer alike', async () => {
    const feed = ramp([1, 2, 3, 4, 5]);
    const bytes = smallModel();
    const fromBytes = await outputOf(await create(bytes), feed);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const session = await InferenceSession.create(buffer, { workers: 1 });
    open.push(session);
    expect(await outputOf(session, feed)).toEqual(fromBytes);
  });

  it('carry NaN where the receptive field holds one, and nowhere else', async () => {
    const feed = ramp([1, 2, 5, 5, 5]);
    (feed.data as Float32Array)[0] = Number.NaN;
    const output = await outputOf(await create(smallModel()), feed);
    output.forEach((value, i) => {
      const [d, h, w] = [Math.floor(i / 25) % 5, Math.floor(i / 5) % 5, i % 5];
      expect(Number.isNaN(value)).toBe(d <= 1 && h <= 1 && w <= 1);
    });
  });
});

describe('sizes', () => {
  it('are bound by what is fed, anew for every run', async () => {
    const session = await create(smallModel());
    expect(describeSession(session).inputs[0]!.dims).toEqual(['n', 2, 'd', 'h', 'w']);
    for (const dims of [
      [1, 2, 3, 4, 5],
      [2, 2, 4, 3, 9],
      [1, 2, 3, 4, 5],
    ]) {
      const results = await session.run({ x: ramp(dims) });
      expect(results.y!.dims).toEqual([dims[0], 9, ...dims.slice(2)]);
    }
  });

  it('can be given, and then hold', async () => {
    const session = await create(smallModel(), { shapes: { x: [1, 2, 3, 4, 5] } });
    expect(describeSession(session).outputs[0]!.dims).toEqual([1, 9, 3, 4, 5]);
    await expect(session.run({ x: ramp([1, 2, 3, 4, 6]) })).rejects.toThrow('[1, 2, 3, 4, 6]');
  });

  it('must be those of an input', async () => {
    await expect(create(smallModel(), { shapes: { z: [1] } })).rejects.toMatchObject({ kind: 'usage' });
  });
});

describe('feeds', () => {
  it.each([
    ['another rank', { x: ramp([2, 3, 4, 5]) }],
    ['another number of channels', { x: ramp([1, 3, 4, 5, 6]) }],
    ['another type', { x: new Tensor('int32', new Int32Array(120), [1, 2, 3, 4, 5]) }],
    ['an unknown name', { x: ramp([1, 2, 3, 4, 5]), z: ramp([1]) }],
  ])('of %s are refused in one line, and the session goes on', async (_, feeds) => {
    const session = await create(smallModel());
    await expect(session.run(feeds)).rejects.toMatchObject({
      kind: 'input',
      message: expect.not.stringContaining('\n'),
    });
    expect((await outputOf(session, ramp([1, 2, 3, 4, 5]))).length).toBe(540);
  });

  it('belong to the caller again as soon as run has been called', async () => {
    const session = await create(smallModel());
    const dims = [1, 2, 3, 4, 5];
    const expected = await outputOf(session, ramp(dims));
    const feed = ramp(dims);
    const runs = [session.run({ x: feed }), session.run({ x: feed })];
    (feed.data as Float32Array).fill(7);
    for (const results of await Promise.all(runs)) expect(results.y!.data).toEqual(expected);
  });
});

describe('what programs for onnxruntime do', () => {
  it('threads are set in env, or in an execution provider of ours', async () => {
    env.wasm.numThreads = 3;
    try {
      const session = await InferenceSession.create(smallModel(), { onWarning: () => undefined });
      open.push(session);
      expect(describeSession(session).workers).toHaveLength(3);
    } finally {
      env.wasm.numThreads = 0;
    }
    const one = await InferenceSession.create(smallModel(), { executionProviders: [{ name: 'numavox', workers: 1 }] });
    open.push(one);
    expect(describeSession(one).workers).toHaveLength(1);
  });

  it('symbolic sizes are given by name', async () => {
    const session = await create(smallModel(), { freeDimensionOverrides: { n: 1, d: 3, h: 4, w: 5 } });
    expect(describeSession(session).outputs[0]!.dims).toEqual([1, 9, 3, 4, 5]);
    await expect(create(smallModel(), { freeDimensionOverrides: { n: 0 } })).rejects.toMatchObject({ kind: 'usage' });
  });

  it('outputs go into tensors made before', async () => {
    const session = await create(smallModel());
    const feed = ramp([1, 2, 3, 4, 5]);
    const expected = await outputOf(session, feed);
    const y = new Tensor('float32', new Float32Array(540), [1, 9, 3, 4, 5]);
    const results = await session.run({ x: feed }, { y });
    expect(results.y).toBe(y);
    expect(y.data).toEqual(expected);
    const wrong = new Tensor('float32', new Float32Array(540), [1, 9, 3, 5, 4]);
    await expect(session.run({ x: feed }, { y: wrong })).rejects.toMatchObject({ kind: 'input' });
  });
});

describe('a session', () => {
  it('says what it is', async () => {
    const session = await create('zoo:c3d?width=0.125', { intraOpNumThreads: 5 });
    const description = describeSession(session);
    expect(description).toMatchObject({ algorithm: 'auto', untrained: true, nodes: 1 });
    expect(description.workers).toHaveLength(2);
    expect(description.outputs).toEqual([{ name: 'output', dtype: 'float32', dims: [1, 101] }]);
    expect(description.gflop).toBeCloseTo(1.43, 1);
  });

  it('ends a run whose signal aborts, and runs again', async () => {
    const session = await create('zoo:c3d?width=0.25');
    const feed = ramp([1, 3, 16, 112, 112]);
    const controller = new AbortController();
    const running = session.run({ input: feed }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(running).rejects.toMatchObject({ kind: 'aborted' });
    expect((await outputOf(session, feed)).length).toBe(101);
  });

  it('is closed once it is released', async () => {
    const session = await create(smallModel());
    await session.release();
    await expect(session.run({ x: ramp([1, 2, 3, 4, 5]) })).rejects.toMatchObject({ kind: 'closed' });
  });

  it.each([
    ['workers', { workers: 0 }],
    ['workers', { workers: 1.5 }],
    ['algorithm', { algorithm: 'fast' as 'auto' }],
    ['module', { module: 'avx' as 'simd' }],
    ['vectors', { vectors: 512 as 256 }],
    ['weights', { weights: 'int8' as 'f32' }],
    ['weightGrowth', { weightGrowth: 0.5 }],
    ['weightGrowth', { weightGrowth: Number.NaN }],
    ['x', { shapes: { x: [1, 0] } }],
  ])('refuses %s that make no sense: %o', async (name, options) => {
    await expect(create(smallModel(), options)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(name),
    });
  });
});
