/**
 * Whether a graph is well formed: names are unique, every value has one source and is computed before it is read. Importers
 * check what they made, and tests check what each pass made.
 */
import { NumavoxError } from '../../src/errors.js';
import type { Graph, TypedGraph } from '../../src/graph/ir.js';
import { sameDims, showDims } from '../../src/graph/shape.js';

const invalid = (detail: string) => new NumavoxError('model', `invalid graph: ${detail}`);

/** @throws NumavoxError `model`, naming what is wrong first */
export function checkGraph(graph: Graph): void {
  const sources = new Map<string, string>();
  const define = (value: string, source: string) => {
    const other = sources.get(value);
    if (other) throw invalid(`value '${value}' comes from ${other} and from ${source}`);
    sources.set(value, source);
  };
  for (const input of graph.inputs) define(input.name, 'an input of the graph');
  for (const name of graph.constants.keys()) define(name, 'a constant');
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (names.has(node.name)) throw invalid(`two nodes are called '${node.name}'`);
    names.add(node.name);
    for (const value of node.inputs) {
      if (value !== '' && !sources.has(value)) {
        throw invalid(`input '${value}' of ${node.op} '${node.name}' is not computed before it (a cycle, or nowhere)`);
      }
    }
    for (const value of node.outputs) if (value !== '') define(value, `${node.op} '${node.name}'`);
  }
  for (const value of graph.outputs) {
    if (!sources.has(value)) throw invalid(`output '${value}' is not computed`);
  }
}

/** As `checkGraph`; also every value has a type, and a constant's is its own. */
export function checkTypedGraph(graph: TypedGraph): void {
  checkGraph(graph);
  const values = [...graph.inputs.map(input => input.name), ...graph.nodes.flatMap(node => node.outputs)];
  for (const value of values) {
    if (value !== '' && !graph.types.has(value)) throw invalid(`value '${value}' has no type`);
  }
  for (const [name, constant] of graph.constants) {
    const type = graph.types.get(name);
    if (!type || type.dtype !== constant.dtype || !sameDims(type.dims, constant.dims)) {
      const typed = type ? `${type.dtype} ${showDims(type.dims)}` : 'nothing';
      throw invalid(`constant '${name}' is ${constant.dtype} ${showDims(constant.dims)} but typed as ${typed}`);
    }
  }
}
