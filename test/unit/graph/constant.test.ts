import { mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NumavoxError } from '../../../src/errors.js';
import {
  closeConstantFiles,
  makeConstant,
  readConstant,
  readFloats,
  readNumbers,
} from '../../../src/graph/constant.js';
import type { Constant, DataType } from '../../../src/graph/ir.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-constant-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The same bytes at an odd offset of a larger buffer. */
function unaligned(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 1);
  return larger.subarray(1, 1 + bytes.length);
}

const openFiles = () =>
  readdirSync('/proc/self/fd').flatMap(descriptor => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      // The one that listed the folder is closed by now.
      return [];
    }
  });

const bytesOf = (data: NodeJS.TypedArray) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const cases: readonly [DataType, NodeJS.TypedArray, readonly number[]][] = [
  ['float32', Float32Array.of(1.5, -2, 3e38), [1.5, -2, Math.fround(3e38)]],
  ['float64', Float64Array.of(0.1, -1e300), [0.1, -1e300]],
  ['float16', Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000), [1, -2, 2 ** -24, 65504, Infinity, -0]],
  ['int64', BigInt64Array.of(-1n, 2n ** 53n, 2n ** 63n - 1n), [-1, 2 ** 53, 2 ** 63]],
  ['int32', Int32Array.of(-5, 2147483647), [-5, 2147483647]],
  ['int8', Int8Array.of(-128, 127), [-128, 127]],
  ['uint8', Uint8Array.of(0, 255), [0, 255]],
  ['bool', Uint8Array.of(1, 0), [1, 0]],
];

describe('constants', () => {
  it.each(cases)('reads %s from bytes that are not aligned', (dtype, data, expected) => {
    const bytes = unaligned(bytesOf(data));
    const constant: Constant = { dtype, dims: [expected.length], source: { kind: 'bytes', bytes } };
    expect([...readNumbers(constant)]).toEqual(expected);
    expect([...readFloats(constant, 1, expected.length - 1)]).toEqual(expected.slice(1).map(Math.fround));
  });

  it('keeps the type of what it reads', () => {
    const source = { kind: 'bytes', bytes: bytesOf(BigInt64Array.of(7n)) } as const;
    expect(readConstant({ dtype: 'int64', dims: [], source })).toEqual(BigInt64Array.of(7n));
  });

  it('reads a run from a file, into shared memory', () => {
    const path = join(folder, 'weights.bin');
    writeFileSync(path, Buffer.concat([Buffer.from([9, 9, 9]), Buffer.from(Float32Array.of(1, 2, 3, 4, 5).buffer)]));
    const constant: Constant = { dtype: 'float32', dims: [5], source: { kind: 'file', path, offset: 3, length: 20 } };
    const into = new Float32Array(new SharedArrayBuffer(32), 8, 4).fill(-1);
    expect([...readFloats(constant, 2, 3, into)]).toEqual([3, 4, 5]);
    expect([...into]).toEqual([3, 4, 5, -1]);
    expect([...readNumbers(constant)]).toEqual([1, 2, 3, 4, 5]);
  });

  it('reads another file once that has taken the place of the first, and keeps none open', async () => {
    const path = join(folder, 'replaced.bin');
    const constant: Constant = { dtype: 'float32', dims: [1], source: { kind: 'file', path, offset: 0, length: 4 } };
    const isOpen = () => openFiles().some(target => target.startsWith(path));
    writeFileSync(path, Float32Array.of(1));
    expect([...readNumbers(constant)]).toEqual([1]);
    expect(isOpen()).toBe(true);
    writeFileSync(`${path}.new`, Float32Array.of(2));
    renameSync(`${path}.new`, path);
    await setImmediate();
    expect([...readNumbers(constant)]).toEqual([2]);
    await setImmediate();
    expect(isOpen()).toBe(false);
    readNumbers(constant);
    closeConstantFiles();
    expect(isOpen()).toBe(false);
  });

  it('converts runs longer than its buffer', () => {
    const numbers = Float64Array.from({ length: 200_000 }, (_, i) => i);
    const constant = makeConstant('float64', [200_000], numbers);
    expect(readFloats(constant, 3, 199_990).findIndex((value, i) => value !== i + 3)).toBe(-1);
  });

  it('applies a scale along any axis to any run', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.nat(),
        fc.nat(),
        (dims, pickAxis, pickStart, pickCount) => {
          const total = dims.reduce((a, b) => a * b, 1);
          const axis = pickAxis % dims.length;
          const start = pickStart % total;
          const count = pickCount % (total - start + 1);
          const numbers = Float32Array.from({ length: total }, (_, i) => i + 1);
          const factors = Float32Array.from({ length: dims[axis]! }, (_, i) => 0.1 * (i + 1));
          const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
          const scaled = numbers.map((x, i) => x * factors[Math.floor(i / inner) % dims[axis]!]!);
          const constant = { ...makeConstant('float32', dims, numbers), scale: { axis, factors } };
          expect([...readFloats(constant, start, count)]).toEqual([...scaled.subarray(start, start + count)]);
        },
      ),
    );
  });

  it('names the file that is too short or missing', () => {
    const path = join(folder, 'short.bin');
    writeFileSync(path, new Uint8Array(10));
    const at = (source: Constant['source']): Constant => ({ dtype: 'float32', dims: [4], source });
    const failure = (constant: Constant) => {
      try {
        readFloats(constant, 0, 4);
      } catch (error) {
        return error;
      }
      throw new Error('it did not fail');
    };
    for (const [constant, text] of [
      [at({ kind: 'file', path, offset: 0, length: 16 }), `${path} ends at byte 10; a tensor goes on to 16`],
      [at({ kind: 'file', path, offset: 0, length: 10 }), `${path}: a tensor has 10 bytes of data`],
      [at({ kind: 'bytes', bytes: new Uint8Array(15) }), 'a tensor has 15 bytes of data'],
      [at({ kind: 'file', path: join(folder, 'none'), offset: 0, length: 16 }), 'cannot be opened'],
      [at({ kind: 'file', path: folder, offset: 0, length: 16 }), 'cannot be read'],
    ] as const) {
      const error = failure(constant);
      expect(error).toBeInstanceOf(NumavoxError);
      expect((error as NumavoxError).kind).toBe('model');
      expect((error as NumavoxError).message).toContain(text);
    }
    expect(() => readFloats(at({ kind: 'bytes', bytes: new Uint8Array(16) }), 1, 4)).toThrow(RangeError);
  });

  it('makes constants that read back as they were, the largest int64 too', () => {
    const numbers = [0, -1, 2 ** 63, -(2 ** 63)];
    const constant = makeConstant('int64', [4], numbers);
    expect([...readNumbers(constant)]).toEqual(numbers);
    expect(readConstant(constant)).toEqual(BigInt64Array.of(0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)));
  });
});
