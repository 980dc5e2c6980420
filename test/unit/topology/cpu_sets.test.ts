import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disjoint, formatCpuList, parseCpuList, parseCpuMap } from '../../../src/topology/cpu_sets.js';
import { mapOf } from './machine.js';

describe('a CPU list', () => {
  it.each([
    ['0-3,8\n', [0, 1, 2, 3, 8]],
    ['8,0-1', [0, 1, 8]],
    ['5\n\0', [5]],
    ['\n', []],
    ['', []],
    ['0-1,1-2,1', [0, 1, 2]],
  ])('%j is read', (text, cpus) => {
    expect(parseCpuList(text)).toEqual(cpus);
  });

  it.each(['x', '1-', '-1', '3-1', '0x3', '1.5', '0-4294967295', '99999999999999999999', '0-3:1/2'])(
    '%j is none',
    text => {
      expect(parseCpuList(text)).toBeNull();
    },
  );

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(500)), numbers => {
        const cpus = numbers.sort((a, b) => a - b);
        expect(parseCpuList(formatCpuList(cpus))).toEqual(cpus);
      }),
    );
  });

  it('is written in ranges', () => {
    expect(formatCpuList([0, 1, 2, 5, 7, 8])).toBe('0-2,5,7-8');
    expect(formatCpuList([])).toBe('');
  });
});

describe('a CPU map', () => {
  it('has its lowest group last, with bit 31 as any other', () => {
    expect(parseCpuMap('1,80000001\n\0')).toEqual([0, 31, 32]);
    expect(parseCpuMap('0000,00000000\n\n')).toEqual([]);
    expect(parseCpuMap('3')).toEqual([0, 1]);
  });

  it.each(['', ',', '123456789', 'g', '1,,2'])('%j is none', text => {
    expect(parseCpuMap(text)).toBeNull();
  });

  it('says the same as the list', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(127)), numbers => {
        const cpus = numbers.sort((a, b) => a - b);
        expect(parseCpuMap(mapOf(cpus))).toEqual(cpus);
      }),
    );
  });
});

it('overlapping sets become disjoint ones', () => {
  expect(disjoint([[4, 5], [0, 1, 4], [4, 5], [], [5]])).toEqual([
    [0, 1],
    [4, 5],
  ]);
});
