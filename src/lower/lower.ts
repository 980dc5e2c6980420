import { NumavoxError } from '../errors.js';
import type { Node, Op, TypedGraph } from '../graph/ir.js';
import { type Box, boxDims, hull, intersect, sameBox, wholeBox } from '../plan/box.js';
import { memoryDistance } from '../plan/memories.js';
import { needsOf } from '../plan/needs.js';
import type { LayerPlan, Plan } from '../plan/plan.js';
import {
  type Context,
  createContext,
  denseConstant,
  inSameBytes,
  intoLayout,
  type Layer,
  type Lowering,
  readersOf,
  unsupported,
} from './context.js';
import { type ConvMethod, convLayout, lowerConv } from './convolution.js';
import { demandsOf } from './demands.js';
import { lowerActivation, lowerBatchNorm, lowerBinary } from './elementwise.js';
import { type Gathered, gather } from './gathering.js';
import { type Part, partOf } from './held.js';
import { layerGrid } from './layer_grid.js';
import { channelsLast, type Layout, rowMajor } from './layout.js';
import { localNode } from './local_node.js';
import { lowerGemm, lowerMatMul } from './matrix.js';
import { innerFirst } from './overlap.js';
import { lowerGlobalPool, lowerPool } from './pooling.js';
import type { Program } from './program.js';
import { lowerReduceMean, lowerSoftmax } from './reducing.js';
import { lowerResize } from './resizing.js';
import { createSequence, type PendingPort } from './sequence.js';
import { lowerConcat, lowerGather, lowerPad, lowerReshape, lowerSlice, lowerTranspose } from './shaping.js';
import { createValues, type Values } from './values.js';

export interface LowerOptions {
  /** Run every step on its kernel's plain-TypeScript twin. */
  readonly reference?: boolean;
  /** Compute every convolution directly: one accumulator chain per output. */
  readonly exact?: boolean;
  /** Packed weights of a convolution may be this many times as large as they are; what `winogradWays` allows where absent. */
  readonly weightGrowth?: number | undefined;
  /** Round the weights of products of few rows to bfloat16. */
  readonly bf16?: boolean;
  /** Compute every convolution so, in place of the choice from its shape: for comparing one with the other. One memory only. */
  readonly convMethod?: ConvMethod;
}

/**
 * Turns an optimised graph into a Program: chooses kernels and layouts from shapes alone, packs weights, plans the arenas. Every
 * memory gets its box of each layer as a layer of its own, behind an exchange of what it reads and does not hold.
 *
 * @throws NumavoxError `unsupported` for another type than float32 and for a node that no kernel can do, `resource` for a
 * memory over 4 GiB.
 */
export function lower(graph: TypedGraph, plan: Plan, options: LowerOptions = {}): Program {
  const { sequence, inputs, outputs } = emitProgram(graph, plan, options);
  return sequence.finish(inputs, outputs);
}

/** The layout in which each value is computed, whatever the plan. */
export function layoutsOf(graph: TypedGraph, options: LowerOptions = {}): Map<string, Layout> {
  const nobody = { logical: true, nodes: [] };
  const layers = graph.nodes.map(({ name, outputs }): LayerPlan => {
    return { name, cut: { kind: 'one', memory: 0 }, boxes: [wholeBox(graph.types.get(outputs[0]!)!.dims)] };
  });
  const plan = { teams: nobody, memories: [{ nodeIndex: 0, ranks: [0] }], layers };
  return emitProgram(graph, plan, options).lowering.layouts;
}

function emitProgram(graph: TypedGraph, plan: Plan, options: LowerOptions) {
  const { reference = false, exact = false, bf16 = false, weightGrowth, convMethod } = options;
  const sequence = createSequence({ plan, reference });
  const lowering: Lowering = {
    graph,
    exact,
    bf16,
    weightGrowth,
    workers: Math.max(...plan.memories.map(({ ranks }) => ranks.length)),
    convMethod,
    layouts: new Map(),
    readers: readersOf(graph),
  };
  const memories = sequence.emitters.map(createValues);
  const boxes = new Map(plan.layers.map(layer => [layer.name, layer.boxes]));
  const planned = new Map(graph.nodes.map(node => [node.outputs[0]!, boxes.get(node.name)!]));
  const inputs = inputPorts(graph);
  const feed: Feed = (name, memory, { address, box, dims }) => {
    inputs.get(name)!.pieces.push({ memory, address, begin: box.map(([begin]) => begin), dims });
  };
  const gathering = { memories, planned, distance: memoryDistance(plan), feed };

  for (const node of graph.nodes) {
    refuseOtherTypes(graph, node);
    const start = sequence.align();
    const parts = memories.map((values, memory) => {
      const whole = boxes.get(node.name)![memory];
      if (!whole) return [];
      const wanted = wantedAround(lowering, boxes, node, memory, whole);
      return partsOf(lowering, node, whole, values).map(out => {
        const demands = demandsOf(graph, node, out);
        const gathered = gather(gathering, memory, demands);
        const { operands, residual } = gathered;
        return { gathered, layer: { node, out, whole, wanted, needs: demands.needs, operands, residual } };
      });
    });
    parts.forEach((own, memory) => {
      const pieces = own.flatMap(part => part.gathered.pieces);
      if (pieces.length > 0) sequence.exchange(start, { name: node.name, op: node.op }, memory, pieces);
      for (const { gathered, layer } of own) emitPart(lowering, memories[memory]!, start, gathered, layer);
    });
  }
  sequence.align();
  const outputs = graph.outputs.map(name => outputPort(graph, name, memories, planned, feed));
  return { sequence, lowering, inputs: [...inputs.values()], outputs };
}

/** The parts in which a memory computes its box of a layer, the first of them while the others wait for what they read. */
function partsOf(lowering: Lowering, node: Node, whole: Box, values: Values): readonly Box[] {
  const { graph } = lowering;
  const layout = node.op === 'Conv' ? convLayout(graph, node) : channelsLast;
  return innerFirst(graph, node, whole, values, { layout, step: layerGrid(graph, node, lowering)[2] ?? 1 });
}

/** What comes before a part of a layer in its memory, then the part itself; from step `start` on, in which exchanges are made. */
function emitPart(
  lowering: Lowering,
  values: Values,
  start: number,
  { fetched, copies, placings }: Gathered,
  layer: Layer,
): void {
  for (const copy of copies) copy(values.emitter);
  if (fetched.size > 0) values.emitter.skipTo(start + 1);
  for (const place of placings) place(values.emitter);
  lowerLayer(lowering, values, layer);
}

/** Lowers a layer's box in one memory. */
export function lowerLayer(lowering: Lowering, values: Values, layer: Layer): void {
  const { node, operands, needs } = layer;
  const name = node.inputs[0]!;
  const x = operands.get(name)?.box ?? needs.get(name);
  const local = localNode(lowering.graph, node, layer.out, x);
  const lowerNode = lowerings[node.op] as (context: Context, node: Node) => void;
  lowerNode(createContext(lowering, values, layer), local);
}

/** What the node's readers need of its output in the same memory, and the box itself. */
function wantedAround(
  { graph, readers }: Lowering,
  boxes: ReadonlyMap<string, readonly (Box | null)[]>,
  node: Node,
  memory: number,
  out: Box,
): Box {
  const name = node.outputs[0]!;
  return (readers.get(name) ?? []).reduce((wanted, reader) => {
    const box = boxes.get(reader.name)![memory];
    const needs = box ? needsOf(graph, reader, box) : [];
    return needs.reduce<Box>(
      (all, need, index) => (need && reader.inputs[index] === name ? hull(all, need) : all),
      wanted,
    );
  }, out);
}

type Feed = (name: string, memory: number, part: Part) => void;

type InputPort = PendingPort & { readonly pieces: PendingPort['pieces'][number][] };

function inputPorts(graph: TypedGraph): Map<string, InputPort> {
  return new Map(
    graph.inputs.map(({ name, type }) => {
      if (type.dtype !== 'float32') {
        throw new NumavoxError('unsupported', `input '${name}' has type ${type.dtype}; computation is in float32`);
      }
      return [name, { name, dims: graph.types.get(name)!.dims, pieces: [] }];
    }),
  );
}

/** The boxes of an output, in ONNX's own order, so that every element is there once. */
function outputPort(
  graph: TypedGraph,
  name: string,
  memories: readonly Values[],
  planned: ReadonlyMap<string, readonly (Box | null)[]>,
  feed: Feed,
): PendingPort {
  const { dims } = graph.types.get(name)!;
  const computed = planned.get(name);
  const taken: Box[] = [];
  const pieces = (computed ?? [wholeBox(dims)]).flatMap((box, memory) => {
    if (!box || taken.some(other => intersect(other, box))) return [];
    taken.push(box);
    const values = memories[memory]!;
    if (!computed && values.parts(name).every(part => !sameBox(part.box, box))) {
      values.define(name, uncomputed(graph, name, values, feed));
    }
    const forms = values.parts(name).filter(part => sameBox(part.box, box));
    const dense = inSameBytes(forms, rowMajor) ?? intoLayout(values.emitter, name, forms[0]!, rowMajor);
    return [{ memory, address: dense.address, begin: box.map(([begin]) => begin), dims: dense.dims }];
  });
  return { name, dims, pieces };
}

/** An output that no node computes: an input or a constant of the graph, in the first memory. */
function uncomputed(graph: TypedGraph, name: string, { emitter }: Values, feed: Feed): Part {
  const box = wholeBox(graph.types.get(name)!.dims);
  const constant = graph.constants.get(name);
  if (constant) return denseConstant(emitter, name, constant, box);
  const part = partOf(box, rowMajor, emitter.tensor(boxDims(box), rowMajor));
  feed(name, 0, part);
  return part;
}

/** One lowering per op of the graph. */
const lowerings: { readonly [K in Op]: (context: Context, node: Extract<Node, { op: K }>) => void } = {
  Conv: lowerConv,
  Gemm: lowerGemm,
  MatMul: lowerMatMul,
  MaxPool: lowerPool,
  AveragePool: lowerPool,
  GlobalAveragePool: lowerGlobalPool,
  GlobalMaxPool: lowerGlobalPool,
  BatchNormalization: lowerBatchNorm,
  Activation: lowerActivation,
  PRelu: lowerBinary,
  Add: lowerBinary,
  Sub: lowerBinary,
  Mul: lowerBinary,
  Div: lowerBinary,
  Softmax: lowerSoftmax,
  LogSoftmax: lowerSoftmax,
  ReduceMean: lowerReduceMean,
  Flatten: lowerReshape,
  Reshape: lowerReshape,
  Squeeze: lowerReshape,
  Unsqueeze: lowerReshape,
  Identity: lowerReshape,
  Transpose: lowerTranspose,
  Concat: lowerConcat,
  Slice: lowerSlice,
  Pad: lowerPad,
  Resize: lowerResize,
  Gather: lowerGather,
  Cast: refuse,
  Shape: refuse,
};

function refuse(_context: Context, node: Node): void {
  throw unsupported(node, 'could not be computed before the run');
}

function refuseOtherTypes(graph: TypedGraph, node: Node): void {
  const type = graph.types.get(node.outputs[0]!);
  if (type && type.dtype !== 'float32') {
    throw unsupported(node, `computes ${type.dtype} from data; computation is in float32`);
  }
}
