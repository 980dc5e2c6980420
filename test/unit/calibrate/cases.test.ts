import { describe, expect, it } from 'vitest';
import { caseProgram } from '../../../src/calibrate/case_program.js';
import { convolutionCases } from '../../../src/calibrate/convolution_cases.js';
import { streamingCases } from '../../../src/calibrate/streaming_cases.js';
import { winogradCases } from '../../../src/calibrate/winograd_cases.js';
import { type Piece, pieceNames } from '../../../src/cost/work.js';
import { workOf } from '../../../src/cost/work_of.js';
import { decode } from '../../../src/kernels/descriptor.js';
import { kernels } from '../../../src/kernels/index.js';
import type { KernelShare } from '../../../src/lower/program.js';

const cases = [...convolutionCases, ...winogradCases, ...streamingCases];
const caches = { ownBytes: 2 ** 20, sharedBytes: 2 ** 25 };
const { program, stepOf, units } = caseProgram({ cases, workers: 2, freshBytes: 2 ** 24 });
const memory = program.memories[0]!;
const images = new Map(memory.image.map(({ address, words }) => [address, words]));
const shareAt = (step: number) => program.steps[step]!.shares[0] as KernelShare;
const fieldsAt = (step: number) => {
  const { kernel, descriptor } = shareAt(step);
  return decode(kernels[kernel]!.fields, images.get(descriptor)!, 0) as Record<string, number>;
};

describe('the cases', () => {
  it('tell every piece', () => {
    const told = new Set<Piece>();
    cases.forEach(({ kernel, values, operands }, i) => {
      const { counts } = workOf(
        { kernel, values: { ...values, residualPtr: operands.residualPtr ? 1 : 0 }, units: units[i]! },
        caches,
      );
      for (const piece of pieceNames) if ((counts[piece] ?? 0) > 0) told.add(piece);
    });
    expect([...told].sort()).toEqual([...pieceNames].sort());
  });

  it('have units for several workers, save the small ones', () => {
    expect(units.filter(count => count > 1).length).toBeGreaterThan(0.8 * cases.length);
  });
});

describe('their program', () => {
  it('runs each case on operands of its own, in the memory and off the image', () => {
    const imageEnd = Math.max(...memory.image.map(({ address, words }) => address + words.byteLength));
    const places = cases.flatMap(({ operands }, i) => {
      const found = fieldsAt(stepOf[i]!);
      return Object.entries(operands).flatMap(([name, operand]) =>
        typeof operand === 'number' ? [{ begin: found[name]!, end: found[name]! + operand }] : [],
      );
    });
    places.sort((a, b) => a.begin - b.begin);
    expect(places[0]!.begin).toBeGreaterThanOrEqual(imageEnd);
    expect(places.at(-1)!.end).toBeLessThanOrEqual(memory.scratchAddress);
    places.slice(1).forEach(({ begin }, i) => {
      expect(begin).toBeGreaterThanOrEqual(places[i]!.end);
    });
  });

  it('gives tables as words, leaves absent operands out, and has scratch for every worker', () => {
    const at = cases.findIndex(({ kernel }) => kernel === 'f32_resize');
    const { tableDPtr } = fieldsAt(stepOf[at]!);
    expect(images.get(tableDPtr!)).toEqual(cases[at]!.operands.tableDPtr);
    expect(fieldsAt(stepOf[0]!).residualPtr).toBe(0);
    expect(memory.bytes).toBe(memory.scratchAddress + 2 * memory.scratchBytes);
  });

  it('writes everything first, and before a case what the layer before would have written', () => {
    expect(shareAt(0).kernel).toBe('f32_fill');
    const before = fieldsAt(stepOf[0]! - 1);
    expect(shareAt(stepOf[0]! - 1).kernel).toBe('f32_fill');
    expect(before.yPtr).toBe(fieldsAt(stepOf[0]!).yPtr);
  });
});
