/**
 * Which part of a layer's box can be computed while the rest of its operands is still on the way: the inner part of a slab, whose
 * windows stay inside of what the memory holds. Invariant: the boxes together are the whole one, and each lies in one run of it.
 */
import type { Node, TypedGraph } from '../graph/ir.js';
import { type Box, boxElements, containsBox, type Range } from '../plan/box.js';
import { demandsOf } from './demands.js';
import { isRun } from './held.js';
import type { Layout } from './layout.js';
import type { Values } from './values.js';

/** Of one image, boxes that differ along this axis lie one behind the other in most layouts. */
const slabAxis = 2;

/** Of the box, the least part that is worth steps of its own. */
const leastInner = 0.5;

export interface Cutting {
  /** Of the output. */
  readonly layout: Layout;
  /** Cuts lie at its multiples along the axis. */
  readonly step: number;
}

/**
 * The inner part first, then what is before and behind it; the box alone where it is not worth cutting, or where nothing has
 * to be fetched.
 */
export function innerFirst(graph: TypedGraph, node: Node, out: Box, values: Values, cutting: Cutting): readonly Box[] {
  if (!isWindowed(node) || out.length < 4 || holdsAll(graph, node, out, values)) return [out];
  const { step, layout } = cutting;
  const [begin, end] = out[slabAxis]!;
  if (!isRun(out.with(slabAxis, [begin, begin + 1]), out, layout)) return [out];
  const at = (range: Range): Box => out.with(slabAxis, range);
  const holds = (range: Range) => holdsAll(graph, node, at(range), values);
  let first = begin;
  while (first < end && !holds([first, Math.min(first + step, end)])) first += step;
  let last = first;
  while (last < end && holds([first, Math.min(last + step, end)])) last = Math.min(last + step, end);
  if (last <= first || boxElements(at([first, last])) < leastInner * boxElements(out)) return [out];
  const rest: Range[] = [
    [begin, first],
    [last, end],
  ];
  return [at([first, last]), ...rest.filter(([from, to]) => from < to).map(at)];
}

const isWindowed = ({ op }: Node): boolean => op === 'Conv' || op === 'MaxPool' || op === 'AveragePool';

/** Whether the memory has all that the box reads, or is fed it. */
function holdsAll(graph: TypedGraph, node: Node, out: Box, values: Values): boolean {
  const { operands, residual } = demandsOf(graph, node, out);
  const demands = residual ? [...operands, residual] : operands;
  return demands.every(({ name, need }) => {
    return (
      graph.inputs.some(input => input.name === name) || values.parts(name).some(part => containsBox(part.box, need))
    );
  });
}
