/** What a converter sees of the node it converts, and how it answers: canonical nodes (src/graph/ir.ts) or an error. */
import { type ErrorKind, NumavoxError } from '../../errors.js';
import { readNumbers } from '../../graph/constant.js';
import type { Constant, Node } from '../../graph/ir.js';
import { sizeOf } from '../../graph/shape.js';
import type { Attributes } from '../attributes.js';
import type { TensorProto } from '../generated/onnx_pb.js';

export interface OpContext {
  readonly op: string;
  readonly name: string;
  readonly opset: number;
  /** Value names; '' for an absent one. Trailing absent ones are cut off. */
  readonly inputs: readonly string[];
  /** The first output: no other one is in use. */
  readonly output: string;
  readonly attributes: Attributes;
  /** The constant of that name, or null for a value that is fed or computed. */
  constant(value: string): Constant | null;
  /** Number of dimensions where it follows from the graph without knowing the sizes, or null. */
  rank(value: string): number | null;
  /** Adds a constant that belongs to this node and returns its value name. */
  addConstant(role: string, constant: Constant): string;
  /** Makes the node's own output a constant; the node itself is then not needed. */
  defineOutput(constant: Constant): void;
  /** A name, for a node and its output, that nothing else in the graph has. */
  freshName(role: string): string;
  /** A TensorProto of an attribute as a constant. */
  tensorConstant(tensor: TensorProto): Constant;
}

/** Nodes in execution order; none where the output is a constant. */
export type Converter = (context: OpContext) => readonly Node[];

export const showNode = (op: string, name: string): string => `${op} '${name}'`;

export function opError(kind: ErrorKind, context: Pick<OpContext, 'op' | 'name'>, detail: string): NumavoxError {
  return new NumavoxError(kind, `${showNode(context.op, context.name)}: ${detail}`);
}

/**
 * The node's inputs, filled up with '' to `most`.
 *
 * @throws NumavoxError `model` where there are more, or one of the first `least` is absent.
 */
export function takeInputs(context: OpContext, least: number, most = least): readonly string[] {
  const { inputs, opset } = context;
  const missing = Array.from({ length: least }, (_, i) => inputs[i] ?? '').indexOf('');
  if (missing >= 0)
    throw opError('model', context, `input ${missing} is missing, opset ${opset} needs at least ${least}`);
  if (inputs.length > most) {
    throw opError('model', context, `has ${inputs.length} inputs, opset ${opset} knows at most ${most}`);
  }
  return Array.from({ length: most }, (_, i) => inputs[i] ?? '');
}

export const baseOf = ({ name, output }: OpContext, inputs: readonly string[]) => ({ name, inputs, outputs: [output] });

/**
 * The elements of an input that must be a constant.
 *
 * @throws NumavoxError `unsupported` where it is fed or computed.
 */
export function constantNumbers(context: OpContext, value: string, what: string): Float64Array {
  const constant = context.constant(value);
  if (!constant) throw opError('unsupported', context, `${what} '${value}' is no constant`);
  return readNumbers(constant);
}

/** The element of an input that must be a constant with one element. */
export function constantNumber(context: OpContext, value: string, what: string): number {
  const constant = context.constant(value);
  if (constant && sizeOf(constant.dims) !== 1) {
    throw opError('model', context, `${what} '${value}' has ${sizeOf(constant.dims)} elements, one is needed`);
  }
  return constantNumbers(context, value, what)[0]!;
}
