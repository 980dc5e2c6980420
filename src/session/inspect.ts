import { NumavoxError } from '../errors.js';
import type { Shapes } from '../graph/bind.js';
import { nodeFlops, parameterCount } from '../graph/cost.js';
import { inferShapes } from '../graph/infer.js';
import type { Node, TypedGraph } from '../graph/ir.js';
import { layerSteps } from '../lower/layer_steps.js';
import { optimize } from '../passes/optimize.js';
import type { PassReport } from '../passes/report.js';
import { wholeBox } from '../plan/box.js';
import { loadGraph, type ModelSource } from './load.js';
import type { NumavoxOptions } from './options.js';
import { lowerOptions } from './prepare.js';

export interface InspectedNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  /** Elements of the float constants that it reads. */
  readonly parameters: number;
  /** Bytes of its weights as kernels read them; more than four a parameter where Winograd's method is used. */
  readonly packedBytes: number;
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
  /** Of all packed weights; null where the model cannot run, and the reason is `problem`. */
  readonly packedBytes: number | null;
  readonly problem: string | null;
  readonly passes: readonly PassReport[];
}

export interface InspectOptions extends Pick<NumavoxOptions, 'algorithm' | 'weights' | 'weightGrowth'> {
  /** Sizes for inputs, in place of declared or symbolic ones. */
  readonly shapes?: Shapes;
}

/** Reads a model and says what is in it, without running anything. The options are those of a session. */
export function inspectModel(source: ModelSource, options: InspectOptions = {}): Inspection {
  const { shapes = {}, algorithm = 'auto', ...rest } = options;
  const raw = loadGraph(source);
  const { graph, report } = optimize(inferShapes(raw, shapes));
  const port = (name: string) => ({ name, dims: graph.types.get(name)!.dims });
  const ports = (names: readonly string[]) => names.filter(name => name !== '').map(port);
  const { packed, problem } = packedBytesOf(graph, lowerOptions({ algorithm, ...rest }));
  const nodes = graph.nodes.map((node, i) => ({
    name: node.name,
    op: node.op,
    inputs: ports(node.inputs),
    outputs: ports(node.outputs),
    parameters: constantElements(graph, node),
    packedBytes: packed[i] ?? 0,
    flops: nodeFlops(graph, node),
  }));
  return {
    name: graph.name,
    inputs: graph.inputs.map(({ name }) => port(name)),
    outputs: graph.outputs.map(port),
    nodes,
    parameters: parameterCount(raw),
    flops: nodes.reduce((sum, { flops }) => sum + flops, 0),
    packedBytes: problem === null ? packed.reduce((sum, bytes) => sum + bytes, 0) : null,
    problem,
    passes: report,
  };
}

/** Bytes of the packed weights of every layer; none, and why, where some layer cannot be lowered. */
function packedBytesOf(graph: TypedGraph, options: ReturnType<typeof lowerOptions>) {
  try {
    const stepsOf = layerSteps(graph, options);
    const packed = graph.nodes.map(node => {
      const steps = stepsOf(node, wholeBox(graph.types.get(node.outputs[0]!)!.dims));
      return steps.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
    });
    return { packed, problem: null };
  } catch (error) {
    if (!(error instanceof NumavoxError)) throw error;
    return { packed: [], problem: error.message };
  }
}

function constantElements(graph: TypedGraph, node: Node): number {
  const constants = node.inputs.map(name => graph.constants.get(name));
  const floats = constants.filter(constant => constant?.dtype.startsWith('float'));
  return floats.reduce((sum, constant) => sum + constant!.dims.reduce((all, size) => all * size, 1), 0);
}
