import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { npyPieces, readNpy } from '../../../src/cli/formats/npy.js';

/** A file as NumPy writes it, from its parts. */
function npyFile(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = `${header}\n`;
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  return Buffer.concat([start, length, Buffer.from(text, 'latin1'), data]);
}

const header = (descr: string, shape: string, fortran = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

describe('readNpy', () => {
  it('reads back what npyPieces writes, for any shape and any float32', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }), dims => {
        const count = dims.reduce((product, dim) => product * dim, 1);
        const data = Float32Array.from({ length: count }, (_, i) => [0.1 * i, -0, Number.NaN, 1e38, -1e-42][i % 5]!);
        const file = Buffer.concat(npyPieces({ dims, data }));
        expect(file.length - 4 * count).toSatisfy((length: number) => length % 64 === 0);
        const back = readNpy(file, 'x.npy');
        expect(back.dims).toEqual(dims);
        expect(Array.from(new Uint32Array(back.data.buffer))).toEqual(Array.from(new Uint32Array(data.buffer)));
      }),
    );
  });

  it('writes the header that NumPy expects', () => {
    const [head] = npyPieces({ dims: [7], data: new Float32Array(7) });
    const text = Buffer.from(head!).toString('latin1');
    expect(text.slice(0, 8)).toBe('\x93NUMPY\x01\x00');
    expect(head![8]! + 256 * head![9]!).toBe(head!.length - 10);
    expect(text.slice(10).trim()).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }");
    expect(text.at(-1)).toBe('\n');
  });

  it.each([
    ['<f8', bytesOf(Float64Array.of(1.5, -2, 1e300)), [1.5, -2, Number.POSITIVE_INFINITY]],
    ['|u1', Uint8Array.of(0, 200, 255), [0, 200, 255]],
    ['|i1', Uint8Array.of(0, 200, 255), [0, -56, -1]],
    ['|b1', Uint8Array.of(0, 1, 1), [0, 1, 1]],
    ['<i2', bytesOf(Int16Array.of(-3, 0, 32767)), [-3, 0, 32767]],
    ['>i2', Uint8Array.of(0xff, 0xfd, 0, 0, 0x7f, 0xff), [-3, 0, 32767]],
    ['<u2', bytesOf(Uint16Array.of(1, 2, 65535)), [1, 2, 65535]],
    ['<i4', bytesOf(Int32Array.of(-7, 0, 123456)), [-7, 0, 123456]],
    ['<u4', bytesOf(Uint32Array.of(0, 1, 4_000_000_000)), [0, 1, 4_000_000_000]],
    ['>f4', Uint8Array.of(0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0), [1, -2, 0]],
  ])('reads %s as float32', (descr, data, expected) => {
    expect(Array.from(readNpy(npyFile(header(descr, '(3,)'), data), 'x.npy').data)).toEqual(expected);
  });

  it.each([1, 2, 3])('reads version %i, and data that is not aligned', version => {
    const file = npyFile(header('<f4', '(2, 1)'), bytesOf(Float32Array.of(1.5, 2.5)), version);
    const shifted = new Uint8Array(file.length + 3).fill(9);
    shifted.set(file, 3);
    expect(readNpy(shifted.subarray(3), 'x.npy')).toEqual({ dims: [2, 1], data: Float32Array.of(1.5, 2.5) });
  });

  it('turns Fortran order into row-major order', () => {
    // numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)): element [i, j, k] lies at i + 2 j + 6 k.
    const data = new Uint8Array(24);
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < 3; j++) for (let k = 0; k < 4; k++) data[i + 2 * j + 6 * k] = 12 * i + 4 * j + k;
    }
    const tensor = readNpy(npyFile(header('|u1', '(2, 3, 4)', 'True'), data), 'x.npy');
    expect(tensor.dims).toEqual([2, 3, 4]);
    expect(Array.from(tensor.data)).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });

  it('reads a scalar and a header of Python 2', () => {
    expect(readNpy(npyFile(header('|u1', '()'), Uint8Array.of(5)), 'x.npy')).toEqual({
      dims: [],
      data: Float32Array.of(5),
    });
    expect(readNpy(npyFile(header('|u1', '(2L, 1L)'), Uint8Array.of(5, 6)), 'x.npy').dims).toEqual([2, 1]);
  });

  it.each([
    ['empty', new Uint8Array(0), 'not a .npy file'],
    ['another format', Buffer.from('PK\x03\x04 something'), 'not a .npy file'],
    ['a later version', npyFile(header('<f4', '(1,)'), new Uint8Array(4), 4), 'version 4'],
    ['a cut header', npyFile(header('<f4', '(1,)'), new Uint8Array(4)).subarray(0, 40), 'truncated in its header'],
    ['a cut length', npyFile(header('<f4', '(1,)'), new Uint8Array(4), 2).subarray(0, 11), 'truncated in its header'],
    ['cut data', npyFile(header('<f4', '(2, 2)'), new Uint8Array(15)), '16 bytes, 15 are there'],
    ['complex numbers', npyFile(header('<c8', '(1,)'), new Uint8Array(8)), 'type <c8'],
    ['Python objects', npyFile(header('|O', '(1,)'), new Uint8Array(8)), 'type |O'],
    [
      'records',
      npyFile("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", new Uint8Array(4)),
      'records',
    ],
    ['no shape', npyFile("{'descr': '<f4', 'fortran_order': False}", new Uint8Array(4)), 'header cannot be read'],
  ])('refuses %s and names the file', (_, bytes, message) => {
    expect(() => readNpy(bytes, 'some.npy')).toThrow(
      expect.objectContaining({ kind: 'input', message: expect.stringMatching(/^some\.npy: /) }),
    );
    expect(() => readNpy(bytes, 'some.npy')).toThrow(message);
  });
});
