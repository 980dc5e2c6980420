import { NumavoxError } from '../errors.js';
import { readFloats } from '../graph/constant.js';
import { operandOf } from '../graph/infer.js';
import type { Activation, Constant, Node, TypedGraph } from '../graph/ir.js';
import type { Operands } from '../graph/rules/rule.js';
import { sizeOf } from '../graph/shape.js';
import { type ActivationCode, activationCodes } from '../kernels/kernel.js';
import { emitCopy, emitFill } from './copying.js';
import type { Address, Emitter } from './emitter.js';
import { extentOf, type Layout, leadOf, rowMajor, sameBytes, stridesOf } from './layout.js';

/** A value in memory: where, and how it lies there. */
export interface Held {
  readonly dims: readonly number[];
  readonly layout: Layout;
  readonly address: Address;
}

/**
 * How each value is held while the graph is walked; a value may be held in several layouts. `exact`: convolutions are
 * computed directly.
 */
export function createContext(graph: TypedGraph, emitter: Emitter, exact: boolean) {
  const held = new Map<string, Held[]>();
  const readersOf = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) readersOf.set(name, [...(readersOf.get(name) ?? []), node]);
  }

  function define(name: string, value: Held): void {
    held.set(name, [...(held.get(name) ?? []), value]);
  }

  function dims(name: string): readonly number[] {
    const type = graph.types.get(name);
    if (!type) throw new NumavoxError('model', `value '${name}' has no type`);
    return type.dims;
  }

  function constant(name: string): Constant | undefined {
    return graph.constants.get(name);
  }

  /** The value as it is held first. A constant becomes a weight in row-major order. */
  function value(name: string): Held {
    const first = held.get(name)?.[0];
    if (first) return first;
    const data = constant(name);
    if (!data) throw new NumavoxError('model', `value '${name}' is read before it is computed`);
    if (data.dtype !== 'float32' && data.dtype !== 'float64' && data.dtype !== 'float16') {
      throw new NumavoxError('unsupported', `constant '${name}' has type ${data.dtype}; computation is in float32`);
    }
    const elements = sizeOf(data.dims);
    const address = emitter.weight(name, data, { kernel: 'dense', elements });
    const dense: Held = { dims: data.dims, layout: rowMajor, address };
    define(name, dense);
    return dense;
  }

  /** Every form in which the value is held now. */
  const heldAs = (name: string): readonly Held[] => {
    value(name);
    return held.get(name)!;
  };

  const readers = (name: string): readonly Node[] => readersOf.get(name) ?? [];

  /** The value in a layout, copied into it if it is not held so yet. */
  function inLayout(name: string, layout: Layout): Held {
    const same = heldAs(name).find(other => sameBytes(other.dims, other.layout, layout));
    if (same) return { ...same, layout };
    const from = value(name);
    const to = allocate(from.dims, layout);
    const where = { name: `${name} (to ${layout.kind})`, op: 'Layout' };
    if (layout.kind === 'planar') emitFill(emitter, where, to.address, extentOf(from.dims, layout), 0);
    emitCopy(emitter, where, {
      dims: from.dims,
      x: offset(from.address, leadOf(from.layout)),
      xStrides: stridesOf(from.dims, from.layout),
      y: offset(to.address, leadOf(layout)),
      yStrides: stridesOf(from.dims, layout),
    });
    define(name, to);
    return to;
  }

  function allocate(shape: readonly number[], layout: Layout): Held {
    return { dims: shape, layout, address: { at: emitter.tensor(shape, layout), offsetBytes: 0 } };
  }

  /** All elements of a small constant operand, or null where the operand is computed. */
  function floats(name: string): Float32Array | null {
    const data = constant(name);
    return data ? readFloats(data, 0, sizeOf(data.dims)) : null;
  }

  /** The node's inputs as shape inference sees them. */
  const operands = (node: Node): Operands =>
    node.inputs.map(name => (name === '' ? null : operandOf(node, name, graph.types, graph.constants)));

  return {
    graph,
    emitter,
    exact,
    define,
    dims,
    constant,
    value,
    heldAs,
    readers,
    inLayout,
    allocate,
    floats,
    operands,
  };
}

export type Context = ReturnType<typeof createContext>;

export const offset = (address: Address, elements: number): Address => ({
  at: address.at,
  offsetBytes: address.offsetBytes + 4 * elements,
});

export const absent = 0;

/** The descriptor fields of a fused activation. */
export function activationFields(activation: Activation | null): {
  activation: ActivationCode;
  alpha: number;
  beta: number;
} {
  if (!activation) return { activation: activationCodes.none, alpha: 0, beta: 0 };
  const code = activationCodes[activation.kind];
  switch (activation.kind) {
    case 'leakyRelu':
    case 'elu':
      return { activation: code, alpha: activation.alpha, beta: 0 };
    case 'clip':
      return { activation: code, alpha: activation.min, beta: activation.max };
    default:
      return { activation: code, alpha: 0, beta: 0 };
  }
}

/** What an error or a profile calls this node. */
export const whereOf = (node: Node, flops = 0) => ({ name: node.name, op: node.op, flops });

export function unsupported(node: Node, what: string): NumavoxError {
  return new NumavoxError('unsupported', `${node.op} '${node.name}': ${what}`);
}
