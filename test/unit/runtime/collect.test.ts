import { describe, expect, it } from 'vitest';
import { createReclaimer } from '../../../src/runtime/collect.js';

const mib = 2 ** 20;

describe('the reclaimer of results', () => {
  const collectionsOf = (sizes: readonly number[]): boolean[] => {
    let collections = 0;
    const reclaim = createReclaimer(() => collections++);
    return sizes.map(bytes => {
      const before = collections;
      reclaim(bytes);
      return collections > before;
    });
  };

  it('collects before results that would pile up', () => {
    expect(collectionsOf([200 * mib, 200 * mib, 200 * mib])).toEqual([false, true, true]);
    expect(collectionsOf([100 * mib, 100 * mib, 100 * mib, 100 * mib])).toEqual([false, false, true, false]);
  });

  it('leaves small results alone, and the first one', () => {
    expect(collectionsOf([400 * mib])).toEqual([false]);
    expect(collectionsOf(Array(200).fill(mib))).toEqual(Array(200).fill(false));
  });
});
