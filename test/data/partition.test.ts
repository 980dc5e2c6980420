import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readNpy } from '../../src/cli/formats/npy.js';
import { decodeTensor, describeSession, InferenceSession, type SessionOptions, Tensor } from '../../src/index.js';
import { decodeModel, importModel } from '../../src/onnx/index.js';
import { partitions } from '../../src/plan/cuts.js';
import { dataPath } from './data.js';

interface Case {
  readonly model: string;
  readonly x: Tensor;
}

function golden(name: string): Case {
  const path = dataPath('golden', `${name}.x.npy`);
  const { data, dims } = readNpy(readFileSync(path), path);
  return { model: dataPath('golden', `${name}.onnx`), x: new Tensor('float32', data, dims) };
}

function trained(name: string, size?: number): Case {
  const path = dataPath('models', name, 'test_data_set_0', 'input_0.pb');
  const { data, dims } = decodeTensor(readFileSync(path), path);
  if (size === undefined) return { model: dataPath('models', name, 'model.onnx'), x: new Tensor(data, dims) };
  const crop = Float32Array.from({ length: size ** 3 }, (_, i) => (data as Float32Array)[i % data.length]!);
  return {
    model: dataPath('models', name, 'model.onnx'),
    x: new Tensor('float32', crop, [1, 1, size, size, size]),
  };
}

const cases: Readonly<Record<string, () => Case>> = {
  c3d: () => golden('c3d'),
  resnet34: () => golden('resnet34'),
  resnet50: () => golden('resnet50'),
  vgg11: () => golden('vgg11'),
  p3d: () => golden('p3d'),
  meshnet30: () => trained('meshnet30', 64),
  hippodeep_head: () => trained('hippodeep_head'),
};

/** The result's bytes, and how many memories it was computed in. */
async function resultOf({ model, x }: Case, options: SessionOptions): Promise<{ bytes: Buffer; memories: number }> {
  const [input] = importModel(decodeModel(model)).inputs;
  const shapes = { [input!.name]: x.dims };
  const session = await InferenceSession.create(model, { shapes, onWarning: () => undefined, ...options });
  try {
    const output = (await session.run({ [input!.name]: x }))[session.outputNames[0]!]!.data as Float32Array;
    return {
      bytes: Buffer.from(output.buffer, output.byteOffset, output.byteLength),
      memories: describeSession(session).memories.length,
    };
  } finally {
    await session.release();
  }
}

describe.each(Object.keys(cases))('%s', name => {
  test('has the same bits on every topology and under every partition', { timeout: 600_000 }, async () => {
    const network = cases[name]!();
    const one = await resultOf(network, { workers: 1 });
    const others = [
      ...['1x1x2', '2x1x1', '4x1x1', '2x2x2', '3x1x1', '8x2x4'].map(topology => ({ topology })),
      ...partitions.map(partition => ({ topology: '4x1x1', partition })),
    ];
    for (const options of others) {
      const { bytes, memories } = await resultOf(network, options);
      const nodes =
        options.topology.startsWith('1') || ('partition' in options && options.partition === 'none') ? 1 : 0;
      expect(memories, JSON.stringify(options)).toBe(nodes || Number(options.topology[0]));
      expect(Buffer.compare(bytes, one.bytes), JSON.stringify(options)).toBe(0);
    }
  });
});
