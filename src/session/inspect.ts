import { nodeFlops, nodeParameters, parameterCount } from '../graph/cost.js';
import { bindInputs, inferShapes } from '../graph/index.js';
import { optimize, type PassReport } from '../passes/index.js';
import { loadGraph, type ModelSource } from './load.js';
import type { Shapes } from './prepare.js';

export interface InspectedNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  readonly parameters: number;
  /** 2 per multiply-add. */
  readonly flops: number;
}

/** A model as it runs: after shape inference and the passes. */
export interface Inspection {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  readonly nodes: readonly InspectedNode[];
  /** Of the model as it was given, BatchNorm's scale and bias included. */
  readonly parameters: number;
  readonly flops: number;
  readonly passes: readonly PassReport[];
}

/** Reads a model and says what is in it, without running anything. `shapes` binds or overrides input sizes. */
export function inspectModel(source: ModelSource, { shapes = {} }: { readonly shapes?: Shapes } = {}): Inspection {
  const raw = loadGraph(source);
  const { graph, report } = optimize(inferShapes(bindInputs(raw, shapes)));
  const port = (name: string) => ({ name, dims: graph.types.get(name)!.dims });
  const ports = (names: readonly string[]) => names.filter(name => name !== '').map(port);
  const nodes = graph.nodes.map(node => ({
    name: node.name,
    op: node.op,
    inputs: ports(node.inputs),
    outputs: ports(node.outputs),
    parameters: nodeParameters(graph, node),
    flops: nodeFlops(graph, node),
  }));
  return {
    name: graph.name,
    inputs: graph.inputs.map(({ name }) => port(name)),
    outputs: graph.outputs.map(port),
    nodes,
    parameters: parameterCount(raw),
    flops: nodes.reduce((sum, { flops }) => sum + flops, 0),
    passes: report,
  };
}
