import { afterAll, describe, expect, it } from 'vitest';
import { type InferenceProfile, InferenceSession, inspectModel, Tensor } from '../../../src/index.js';

const model = 'zoo:c3d?width=0.0625&classes=4';
const dims = [1, 3, 16, 112, 112];
const feeds = { input: new Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims) };

describe.each(['1x1x2', '2x1x1'])('a profile of an inference on %s', topology => {
  const creating = InferenceSession.create(model, { topology, onWarning: () => {} });
  afterAll(async () => (await creating).release());

  it('counts every step for one layer, and adds up', async () => {
    const profiles: InferenceProfile[] = [];
    await (await creating).run(feeds, { onProfile: profile => profiles.push(profile) });
    expect(profiles).toHaveLength(1);
    const { totalMs, layers, steps } = profiles[0]!;
    expect(totalMs).toBeGreaterThan(0);
    expect(layers.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(totalMs, 6);
    const flopsOf = new Map(inspectModel(model).nodes.map(({ name, flops }) => [name, flops]));
    expect(layers.filter(({ op }) => op === 'Conv')).toHaveLength(8);
    expect(new Set(layers.map(({ name }) => name)).size).toBe(layers.length);
    for (const { name, directFlops, busyMs, waitMs } of layers) {
      expect(directFlops).toBe(flopsOf.get(name));
      expect([busyMs, waitMs].map(({ length }) => length)).toEqual([2, 2]);
    }
    expect(new Set(steps.map(({ layer }) => layer))).toEqual(new Set(layers.map(({ name }) => name)));
    for (const rank of [0, 1]) {
      const sum = (field: 'busyMs' | 'waitMs'): number => layers.reduce((all, layer) => all + layer[field][rank]!, 0);
      expect(sum('busyMs') + sum('waitMs')).toBeLessThanOrEqual(totalMs + 0.1);
    }
  });
});
