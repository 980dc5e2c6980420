import type { Dim, Graph } from '../graph/ir.js';
import { decodeModel, importModel } from '../onnx/index.js';
import { parseZooUri, zooGraph } from '../zoo/index.js';

export type ModelSource = string | Uint8Array;

export const isZooUri = (source: ModelSource): source is `zoo:${string}` =>
  typeof source === 'string' && source.startsWith('zoo:');

/**
 * The graph of an ONNX file, of a model's bytes, or of a zoo network (`zoo:c3d?width=0.125&classes=10&seed=3`).
 *
 * @throws NumavoxError `input` where there is no readable file, `model` or `unsupported` for what is in it.
 */
export function loadGraph(source: ModelSource): Graph {
  if (!isZooUri(source)) return importModel(decodeModel(source));
  const { name, options } = parseZooUri(source);
  return zooGraph(name, options);
}

/** The graph with sizes in place of the symbols that are given. */
export function withSymbols(graph: Graph, sizes: Readonly<Record<string, number>>): Graph {
  const sized = (dim: Dim): Dim => (typeof dim === 'string' && Object.hasOwn(sizes, dim) ? sizes[dim]! : dim);
  return {
    ...graph,
    inputs: graph.inputs.map(({ name, type }) => ({ name, type: { ...type, dims: type.dims.map(sized) } })),
  };
}
