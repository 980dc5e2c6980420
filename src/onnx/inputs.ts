/** What a caller feeds: a graph's inputs without its initializers (IR versions before 4 list both). */
import { NumavoxError } from '../errors.js';
import type { Dim, GraphInput } from '../graph/ir.js';
import type { GraphProto, TensorShapeProto_Dimension, ValueInfoProto } from './generated/onnx_pb.js';
import { dataTypeOf, elementTypeName } from './types.js';

/** A size that is not declared, or negative, is a symbol of its own: nothing else has to be as large. */
function dimOf({ value }: TensorShapeProto_Dimension, input: string, index: number): Dim {
  const own = `${input}:${index}`;
  if (value.case === 'dimParam') return value.value || own;
  if (value.case === 'dimValue' && value.value >= 0n) return Number(value.value);
  return own;
}

function graphInput({ name, type }: ValueInfoProto): GraphInput {
  const tensor = type?.tensorType;
  if (!tensor) throw new NumavoxError('unsupported', `input '${name}' is declared as no tensor`);
  if (dataTypeOf(tensor.elemType) !== 'float32') {
    const actual = elementTypeName(tensor.elemType);
    throw new NumavoxError('unsupported', `input '${name}' is of type ${actual}, only float32 inputs are supported`);
  }
  if (!tensor.shape) throw new NumavoxError('unsupported', `input '${name}' declares no shape`);
  return { name, type: { dtype: 'float32', dims: tensor.shape.dim.map((dim, index) => dimOf(dim, name, index)) } };
}

/**
 * @throws NumavoxError `model` for an input that is declared twice or has no name, `unsupported` for one that is no float32 tensor
 * of known rank.
 */
export function graphInputs(graph: GraphProto): GraphInput[] {
  const initialized = new Set(graph.initializer.map(({ name }) => name));
  const fed = graph.input.filter(({ name }) => !initialized.has(name));
  for (const [index, { name }] of fed.entries()) {
    if (name === '') throw new NumavoxError('model', `input ${index} has no name`);
    if (fed.findIndex(other => other.name === name) !== index) {
      throw new NumavoxError('model', `input '${name}' is declared twice`);
    }
  }
  return fed.map(graphInput);
}
