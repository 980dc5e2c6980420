/**
 * What the inference rules share: a rule takes a node and its operands, checks them, and gives the node with every attribute
 * resolved (pads explicit, axes positive) and the type of its one output.
 */
import { NumavoxError } from '../../errors.js';
import type { DataType, Node } from '../ir.js';
import { positiveAxis, showDims } from '../shape.js';

export interface ConcreteType {
  readonly dtype: DataType;
  readonly dims: readonly number[];
}

export interface Operand extends ConcreteType {
  readonly name: string;
  /** Its elements where they are known before the first run and few; otherwise null. */
  numbers(): ArrayLike<number> | null;
}

export interface Inferred extends ConcreteType {
  readonly node: Node;
}

/** Operands in the node's order; null for an optional one that is absent. */
export type Operands = readonly (Operand | null)[];

export type Rule<N extends Node> = (node: N, operands: Operands) => Inferred;

export function modelError(node: Node, detail: string): NumavoxError {
  return new NumavoxError('model', `${node.op} '${node.name}': ${detail}`);
}

export function unsupportedError(node: Node, detail: string): NumavoxError {
  return new NumavoxError('unsupported', `${node.op} '${node.name}': ${detail}`);
}

export const show = (operand: Operand): string => `'${operand.name}' (${showDims(operand.dims)})`;

export function required(node: Node, operands: Operands, index: number, what: string): Operand {
  const operand = operands[index];
  if (!operand) throw modelError(node, `input ${index} (${what}) is missing`);
  return operand;
}

export const optional = (operands: Operands, index: number): Operand | null => operands[index] ?? null;

/** Checks that the operands are floating point and of one type, which it returns. */
export function floatType(node: Node, operands: Operands): DataType {
  const first = operands.find(operand => operand !== null);
  for (const operand of operands) {
    if (!operand) continue;
    if (operand.dtype !== 'float32' && operand.dtype !== 'float64' && operand.dtype !== 'float16') {
      throw modelError(node, `wrong type: ${show(operand)} is ${operand.dtype}, a floating-point type is needed`);
    }
  }
  return sameType(node, operands, first);
}

/** Checks that the operands are of one type, which it returns. */
export function sameType(node: Node, operands: Operands, first = operands.find(operand => operand !== null)): DataType {
  if (!first) throw modelError(node, 'has no inputs');
  for (const operand of operands) {
    if (operand && operand.dtype !== first.dtype) {
      throw modelError(node, `wrong type: ${show(first)} is ${first.dtype}, ${show(operand)} is ${operand.dtype}`);
    }
  }
  return first.dtype;
}

export function axisOf(node: Node, axis: number, x: Operand, rank = x.dims.length): number {
  const positive = positiveAxis(axis, rank);
  if (positive === null) throw modelError(node, `axis ${axis} does not exist in ${show(x)}`);
  return positive;
}

/** Positive axes, each given once. */
export function axesOf(node: Node, axes: ArrayLike<number>, x: Operand, rank = x.dims.length): number[] {
  const positive = Array.from(axes, axis => axisOf(node, axis, x, rank));
  if (new Set(positive).size !== positive.length) {
    throw modelError(node, `axes ${Array.from(axes).join(', ')} of ${show(x)} name one axis twice`);
  }
  return positive;
}

/** The elements of an integer operand that must be known by now. */
export function integers(node: Node, operand: Operand, what: string): readonly number[] {
  if (operand.dtype !== 'int64' && operand.dtype !== 'int32') {
    throw modelError(node, `wrong type: ${what} '${operand.name}' is ${operand.dtype}, int64 or int32 is needed`);
  }
  return Array.from(numbers(node, operand, what));
}

/** The elements of a one-dimensional operand that must be known by now. */
export function numbers(node: Node, operand: Operand, what: string): ArrayLike<number> {
  if (operand.dims.length > 1) {
    throw modelError(node, `${what} ${show(operand)} must have one dimension`);
  }
  const data = operand.numbers();
  if (!data) throw unsupportedError(node, `${what} '${operand.name}' depend on the data that is fed`);
  return data;
}
