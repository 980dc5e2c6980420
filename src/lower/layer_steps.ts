/**
 * The steps of a layer, or of a box of it, by themselves: what a cost model prices. They are made by lowering the layer as
 * if it stood alone, its operands in the layouts in which the whole graph holds them.
 */
import type { Node, TypedGraph } from '../graph/ir.js';
import type { Fields, Values as FieldValues } from '../kernels/descriptor.js';
import { type Box, boxDims } from '../plan/box.js';
import { type Layer, type Lowering, readersOf } from './context.js';
import { type Demand, demandsOf } from './demands.js';
import { createEmitter, type PendingShare } from './emitter.js';
import { type Part, partOf } from './held.js';
import { rowMajor } from './layout.js';
import { type LowerOptions, layoutsOf, lowerLayer } from './lower.js';
import { createValues } from './values.js';

/** One kernel's work. */
export interface LayerStep {
  readonly kernel: string;
  /** The descriptor; addresses are nonsense, but 0 where there is none. */
  readonly values: FieldValues<Fields>;
  readonly units: number;
  readonly flops: number;
  /** Of the weights that are packed for the layer, at its first step. */
  readonly weightBytes: number;
}

export type StepsOf = (node: Node, out: Box) => readonly LayerStep[];

const someAddress = 64;

export interface LayerOptions extends LowerOptions {
  /** Workers of the memory: one unless given. */
  readonly workers?: number;
}

/** What `lower` emits for a box of a layer in a memory that holds all it reads. Boxes of equal sizes are lowered once. */
export function layerSteps(graph: TypedGraph, options: LayerOptions = {}): StepsOf {
  const { exact = false, bf16 = false, weightGrowth, workers = 1 } = options;
  const lowering: Lowering = {
    graph,
    exact,
    bf16,
    weightGrowth,
    workers,
    layouts: layoutsOf(graph, options),
    readers: readersOf(graph),
  };
  const known = new Map<string, readonly LayerStep[]>();
  return (node, out) => {
    const { needs } = demandsOf(graph, node, out);
    const key = `${node.name} ${boxDims(out)} ${[...needs.values()].map(boxDims).join(' ')}`;
    let steps = known.get(key);
    if (!steps) {
      steps = lowerAlone(lowering, node, out);
      known.set(key, steps);
    }
    return steps;
  };
}

function lowerAlone(lowering: Lowering, node: Node, out: Box): LayerStep[] {
  const shares: PendingShare[] = [];
  const emitter = createEmitter((_at, _where, share) => shares.push(share));
  const values = createValues(emitter);
  const { needs, operands, residual } = demandsOf(lowering.graph, node, out);
  const held = ({ name, need }: Demand): Part => {
    const layout = lowering.layouts.get(name) ?? rowMajor;
    const part = partOf(need, layout, emitter.tensor(boxDims(need), layout));
    values.define(name, part);
    return part;
  };
  const layer: Layer = {
    node,
    out,
    whole: out,
    wanted: out,
    needs,
    operands: new Map(operands.map(demand => [demand.name, held(demand)])),
    residual: residual && held(residual),
  };
  lowerLayer(lowering, values, layer);
  const { weightBytes } = emitter;
  return shares.map(({ kernel, operands: fields, flops }, index) => {
    const numbers: FieldValues<Fields> = Object.fromEntries(
      Object.entries(fields).map(([field, value]) => [field, typeof value === 'number' ? value : someAddress]),
    );
    const units = kernel.units(numbers);
    return { kernel: kernel.name, values: numbers, units, flops, weightBytes: index === 0 ? weightBytes : 0 };
  });
}
