/**
 * ModelProto to Graph: ops of any opset from 6 to 26 become the canonical ones of src/graph/ir.ts. Invariant: what a model says and
 * the graph does not is an error, never left out in silence.
 */
import { basename } from 'node:path';
import { NumavoxError } from '../errors.js';
import type { Constant, Graph, Node } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { readAttributes } from './attributes.js';
import type { DecodedModel } from './decode.js';
import type { GraphProto, NodeProto } from './generated/onnx_pb.js';
import { graphInputs } from './inputs.js';
import { type Names, nodeNames, uniqueNames } from './names.js';
import { type OpContext, showNode } from './ops/context.js';
import { converters } from './ops/index.js';
import { executionOrder } from './order.js';
import { type RankLookup, rankOfOutput } from './ranks.js';
import { constantOf } from './tensor.js';

const oldestOpset = 6;
const newestOpset = 26;
const isDefaultDomain = (domain: string): boolean => domain === '' || domain === 'ai.onnx';
const withSubgraphs: ReadonlySet<string> = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);

/** What grows while the nodes are converted, in execution order. */
interface Importing {
  readonly model: DecodedModel;
  readonly opset: number;
  /** Values that a node or the caller reads. */
  readonly used: ReadonlySet<string>;
  /** Names of nodes and values alike, so that an added node can have the name of its output. */
  readonly names: Names;
  readonly constants: Map<string, Constant>;
  readonly ranks: Map<string, number | null>;
}

function opsetOf({ proto, label }: DecodedModel): number {
  const version = proto.opsetImport.find(({ domain }) => isDefaultDomain(domain))?.version;
  if (version === undefined) throw new NumavoxError('unsupported', `${label} imports no operator set of ai.onnx`);
  if (version < oldestOpset || version > newestOpset) {
    const detail = `opset ${version} is not supported, ${oldestOpset} to ${newestOpset} are`;
    throw new NumavoxError('unsupported', `${label}: ${detail}`);
  }
  return Number(version);
}

/** The constants of the initializers that something reads. */
function initializerConstants(
  model: DecodedModel,
  graph: GraphProto,
  used: ReadonlySet<string>,
): Map<string, Constant> {
  if (graph.sparseInitializer.length > 0) {
    throw new NumavoxError('unsupported', `${model.label} has sparse initializers`);
  }
  const constants = new Map<string, Constant>();
  const seen = new Set<string>();
  for (const tensor of graph.initializer) {
    if (seen.has(tensor.name)) throw new NumavoxError('model', `initializer '${tensor.name}' is given twice`);
    seen.add(tensor.name);
    if (used.has(tensor.name)) constants.set(tensor.name, constantOf(model, tensor, `initializer '${tensor.name}'`));
  }
  return constants;
}

function outputNames({ output }: GraphProto, label: string): string[] {
  const names = output.map(({ name }) => name);
  if (names.length === 0) throw new NumavoxError('model', `${label}: its graph has no outputs`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new NumavoxError('model', `output '${twice}' is declared twice`);
  return names;
}

function unknownOp(proto: NodeProto, name: string, opset: number): NumavoxError {
  const { opType, domain } = proto;
  const node = showNode(opType, name);
  if (!isDefaultDomain(domain)) {
    return new NumavoxError('unsupported', `${node}: ops of domain ${domain} are not supported (${opType})`);
  }
  const why = withSubgraphs.has(opType) ? 'ops with sub-graphs are not supported' : 'this op is not supported';
  return new NumavoxError('unsupported', `${node}: ${why} (${opType}, opset ${opset})`);
}

/** The constant of that name, also behind identities, through which exporters share weights. */
function lookUp(state: Importing, aliases: ReadonlyMap<string, string>, value: string): Constant | null {
  let name = value;
  for (let next = aliases.get(name); next !== undefined; next = aliases.get(name)) name = next;
  return state.constants.get(name) ?? null;
}

/** The first output of a node; the others are only there to be refused where something reads them. */
function onlyOutput({ output, opType }: NodeProto, name: string, used: ReadonlySet<string>): string {
  const node = showNode(opType, name);
  for (const [index, value] of output.entries()) {
    if (index > 0 && value !== '' && used.has(value)) {
      throw new NumavoxError(
        'unsupported',
        `${node}: output ${index} ('${value}') is in use, only the first is supported`,
      );
    }
  }
  if (!output[0]) throw new NumavoxError('model', `${node} has no output`);
  return output[0];
}

function withoutAbsentEnd(inputs: readonly string[]): string[] {
  const last = inputs.findLastIndex(input => input !== '');
  return inputs.slice(0, last + 1);
}

interface NamedNode {
  readonly proto: NodeProto;
  readonly name: string;
}

function convertNode(
  state: Importing,
  aliases: ReadonlyMap<string, string>,
  { proto, name }: NamedNode,
): readonly Node[] {
  const { model, opset, constants, ranks, names } = state;
  const op = proto.opType;
  const converter = isDefaultDomain(proto.domain) ? converters.get(op) : undefined;
  if (!converter) throw unknownOp(proto, name, opset);
  const output = onlyOutput(proto, name, state.used);
  const attributes = readAttributes(proto, showNode(op, name));
  const constant = (value: string) => lookUp(state, aliases, value);
  const define = (value: string, made: Constant): string => {
    constants.set(value, made);
    ranks.set(value, made.dims.length);
    return value;
  };
  const context: OpContext = {
    op,
    name,
    opset,
    inputs: withoutAbsentEnd(proto.input),
    output,
    attributes,
    constant,
    rank: value => ranks.get(value) ?? null,
    addConstant: (role, made) => define(names.claim(`${name}:${role}`), made),
    defineOutput: made => define(output, made),
    freshName: role => names.claim(`${name}:${role}`),
    tensorConstant: tensor => constantOf(model, tensor, `${showNode(op, name)}: its tensor`),
  };
  const nodes = converter(context);
  attributes.finish();
  const lookup: RankLookup = {
    rank: context.rank,
    constantSize: value => {
      const known = constant(value);
      return known ? sizeOf(known.dims) : null;
    },
  };
  for (const node of nodes) ranks.set(node.outputs[0]!, rankOfOutput(node, lookup));
  return nodes;
}

function convertAll(state: Importing, nodes: readonly NamedNode[]): Node[] {
  const aliases = new Map<string, string>();
  const converted: Node[] = [];
  for (const named of nodes) {
    for (const node of convertNode(state, aliases, named)) {
      converted.push(node);
      if (node.op === 'Identity') aliases.set(node.outputs[0]!, node.inputs[0]!);
    }
  }
  return converted;
}

/**
 * The graph of an ONNX model: domain ai.onnx, opsets 6 to 26.
 *
 * @throws NumavoxError `unsupported` for an op, an attribute or a type that numavox does not have, `model` for a graph that
 * contradicts itself. The message names the node.
 */
export function importModel(model: DecodedModel): Graph {
  const graph = model.proto.graph!;
  const opset = opsetOf(model);
  const outputs = outputNames(graph, model.label);
  const inputs = graphInputs(graph);
  const used = new Set([...outputs, ...graph.node.flatMap(({ input }) => input)]);
  const constants = initializerConstants(model, graph, used);

  const labels = nodeNames(graph.node);
  const steps = graph.node.map(({ input, output, opType }, index) => ({
    label: showNode(opType, labels[index]!),
    inputs: input,
    outputs: output,
  }));
  const given = new Set([...inputs.map(({ name }) => name), ...graph.initializer.map(({ name }) => name)]);
  const order = executionOrder(steps, given);
  const defined = new Set([...given, ...steps.flatMap(step => step.outputs)]);
  const missing = outputs.find(name => name === '' || !defined.has(name));
  if (missing !== undefined) throw new NumavoxError('model', `nothing defines the output '${missing}'`);

  const ranks = new Map<string, number | null>();
  for (const { name, type } of inputs) ranks.set(name, type.dims.length);
  for (const [name, { dims }] of constants) ranks.set(name, dims.length);
  const state: Importing = { model, opset, used, names: uniqueNames([...defined, ...labels]), constants, ranks };
  const nodes = convertAll(
    state,
    order.map(index => ({ proto: graph.node[index]!, name: labels[index]! })),
  );
  const name = graph.name || (model.path ? basename(model.path) : 'model');
  // Some constants have become attributes.
  const needed = new Set([...outputs, ...nodes.flatMap(node => node.inputs)]);
  return { name, inputs, outputs, nodes, constants: new Map([...constants].filter(([value]) => needed.has(value))) };
}
