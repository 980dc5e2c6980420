import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { readNifti } from '../../src/cli/formats/nifti.js';
import { readNpy } from '../../src/cli/formats/npy.js';
import { decodeTensor, InferenceSession, type SessionOptions, Tensor } from '../../src/index.js';
import { decodeModel, importModel } from '../../src/onnx/index.js';
import { dataPath } from './data.js';

const open: InferenceSession[] = [];
afterAll(() => Promise.all(open.map(session => session.release())));

async function create(path: string, options: SessionOptions = {}): Promise<InferenceSession> {
  const session = await InferenceSession.create(path, { workers: 2, onWarning: () => undefined, ...options });
  open.push(session);
  return session;
}

interface Values {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

const npy = (path: string): Values => readNpy(readFileSync(path), path);

function pb(path: string): Values {
  const { dims, data } = decodeTensor(readFileSync(path), path);
  return { dims, data: data as Float32Array };
}

async function outputOf(session: InferenceSession, inputs: readonly Values[]): Promise<Tensor> {
  const feeds = session.inputNames.map((name, i) => [name, new Tensor('float32', inputs[i]!.data, inputs[i]!.dims)]);
  const results = await session.run(Object.fromEntries(feeds));
  return results[session.outputNames[0]!] as Tensor;
}

/** Largest difference, relative to the largest value of the reference. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(expected[i]! - actual[i]!));
  }
  return difference / largest;
}

/** Index of the largest channel per position, the first one of equals; logits are [1, channels, ...]. */
function argmax(logits: Float32Array, channels: number): Uint8Array {
  const positions = logits.length / channels;
  return Uint8Array.from({ length: positions }, (_, i) => {
    let label = 0;
    for (let c = 1; c < channels; c++) if (logits[c * positions + i]! > logits[label * positions + i]!) label = c;
    return label;
  });
}

describe('golden networks, against PyTorch', () => {
  const networks = ['c3d', 'resnet34', 'resnet50', 'vgg11', 'p3d'];
  test.each(networks)('%s, every module and number of workers', async name => {
    const x = npy(dataPath('golden', `${name}.x.npy`));
    const y = npy(dataPath('golden', `${name}.y.npy`));
    for (const module of ['simd', 'relaxed'] as const) {
      const outputs: Float32Array[] = [];
      for (const workers of [1, 2, 3, 7]) {
        const session = await InferenceSession.create(dataPath('golden', `${name}.onnx`), {
          workers,
          module,
          onWarning: () => undefined,
        });
        const output = (await outputOf(session, [x])).data as Float32Array;
        await session.release();
        outputs.push(output);
      }
      expect(relativeError(outputs[0]!, y.data)).toBeLessThanOrEqual(1e-4);
      for (const other of outputs.slice(1)) expect(Buffer.compare(bytesOf(other), bytesOf(outputs[0]!))).toBe(0);
    }
  });

  test('c3d on the twins', async () => {
    const session = await create(dataPath('golden', 'c3d.onnx'), { algorithm: 'reference' });
    const output = await outputOf(session, [npy(dataPath('golden', 'c3d.x.npy'))]);
    const expected = npy(dataPath('golden', 'c3d.y.npy'));
    expect(relativeError(output.data as Float32Array, expected.data)).toBeLessThanOrEqual(1e-4);
  });
});

const bytesOf = (data: Float32Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

describe('conformance cases with rank-5 tensors', () => {
  const manifest = JSON.parse(readFileSync(dataPath('onnx-3d', 'MANIFEST.json'), 'utf8')) as readonly {
    readonly name: string;
    readonly ops: readonly string[];
    readonly inputs: readonly unknown[];
    readonly initializers: readonly unknown[];
  }[];
  const missing = ['ConvTranspose', 'GridSample', 'LpPool'];
  test('are 33, of which 6 need ops that are not there yet', () => {
    expect(manifest).toHaveLength(33);
    expect(manifest.filter(({ ops }) => ops.some(op => missing.includes(op)))).toHaveLength(6);
  });

  test.each(manifest)('$name', async ({ name, ops, inputs, initializers }) => {
    const path = dataPath('onnx-3d', name, 'model.onnx');
    if (ops.some(op => missing.includes(op))) {
      await expect(InferenceSession.create(path)).rejects.toThrow(ops[0]!);
      return;
    }
    const session = await create(path);
    const fed = inputs.length - initializers.length;
    const feeds = Array.from({ length: fed }, (_, i) =>
      pb(dataPath('onnx-3d', name, 'test_data_set_0', `input_${i}.pb`)),
    );
    const output = await outputOf(session, feeds);
    const expected = pb(dataPath('onnx-3d', name, 'test_data_set_0', 'output_0.pb'));
    expect(output.dims).toEqual(expected.dims);
    expect(relativeError(output.data as Float32Array, expected.data)).toBeLessThanOrEqual(1e-5);
  });
});

describe('trained models', () => {
  test.each(['meshnet30', 'hippodeep_head'])('%s', async name => {
    const at = (file: string) => dataPath('models', name, ...file.split('/'));
    const x = pb(at('test_data_set_0/input_0.pb'));
    const y = pb(at('test_data_set_0/output_0.pb'));
    const [input] = importModel(decodeModel(at('model.onnx'))).inputs;
    const session = await create(at('model.onnx'), { shapes: { [input!.name]: x.dims } });
    const output = await outputOf(session, [x]);
    expect(output.dims).toEqual(y.dims);
    expect(relativeError(output.data as Float32Array, y.data)).toBeLessThanOrEqual(1e-4);
  });

  const volume = () => {
    const path = dataPath('volumes', 't1_crop.nii.gz');
    const { data } = readNifti(readFileSync(path), path);
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const value of data) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return Float32Array.from(data, value => (value - low) / (high - low));
  };

  test('meshnet5 on a crop of 96 voxels', async () => {
    const whole = volume();
    const [size, z0, y0, x0] = [96, 80, 60, 80];
    const crop = new Float32Array(size ** 3);
    for (let z = 0; z < size; z++) {
      for (let y = 0; y < size; y++) {
        const row = ((z + z0) * 256 + y + y0) * 256 + x0;
        crop.set(whole.subarray(row, row + size), (z * size + y) * size);
      }
    }
    const path = dataPath('models', 'meshnet5', 'model.onnx');
    const dims = [1, 1, size, size, size];
    const session = await create(path, { shapes: { input: dims } });
    const output = await outputOf(session, [{ dims, data: crop }]);
    const bytes = readFileSync(dataPath('models', 'meshnet5', 'crop96.logits.f32'));
    const expected = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    expect(relativeError(output.data as Float32Array, expected)).toBeLessThanOrEqual(1e-4);
  });

  test('meshnet5 on the whole of a T1 volume', async () => {
    const session = await create(dataPath('models', 'meshnet5', 'model.onnx'));
    const output = await outputOf(session, [{ dims: [1, 1, 256, 256, 256], data: volume() }]);
    const labels = argmax(output.data as Float32Array, 3);
    const expected = gunzipSync(readFileSync(dataPath('models', 'meshnet5', 't1_crop.labels.u8.gz')));
    expect(labels.length).toBe(expected.length);
    const wrong = labels.reduce((count, label, i) => count + Number(label !== expected[i]), 0);
    expect(wrong / labels.length).toBeLessThanOrEqual(1e-5);
  });
});
