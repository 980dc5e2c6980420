/**
 * A kernel's descriptor: a struct of 4-byte words in the kernel's memory, in the order of the fields. The AssemblyScript
 * side reads it through an `@unmanaged` class with the same fields in the same order.
 */

/** `ptr`: byte address (unsigned), 0 where the operand is absent. */
export type FieldType = 'ptr' | 'i32' | 'f32';
export type Fields = Readonly<Record<string, FieldType>>;
export type Values<F extends Fields> = { readonly [K in keyof F]: number };

const word = new DataView(new ArrayBuffer(4));

/** The words of a descriptor, ready to be copied into memory. */
export function encode<F extends Fields>(fields: F, values: Values<F>): Int32Array {
  const words = new Int32Array(Object.keys(fields).length);
  encodeTo(fields, values, words, 0);
  return words;
}

/** Writes a descriptor's words from `memory[at]` on. */
export function encodeTo<F extends Fields>(fields: F, values: Values<F>, memory: Int32Array, at: number): void {
  let to = at;
  for (const name in fields) {
    let value: number | undefined = values[name];
    if (value === undefined) throw new TypeError(`descriptor field ${name} has no value`);
    if (fields[name] === 'f32') {
      word.setFloat32(0, value);
      value = word.getInt32(0);
    }
    memory[to++] = value;
  }
}

/** The values of the descriptor at byte address `ptr`. */
export function decode<F extends Fields>(fields: F, memory: Int32Array, ptr: number): Values<F> {
  const values: Record<string, number> = {};
  let at = ptr / 4;
  for (const [name, type] of Object.entries(fields)) {
    const bits = memory[at++]!;
    word.setInt32(0, bits);
    values[name] = type === 'f32' ? word.getFloat32(0) : type === 'ptr' ? bits >>> 0 : bits;
  }
  return values as Values<F>;
}
