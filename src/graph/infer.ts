/**
 * Shape inference. Walks the graph once; what comes out has a type with numeric dimensions for every value, explicit pads and
 * positive axes, and no node left whose output is a small value known already: those are constants.
 */
import { NumavoxError } from '../errors.js';
import { bindInputs, type Shapes } from './bind.js';
import { makeConstant, readNumbers } from './constant.js';
import { canEvaluate, evaluate } from './evaluate.js';
import type { Constant, Graph, Node, TypedGraph } from './ir.js';
import { type ConcreteType, modelError, type Operand, unsupportedError } from './rules/rule.js';
import { inferNode } from './rules/table.js';
import { showDims, sizeOf } from './shape.js';

/** Values of up to this many elements are followed through shape computations. */
const knownElements = 4096;

/**
 * Types every value of the graph. `shapes` gives or replaces the sizes of inputs; whether they are valid is decided by the ops.
 * @throws NumavoxError as `bindInputs`; `model` or `unsupported` naming the node and the shapes that do not fit
 */
export function inferShapes(graph: Graph, shapes: Shapes = {}): TypedGraph {
  const constants = new Map(graph.constants);
  const types = new Map<string, ConcreteType>();
  const bound = bindInputs(graph, shapes);
  for (const { name, type } of graph.inputs) types.set(name, { dtype: type.dtype, dims: bound.get(name)! });
  for (const [name, { dtype, dims }] of constants) types.set(name, { dtype, dims });

  const nodes: Node[] = [];
  for (const given of graph.nodes) {
    const output = onlyOutput(given);
    const operands = given.inputs.map(name => (name === '' ? null : operandOf(given, name, types, constants)));
    const { node, dtype, dims } = inferNode(given, operands);
    const type = { dtype, dims };
    types.set(output, type);
    if (dtype !== 'float16' && canEvaluate(node, dtype) && sizeOf(dims) <= knownElements) {
      const numbers = evaluate(node, operands, type);
      if (numbers) {
        constants.set(output, makeConstant(dtype, dims, numbers));
        continue;
      }
    }
    if (sizeOf(dims) === 0) throw modelError(node, `its output '${output}' (${showDims(dims)}) has no elements`);
    nodes.push(node);
  }
  for (const name of graph.outputs) {
    if (!types.has(name)) throw new NumavoxError('model', `output '${name}' of the graph is not computed by any node`);
  }
  return { ...graph, nodes, constants, types };
}

function onlyOutput(node: Node): string {
  const [first, ...rest] = node.outputs;
  if (!first) throw modelError(node, 'has no output');
  const second = rest.find(name => name !== '');
  if (second) throw unsupportedError(node, `its second output '${second}' is not computed`);
  return first;
}

/** An input of a node; its elements are read at most once, and only when they are asked for. */
export function operandOf(
  node: Node,
  name: string,
  types: ReadonlyMap<string, ConcreteType>,
  constants: ReadonlyMap<string, Constant>,
  limit = knownElements,
): Operand {
  const type = types.get(name);
  if (!type) throw modelError(node, `its input '${name}' is not computed before it`);
  let data: Float64Array | null | undefined;
  const numbers = () => {
    if (data === undefined) {
      const constant = constants.get(name);
      data = constant && sizeOf(constant.dims) <= limit ? readNumbers(constant) : null;
    }
    return data;
  };
  return { ...type, name, numbers };
}
