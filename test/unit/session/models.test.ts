import { afterEach, describe, expect, it } from 'vitest';
import { describeSession, InferenceSession, type SessionOptions, Tensor } from '../../../src/index.js';
import { buildModel, type ModelSpec } from '../../support/onnx.js';

const open: InferenceSession[] = [];
afterEach(() => Promise.all(open.splice(0).map(session => session.release())));

const quiet = { workers: 2, onWarning: () => undefined };

type Spec = Partial<ModelSpec> & Pick<ModelSpec, 'inputs'>;
const relu: ModelSpec['nodes'] = [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }];
const bytesOf = (spec: Spec) => buildModel({ nodes: relu, outputs: ['y'], ...spec });

async function create(spec: Spec, options: SessionOptions = {}): Promise<InferenceSession> {
  const session = await InferenceSession.create(bytesOf(spec), { ...quiet, ...options });
  open.push(session);
  return session;
}

const ramp = (...dims: number[]) => {
  const count = dims.reduce((all, size) => all * size, 1);
  return new Tensor(
    'float32',
    Float32Array.from({ length: count }, (_, i) => i - 1),
    dims,
  );
};
const valuesOf = (tensor: unknown) => Array.from((tensor as Tensor).data as Float32Array);

describe('a model', () => {
  it('may have outputs that are inputs, constants, and one value twice', async () => {
    const session = await create({
      inputs: [{ name: 'x', dims: [3] }],
      nodes: [...relu, { op: 'Identity', inputs: ['y'], outputs: ['z'] }],
      outputs: ['z', 'x', 'k', 'y'],
      initializers: { k: { dims: [2], data: [7, 8] } },
    });
    const results = await session.run({ x: ramp(3) });
    const values = Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, valuesOf(tensor)]));
    expect(values).toEqual({ z: [0, 0, 1], x: [-1, 0, 1], k: [7, 8], y: [0, 0, 1] });
  });

  it('may compute nothing, or have no input', async () => {
    const alias = await create({
      inputs: [{ name: 'x', dims: [] }],
      nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
    });
    expect(valuesOf((await alias.run({ x: ramp() })).y)).toEqual([-1]);
    const fixed = await create({ inputs: [], initializers: { x: { dims: [2], data: [-3, 3] } } });
    expect(valuesOf((await fixed.run({})).y)).toEqual([0, 3]);
  });

  it('may use names that objects have', async () => {
    const nodes = [{ op: 'Relu', inputs: ['constructor'], outputs: ['toString'] }];
    const session = await create({ inputs: [{ name: 'constructor', dims: ['n'] }], nodes, outputs: ['toString'] });
    const results = await session.run({ constructor: ramp(2) } as unknown as Record<string, Tensor>);
    expect(valuesOf(results.toString)).toEqual([0, 0]);
  });

  it('comes from a part of a buffer', async () => {
    const bytes = bytesOf({ inputs: [{ name: 'x', dims: [2] }] });
    const buffer = new ArrayBuffer(bytes.length + 100);
    new Uint8Array(buffer, 50).set(bytes);
    const session = await InferenceSession.create(buffer, 50, bytes.length, quiet);
    open.push(session);
    expect(valuesOf((await session.run({ x: ramp(2) })).y)).toEqual([0, 0]);
    await expect(InferenceSession.create(buffer, 50, 1000, quiet)).rejects.toMatchObject({ kind: 'usage' });
  });

  it.each([[5], [undefined], [null], [{}]])('is not %o', async source => {
    await expect(InferenceSession.create(source as unknown as string, quiet)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(String(source)),
    });
  });
});

describe('sizes', () => {
  const pair: Spec = {
    inputs: [
      { name: 'x', dims: ['n', 2] },
      { name: 'z', dims: ['n', 2] },
    ],
    nodes: [{ op: 'Add', inputs: ['x', 'z'], outputs: ['y'] }],
  };

  it.each([[null], [-1], [0], ['n']])('declared as %o are left to the feed', async size => {
    const session = await create({ inputs: [{ name: 'x', dims: [size, 2] }] });
    for (const rows of [1, 3]) expect((await session.run({ x: ramp(rows, 2) })).y!.dims).toEqual([rows, 2]);
  });

  it('that one input binds hold for the others, and are planned once', async () => {
    const session = await create(pair, { shapes: { x: [3, 2] } });
    const { timings, inputs } = describeSession(session);
    expect(inputs[1]!.dims).toEqual([3, 2]);
    await session.run({ x: ramp(3, 2), z: ramp(3, 2) });
    expect(describeSession(session).timings).toEqual(timings);
  });

  it('that contradict each other are refused, and the session goes on', async () => {
    const session = await create(pair);
    await expect(session.run({ x: ramp(3, 2), z: ramp(1, 2) })).rejects.toMatchObject({ kind: 'input' });
    expect((await session.run({ x: ramp(3, 2), z: ramp(3, 2) })).y!.dims).toEqual([3, 2]);
  });

  it('that the model cannot compute with are refused, and the session goes on', async () => {
    const session = await create({
      inputs: [{ name: 'x', dims: [1, 1, 'w'] }],
      nodes: [{ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attrs: { kernel_shape: [3] } }],
      initializers: { w: { dims: [1, 1, 3], data: [1, 1, 1] } },
    });
    for (let turn = 0; turn < 2; turn++) {
      expect(valuesOf((await session.run({ x: ramp(1, 1, 4) })).y)).toEqual([0, 3]);
      await expect(session.run({ x: ramp(1, 1, 2) })).rejects.toMatchObject({ kind: 'model' });
    }
  });

  it('may differ between runs that are started at once', async () => {
    const session = await create({ inputs: [{ name: 'x', dims: ['n'] }] });
    const sizes = [3, 4, 3, 5, 5, 3];
    const results = await Promise.all(sizes.map(size => session.run({ x: ramp(size) })));
    expect(results.map(({ y }) => y!.dims[0])).toEqual(sizes);
  });

  it.each([[5], ['2x2'], [[1.5]], [[-1]]])('cannot be given as %o', async shape => {
    const shapes = { x: shape } as unknown as Record<string, number[]>;
    await expect(create({ inputs: [{ name: 'x', dims: ['n'] }] }, { shapes })).rejects.toMatchObject({ kind: 'usage' });
  });
});

it('takes tensors of another copy of the class', async () => {
  const session = await create({ inputs: [{ name: 'x', dims: [2] }] });
  const other = { type: 'float32', dims: [2], data: Float32Array.of(-1, 4), size: 2 };
  expect(valuesOf((await session.run({ x: other as unknown as Tensor })).y)).toEqual([0, 4]);
});

it('refuses a model that cannot be planned before any worker starts', async () => {
  let started = 0;
  const count = () => {
    started += 1;
  };
  process.on('worker', count);
  const nodes = [
    { op: 'Relu', inputs: ['x'], outputs: ['a'] },
    { op: 'Concat', inputs: ['a', 'a', 'a'], outputs: ['y'], attrs: { axis: 0 } },
  ];
  await expect(create({ inputs: [{ name: 'x', dims: [5e8] }], nodes })).rejects.toMatchObject({
    kind: 'resource',
    message: expect.stringContaining('4 GiB'),
  });
  expect(started).toBe(0);
  await create({ inputs: [{ name: 'x', dims: [5] }] });
  expect(started).toBe(2);
  process.off('worker', count);
});
