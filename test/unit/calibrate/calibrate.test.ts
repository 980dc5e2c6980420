import { describe, expect, it } from 'vitest';
import { calibrate } from '../../../src/calibrate/calibrate.js';
import { convolutionCases } from '../../../src/calibrate/convolution_cases.js';
import { cacheSizesOf, machineKey } from '../../../src/calibrate/machine.js';
import { streamingCases } from '../../../src/calibrate/streaming_cases.js';
import { ratesProblem } from '../../../src/cost/rates_problem.js';
import { hostTopology } from '../../../src/topology/index.js';

/** Cases of little memory. */
const cases = [...convolutionCases, ...streamingCases].filter(({ operands }) =>
  Object.values(operands).every(operand => typeof operand !== 'number' || operand < 2 ** 20),
);

describe('calibrate', () => {
  it('gives rates that predictions can be made from', { timeout: 60_000 }, async () => {
    const rates = await calibrate({ workers: 1, module: 'simd', budgetMs: 10, cases });
    expect(ratesProblem(rates)).toBeNull();
    expect(rates).toMatchObject({ workers: 1, crowding: 1, machine: machineKey('simd') });
    expect(rates.cache.allBytesPerSecond).toBe(rates.cache.oneBytesPerSecond);
  });

  it('ends when it is told to', async () => {
    const signal = AbortSignal.abort();
    await expect(calibrate({ workers: 1, budgetMs: 10, cases, signal })).rejects.toMatchObject({ kind: 'aborted' });
  });
});

describe('cacheSizesOf', () => {
  const otherwise = { ownBytes: 1, sharedBytes: 2 };
  const host = hostTopology();
  const machine = {
    ...host,
    cores: [[0, 4], [1, 5], [2], [3]],
    caches: {
      L1: [[0, 4], [1, 5], [2], [3]],
      L2: [
        [0, 1, 4, 5],
        [2, 3],
      ],
      L3: [[0, 1, 2, 3, 4, 5]],
    },
    cacheSizes: { L1: ['32K'], L2: ['2048K'], L3: ['24M'] },
  };

  it('divides the second level among its cores and takes the last as it is', () => {
    expect(cacheSizesOf(machine, otherwise)).toEqual({ ownBytes: 2 ** 20, sharedBytes: 24 * 2 ** 20 });
  });

  it('falls back where the machine does not say', () => {
    expect(cacheSizesOf({ ...machine, caches: {}, cacheSizes: {} }, otherwise)).toEqual(otherwise);
    const noL3 = { ...machine, caches: { L2: machine.caches.L2 } };
    expect(cacheSizesOf(noL3, otherwise)).toEqual({ ownBytes: 2 ** 20, sharedBytes: 2 ** 21 });
  });
});
