import { NumavoxError } from '../errors.js';
import { readFloats } from '../graph/constant.js';
import { operandOf } from '../graph/infer.js';
import type { Activation, Constant, Node, TypedGraph } from '../graph/ir.js';
import type { Operands } from '../graph/rules/rule.js';
import { sizeOf } from '../graph/shape.js';
import { sliceConstant } from '../graph/slice_constant.js';
import { type ActivationCode, activationCodes } from '../kernels/kernel.js';
import { type Box, boxDims, hull, sameBox, wholeBox } from '../plan/box.js';
import type { ConvMethod } from './convolution.js';
import { emitCopy, emitFill } from './copying.js';
import type { Emitter } from './emitter.js';
import { type Held, isRun, loopsOver, offset, type Part, partOf } from './held.js';
import { extentOf, type Layout, leadOf, rowMajor, sameBytes, stridesOf } from './layout.js';
import type { Values } from './values.js';

/** What the lowering of a graph knows, whatever the memory. */
export interface Lowering {
  readonly graph: TypedGraph;
  /** Convolutions are computed directly. */
  readonly exact: boolean;
  /** How large packed weights of convolutions may become; undefined: what `winogradWays` allows. */
  readonly weightGrowth?: number | undefined;
  /** Weights of products of few rows are rounded to bfloat16. */
  readonly bf16: boolean;
  /** Workers of a memory that has most: they decide how work is divided, and no bit. */
  readonly workers: number;
  /** How every convolution is computed; chosen from its shape where absent. */
  readonly convMethod?: ConvMethod | undefined;
  /** The layout in which each value was computed, in whichever memory. */
  readonly layouts: Map<string, Layout>;
  readonly readers: ReadonlyMap<string, readonly Node[]>;
}

/** One layer in one memory. */
export interface Layer {
  /** The whole layer's. */
  readonly node: Node;
  /** The box of its output that is computed now. */
  readonly out: Box;
  /** The box of its output that is computed here, now or in other parts. */
  readonly whole: Box;
  /** Of its output and around it, what is read here later. */
  readonly wanted: Box;
  /** The box of each operand that is read, by name; constants too. */
  readonly needs: ReadonlyMap<string, Box>;
  /** Each computed operand; it may be larger than needed where the layer's window allows that. */
  readonly operands: ReadonlyMap<string, Part>;
  /** What a convolution adds to its output: exactly the output's box, even where it is the convolution's input too. */
  readonly residual: Part | null;
}

export const readersOf = (graph: TypedGraph): ReadonlyMap<string, readonly Node[]> => {
  const readers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) readers.set(name, [...(readers.get(name) ?? []), node]);
  }
  return readers;
};

/**
 * A layer as its lowering sees it: an ordinary layer whose operands and output have the sizes of their boxes. What decides
 * rounding is asked of the whole layer (`fullNode`, `fullDims`, `layoutOf`).
 */
export function createContext(lowering: Lowering, values: Values, layer: Layer) {
  const { node: fullNode, out, whole, wanted, needs, operands: parts } = layer;
  const { graph, exact, bf16, weightGrowth, workers, convMethod, layouts } = lowering;
  const { emitter } = values;

  /** Sizes of the whole value, wherever its parts are. */
  function fullDims(name: string): readonly number[] {
    const type = graph.types.get(name);
    if (!type) throw new NumavoxError('model', `value '${name}' has no type`);
    return type.dims;
  }

  /** The layout in which the value was computed. */
  const layoutOf = (name: string): Layout => layouts.get(name) ?? rowMajor;

  const wholeConstant = (name: string): Constant | undefined => graph.constants.get(name);

  /** The part of a constant that this layer reads; undefined for what is computed. */
  function constant(name: string): Constant | undefined {
    const data = graph.constants.get(name);
    return data && constantPart(name, data);
  }

  const slices = new Map<string, Constant>();
  function constantPart(name: string, data: Constant): Constant {
    const known = slices.get(name);
    if (known) return known;
    const slice = sliceConstant(data, needs.get(name) ?? wholeBox(data.dims));
    if (!slice) throw new NumavoxError('unsupported', `constant '${name}' cannot be cut where the plan cuts it`);
    slices.set(name, slice);
    return slice;
  }

  /** The operand as it is held first. A constant becomes a weight in row-major order. */
  function value(name: string): Part {
    const part = parts.get(name);
    if (part) return part;
    const data = graph.constants.get(name);
    if (!data) throw new NumavoxError('model', `value '${name}' is read before it is computed`);
    return constantValue(name, data);
  }

  function constantValue(name: string, data: Constant): Part {
    const need = needs.get(name) ?? wholeBox(data.dims);
    const held = values.parts(name).find(part => sameBox(part.box, need));
    if (held) return held;
    const part = denseConstant(emitter, name, data, need);
    values.define(name, part);
    return part;
  }

  /** Every form in which a part of a value is held now. */
  const formsOf = (name: string, first: Part): readonly Part[] => {
    const others = values.parts(name).filter(part => part !== first && sameBox(part.box, first.box));
    return [first, ...others];
  };

  /** Every form in which the operand is held now. */
  const heldAs = (name: string): readonly Part[] => formsOf(name, value(name));

  const readers = (name: string): readonly Node[] => lowering.readers.get(name) ?? [];

  /** The operand in a layout, copied into it if it is not held so yet. */
  const inLayout = (name: string, layout: Layout): Part => formIn(name, value(name), layout);

  /** The residual in a layout; a constant one too. */
  const residualIn = (name: string, layout: Layout): Part => formIn(name, layer.residual ?? value(name), layout);

  function formIn(name: string, first: Part, layout: Layout): Part {
    const forms = formsOf(name, first);
    const same = inSameBytes(forms, layout);
    if (same) return same;
    const part = intoLayout(emitter, name, forms[0]!, layout);
    values.define(name, part);
    return part;
  }

  /** Sizes of the layer's output here, or of what is held of an operand. */
  function dims(name: string): readonly number[] {
    const data = graph.constants.get(name);
    if (data) return boxDims(needs.get(name) ?? wholeBox(data.dims));
    return parts.get(name)?.dims ?? boxDims(out);
  }

  const allocate = (dims: readonly number[], layout: Layout): Held => ({
    dims,
    layout,
    address: emitter.tensor(dims, layout),
  });

  /** Space for what is computed now, in that for the whole. */
  function output(name: string, layout: Layout): Held {
    const own = values.parts(name)[0] ?? wholeOutput(name, layout);
    return { dims: boxDims(out), layout, address: loopsOver(own, out).start };
  }

  /** With what its readers need around it, where that lies before and behind it in memory. */
  function wholeOutput(name: string, layout: Layout): Part {
    const around = hull(whole, wanted);
    const hasRoom = !sameBox(around, whole) && isRun(whole, around, layout);
    const room = partOf(hasRoom ? around : whole, layout, emitter.tensor(boxDims(hasRoom ? around : whole), layout));
    if (hasRoom) values.makeRoom(name, room);
    return partOf(whole, layout, loopsOver(room, whole).start);
  }

  /** Says where the output is; that of a layer in several parts is where its first part was put. */
  function define(name: string, held: Held): void {
    if (!layouts.has(name)) layouts.set(name, held.layout);
    if (values.parts(name).length > 0) return;
    const start = loopsOver(partOf(whole, held.layout, held.address), out).start;
    const address = offset(held.address, (held.address.offsetBytes - start.offsetBytes) / 4);
    values.define(name, partOf(whole, held.layout, address));
  }

  /** All elements of a small constant operand, or null where the operand is computed. */
  function floats(name: string): Float32Array | null {
    const data = constant(name);
    return data ? readFloats(data, 0, sizeOf(data.dims)) : null;
  }

  /** The node's inputs as shape inference sees them. */
  const operands = (node: Node): Operands =>
    node.inputs.map(name => (name === '' ? null : operandOf(node, name, graph.types, graph.constants)));

  return {
    graph,
    emitter,
    exact,
    bf16,
    weightGrowth,
    workers,
    convMethod,
    fullNode,
    out,
    define,
    dims,
    fullDims,
    layoutOf,
    constant,
    wholeConstant,
    value,
    heldAs,
    readers,
    inLayout,
    residualIn,
    allocate,
    output,
    floats,
    operands,
  };
}

export type Context = ReturnType<typeof createContext>;

/** A box of a constant as a dense weight. */
export function denseConstant(emitter: Emitter, name: string, data: Constant, box: Box): Part {
  if (data.dtype !== 'float32' && data.dtype !== 'float64' && data.dtype !== 'float16') {
    throw new NumavoxError('unsupported', `constant '${name}' has type ${data.dtype}; computation is in float32`);
  }
  const slice = sliceConstant(data, box);
  if (slice) {
    const address = emitter.weight(name, slice, { kernel: 'dense', elements: sizeOf(slice.dims) });
    return partOf(box, rowMajor, address);
  }
  const whole = denseConstant(emitter, name, data, wholeBox(data.dims));
  return subPart(emitter, name, whole, box);
}

/** A box of a part as a part of its own: in place where it lies in one run, a copy elsewhere. */
export function subPart(emitter: Emitter, name: string, part: Part, box: Box): Part {
  if (isRun(box, part.box, part.layout)) return partOf(box, part.layout, loopsOver(part, box).start);
  const target = partOf(box, part.layout, emitter.tensor(boxDims(box), part.layout));
  copyRegion(emitter, name, part, target, box);
  return target;
}

/** Emits the copy of a region from one part to another, of one memory and one layout. */
export function copyRegion(emitter: Emitter, name: string, source: Part, target: Part, region: Box): void {
  const [from, to] = [loopsOver(source, region), loopsOver(target, region)];
  emitCopy(
    emitter,
    { name, op: 'Move' },
    { dims: from.dims, x: from.start, xStrides: from.strides, y: to.start, yStrides: to.strides },
  );
}

/** The form whose bytes are the same in the layout; undefined where there is none. */
export function inSameBytes(forms: readonly Part[], layout: Layout): Part | undefined {
  const same = forms.find(other => sameBytes(other.dims, other.layout, layout));
  return same && { ...same, layout };
}

/** A copy of a part in another layout. */
export function intoLayout(emitter: Emitter, name: string, from: Part, layout: Layout): Part {
  const to = partOf(from.box, layout, emitter.tensor(from.dims, layout));
  const where = { name: `${name} (to ${layout.kind})`, op: 'Layout' };
  if (layout.kind === 'planar') emitFill(emitter, where, to.address, extentOf(from.dims, layout), 0);
  emitCopy(emitter, where, {
    dims: from.dims,
    x: offset(from.address, leadOf(from.layout)),
    xStrides: stridesOf(from.dims, from.layout),
    y: offset(to.address, leadOf(layout)),
    yStrides: stridesOf(from.dims, layout),
  });
  return to;
}

export const absent = 0;

/** The descriptor fields of a fused activation. */
export function activationFields(activation: Activation | null): {
  activation: ActivationCode;
  alpha: number;
  beta: number;
} {
  if (!activation) return { activation: activationCodes.none, alpha: 0, beta: 0 };
  const code = activationCodes[activation.kind];
  switch (activation.kind) {
    case 'leakyRelu':
    case 'elu':
      return { activation: code, alpha: activation.alpha, beta: 0 };
    case 'clip':
      return { activation: code, alpha: activation.min, beta: activation.max };
    default:
      return { activation: code, alpha: 0, beta: 0 };
  }
}

/** What an error or a profile calls this node. */
export const whereOf = (node: Node, flops = 0) => ({ name: node.name, op: node.op, flops });

export function unsupported(node: Node, what: string): NumavoxError {
  return new NumavoxError('unsupported', `${node.op} '${node.name}': ${what}`);
}
