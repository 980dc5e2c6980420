import { describe, expect, it } from 'vitest';
import { checkLabels, classesOf, parseLabels, topClasses } from '../../../src/cli/classify.js';
import { formatBytes, formatCount, formatCpus, formatMs, formatTable } from '../../../src/cli/text.js';

const tensor = (dims: number[], ...values: number[]) => ({ dims, data: Float32Array.from(values) });

describe('topClasses', () => {
  it('applies softmax to scores, however large', () => {
    const top = topClasses(tensor([1, 3], 1000, 1000 + Math.log(2), 1000), 3, 5, null);
    expect(top.map(score => score.class)).toEqual([1, 0, 2]);
    expect(top.map(score => score.probability)).toEqual([0.5, 0.25, 0.25].map(value => expect.closeTo(value, 4)));
  });

  it('leaves probabilities as they are', () => {
    const top = topClasses(tensor([3], 0.7, 0.1, 0.2), 3, 2, ['a', 'b', 'c']);
    expect(top.map(score => [score.label, score.probability])).toEqual([
      ['a', Math.fround(0.7)],
      ['c', Math.fround(0.2)],
    ]);
  });

  it('takes log-probabilities for scores', () => {
    const [best] = topClasses(tensor([1, 2], Math.log(0.25), Math.log(0.75)), 2, 1, null);
    expect(best).toMatchObject({ class: 1, probability: expect.closeTo(0.75, 6) });
  });

  it('answers for every item of a batch, and puts NaN last', () => {
    const top = topClasses(tensor([2, 2], 0, 1, 3, 2), 2, 1, null);
    expect(top.map(score => [score.item, score.class])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(topClasses(tensor([2], Number.NaN, 1), 2, 2, null).map(score => score.class)).toEqual([0, 1]);
  });
});

it('classesOf knows scores from maps', () => {
  expect([[1, 101], [7], [2, 5, 1, 1, 1]].map(dims => classesOf(dims))).toEqual([101, 7, 5]);
  expect([[1, 3, 8, 8, 8], [1, 1], [], [1]].map(dims => classesOf(dims))).toEqual([null, null, null, null]);
  expect(classesOf(['N', 10])).toBe(10);
});

describe('labels', () => {
  it('reads one name per line, as any editor leaves them', () => {
    expect(parseLabels(Buffer.from('\uFEFFcat\r\nbig dog \r\n\r\nfish\r\n\r\n'), 'n')).toEqual([
      'cat',
      'big dog',
      '',
      'fish',
    ]);
    expect(parseLabels(Buffer.from('one'), 'n')).toEqual(['one']);
  });

  it.each([
    ['', 'holds no names'],
    ['\n\n', 'holds no names'],
    ['a\0b', 'not UTF-8'],
  ])('refuses %j', (text, message) => {
    expect(() => parseLabels(Buffer.from(text), 'n.txt')).toThrow(message);
  });

  it('refuses another number of names than classes', () => {
    expect(() => checkLabels(['a'], 'n.txt', 2)).toThrow('n.txt has 1 names, the model has 2 classes');
  });
});

it('formats numbers for people', () => {
  expect([0, 999, 999.7, 1500, 78_412_345, 77.1e9].map(value => formatCount(value))).toEqual([
    '0',
    '999',
    '1 k',
    '1.5 k',
    '78.41 M',
    '77.1 G',
  ]);
  expect([formatCount(512, 'FLOP'), formatCount(77.1e9, 'FLOP')]).toEqual(['512 FLOP', '77.1 GFLOP']);
  expect([formatBytes(100), formatBytes(526_385_152)]).toEqual(['100 B', '502 MiB']);
  expect([0.123, 12.3456, 999.4, 1234, 65_000].map(formatMs)).toEqual([
    '0.12 ms',
    '12.35 ms',
    '999.4 ms',
    '1.23 s',
    '65.0 s',
  ]);
  expect([formatCpus([3, 0, 1, 2, 7, 9, 8]), formatCpus([5, 5]), formatCpus([])]).toEqual(['0-3,7-9', '5', '']);
  expect(
    formatTable('lr', [
      ['a', '10'],
      ['long', '5'],
    ]),
  ).toBe('a     10\nlong   5');
});
