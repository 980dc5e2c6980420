import { describe, expect, it } from 'vitest';
import { NumavoxError } from '../../../src/errors.js';
import { bindInputs } from '../../../src/graph/bind.js';
import { graphOf } from '../../support/ir.js';

const graph = graphOf({
  inputs: { a: ['N', 3, 'size'], b: ['N', 4] },
  nodes: [{ op: 'Identity', inputs: ['a'] }],
});

function failure(run: () => unknown): NumavoxError {
  try {
    run();
  } catch (error) {
    if (error instanceof NumavoxError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('binding of input shapes', () => {
  it('binds symbols, across inputs, and replaces declared sizes', () => {
    expect(bindInputs(graph, { a: [2, 3, 8] })).toEqual(
      new Map([
        ['a', [2, 3, 8]],
        ['b', [2, 4]],
      ]),
    );
    expect(bindInputs(graph, { a: [2, 5, 8], b: [2, 7] }).get('b')).toEqual([2, 7]);
  });

  it('never guesses a size, not even that of the batch', () => {
    const error = failure(() => bindInputs(graph, { b: [1, 4] }));
    expect(error.kind).toBe('usage');
    expect(error.message).toContain(`input 'a' (Nx3xsize): dimension 2 ('size') has no size`);
    expect(failure(() => bindInputs(graph)).message).toContain(`dimension 0 ('N')`);
  });

  it('takes dimensions that say nothing each on its own', () => {
    const anonymous = graphOf({ inputs: { a: ['', '?', -1, 0] }, nodes: [{ op: 'Identity', inputs: ['a'] }] });
    expect(bindInputs(anonymous, { a: [1, 2, 3, 4] }).get('a')).toEqual([1, 2, 3, 4]);
    expect(failure(() => bindInputs(anonymous)).message).toContain(`dimension 0 ('?')`);
  });

  it.each([
    ['one symbol with two sizes', { a: [2, 3, 8], b: [3, 4] }, 'input', `makes 'N' 3, but input 'a' makes it 2`],
    ['a wrong rank', { a: [2, 3] }, 'input', `shape 2x3 has 2 dimensions, the model declares 3 (Nx3xsize)`],
    ['sizes that are none', { a: [2, 0, 8] }, 'input', 'must consist of positive integers'],
    ['broken sizes', { a: [2, 1.5, 8] }, 'input', 'must consist of positive integers'],
    ['an unknown name', { toString: [1] }, 'usage', `no input 'toString': the model's inputs are 'a', 'b'`],
  ] as const)('refuses %s', (_, shapes, kind, text) => {
    const error = failure(() => bindInputs(graph, shapes as unknown as Record<string, number[]>));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(text);
  });
});
