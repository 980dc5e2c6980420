import type { Shapes } from '../graph/bind.js';
import { nodeFlops, parameterCount } from '../graph/cost.js';
import { inferShapes } from '../graph/infer.js';
import type { Node, TypedGraph } from '../graph/ir.js';
import { optimize } from '../passes/optimize.js';
import type { PassReport } from '../passes/report.js';
import { loadGraph, type ModelSource } from './load.js';

export interface InspectedNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  /** Elements of the float constants that it reads. */
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
  const { graph, report } = optimize(inferShapes(raw, shapes));
  const port = (name: string) => ({ name, dims: graph.types.get(name)!.dims });
  const ports = (names: readonly string[]) => names.filter(name => name !== '').map(port);
  const nodes = graph.nodes.map(node => ({
    name: node.name,
    op: node.op,
    inputs: ports(node.inputs),
    outputs: ports(node.outputs),
    parameters: constantElements(graph, node),
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

function constantElements(graph: TypedGraph, node: Node): number {
  const constants = node.inputs.map(name => graph.constants.get(name));
  const floats = constants.filter(constant => constant?.dtype.startsWith('float'));
  return floats.reduce((sum, constant) => sum + constant!.dims.reduce((all, size) => all * size, 1), 0);
}
