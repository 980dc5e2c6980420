import { describe, expect, it } from 'vitest';
import { otherForms, tiledKernels } from '../../../src/kernels/tiles.js';
import { chooseModule, compileModule, readModule } from '../../../src/runtime/module.js';
import { otherWins, type Pair, startTileRace } from '../../../src/runtime/tiles.js';

const pairs = (count: number, broadcastMs: number, otherMs: number): Pair[] =>
  Array(count).fill({ broadcastMs, otherMs });

describe('the choice of tiles', () => {
  const first = pairs(16, 3, 3);

  it('takes the other form where it is clearly faster, also on a machine that others disturb', () => {
    expect(otherWins(first, pairs(16, 1, 0.85))).toBe(true);
    expect(otherWins(first, [...pairs(12, 1, 0.85), ...pairs(4, 1, 9)])).toBe(true);
  });

  it.each([
    ['as fast', pairs(16, 1, 1)],
    ['a little faster', pairs(16, 1, 0.95)],
    ['slower', pairs(16, 1, 1.5)],
    ['faster now and then', [...pairs(8, 1, 0.5), ...pairs(8, 1, 1)]],
    ['faster, but the other form is not compiled well yet', pairs(16, 3, 1)],
    ['faster, but no form is compiled well yet', pairs(16, 3, 2.5)],
    ['measured by a clock that stands', pairs(16, 0, 0)],
    ['measured by a clock that has gone mad', [...pairs(8, Number.NaN, 0), ...pairs(8, -1, Infinity)]],
    ['not measured', []],
  ])('broadcasts where the other is %s', (_, later) => {
    expect(otherWins(first, later)).toBe(false);
  });

  it.each([
    ['simd', 'lanes'],
    ['relaxed', 'lanes'],
    ['relaxed', 'wide'],
  ] as const)('is made once for the %s module and %s', async (name, form) => {
    const module = await compileModule(chooseModule(name), await readModule(name));
    const [first, second] = [startTileRace(module, form), startTileRace(module, form)];
    const forms = second();
    const raced = tiledKernels.filter(kernel => otherForms[kernel].includes(form));
    expect(raced).toEqual(expect.arrayContaining(Object.keys(forms)));
    expect(new Set(Object.values(forms)).size).toBeLessThanOrEqual(1);
    expect(first()).toBe(forms);
    expect(startTileRace(module, form)()).toBe(forms);
  });
});
