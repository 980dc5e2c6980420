import { describe, expect, it } from 'vitest';
import {
  defaultRates,
  describeSession,
  InferenceSession,
  planModel,
  type Rates,
  type SessionOptions,
  Tensor,
} from '../../../src/index.js';
import { partitions } from '../../../src/plan/cuts.js';

const source = 'zoo:resnet50?width=0.0625&classes=10';
const dims = [1, 3, 16, 112, 112];
const data = Float32Array.from({ length: 3 * 16 * 112 * 112 }, (_, i) => Math.sin(0.7 * i + 1e-5 * i * i));

async function bitsOf(options: SessionOptions): Promise<{ bits: Buffer; nodes: readonly number[] }> {
  const session = await InferenceSession.create(source, { onWarning: () => undefined, ...options });
  try {
    const results = await session.run({ [session.inputNames[0]!]: new Tensor('float32', data, dims) });
    const output = results[session.outputNames[0]!]!.data as Float32Array;
    const { memories } = describeSession(session);
    return { bits: Buffer.from(output.buffer), nodes: memories.map(({ node }) => node) };
  } finally {
    await session.release();
  }
}

/** Copies between memories that cost nothing, and copies that cost more than all arithmetic. */
const free: Rates = { ...defaultRates, copy: { oneBytesPerSecond: 1e15, allBytesPerSecond: 1e15 }, copyRunNs: 0 };
const dear: Rates = { ...defaultRates, copy: { oneBytesPerSecond: 1e6, allBytesPerSecond: 1e6 } };

describe('a session over several nodes', () => {
  it('has the bits of one worker under every partition', async () => {
    const { bits } = await bitsOf({ workers: 1 });
    for (const partition of partitions) {
      const other = await bitsOf({ topology: '3x1x1', partition });
      expect(Buffer.compare(other.bits, bits), partition).toBe(0);
      expect(other.nodes, partition).toEqual(partition === 'none' ? [0] : [0, 1, 2]);
    }
  });

  it('has the same bits whatever rates made its plan', async () => {
    const topology = '2x1x1';
    const cuts = (rates: Rates) => planModel(source, { topology, rates }).layers.map(({ cut }) => cut);
    expect(cuts(free)).not.toEqual(cuts(dear));
    const [a, b] = [await bitsOf({ topology, rates: free }), await bitsOf({ topology, rates: dear })];
    expect(Buffer.compare(a.bits, b.bits)).toBe(0);
  });

  it('is asked for in an execution provider too', async () => {
    const ours = { name: 'numavox', topology: '2x1x1', partition: 'channel' } as const;
    const session = await InferenceSession.create(source, {
      onWarning: () => undefined,
      executionProviders: ['cpu', ours],
    });
    const { partition, memories } = describeSession(session);
    await session.release();
    expect([partition, memories.length]).toEqual(['channel', 2]);
  });

  it.each<[string, object]>([
    ["'columns'", { partition: 'columns' }],
    ["'columns'", { executionProviders: [null, { name: 'numavox', partition: 'columns' }] }],
    ["'channel'", { partition: ['channel'] }],
    ['executionProviders', { executionProviders: 'cpu' }],
  ])('refuses options that name %s: %j', async (named, options) => {
    await expect(InferenceSession.create(source, options)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(named),
    });
  });
});
