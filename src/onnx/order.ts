/** Checks that a graph's values are defined once and before they are used, and puts its nodes in execution order. */
import { NumavoxError } from '../errors.js';

export interface Step {
  /** What errors call the node. */
  readonly label: string;
  /** Value names; '' is no value. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

function producersOf(steps: readonly Step[], given: ReadonlySet<string>): Map<string, number> {
  const producers = new Map<string, number>();
  for (const [index, { label, outputs }] of steps.entries()) {
    for (const output of outputs) {
      if (output === '') continue;
      const other = producers.get(output);
      if (other !== undefined || given.has(output)) {
        const first = other === undefined ? 'an input or initializer' : steps[other]!.label;
        throw new NumavoxError('model', `value '${output}' is defined twice: by ${first} and by ${label}`);
      }
      producers.set(output, index);
    }
  }
  return producers;
}

/** The labels of the nodes of a cycle; each step that is `left` reads another one that is. */
function cycleAmong(
  steps: readonly Step[],
  left: ReadonlySet<number>,
  producers: ReadonlyMap<string, number>,
): string[] {
  const path = new Set<number>();
  let at = left.values().next().value!;
  while (!path.has(at)) {
    path.add(at);
    at = steps[at]!.inputs.map(input => producers.get(input) ?? -1).find(index => left.has(index))!;
  }
  const visited = [...path];
  return visited.slice(visited.indexOf(at)).map(index => steps[index]!.label);
}

/**
 * Indices of the steps in an order in which each follows those it reads; the given order where that is one already.
 *
 * @param given values that need no step: inputs and initializers
 * @throws NumavoxError `model` for a value that is defined twice or never, and for a cycle.
 */
export function executionOrder(steps: readonly Step[], given: ReadonlySet<string>): number[] {
  const producers = producersOf(steps, given);
  const waitsFor: number[] = [];
  const readers: number[][] = steps.map(() => []);
  for (const [index, { label, inputs }] of steps.entries()) {
    const sources = new Set<number>();
    for (const input of inputs) {
      if (input === '' || given.has(input)) continue;
      const producer = producers.get(input);
      if (producer === undefined) throw new NumavoxError('model', `${label}: nothing defines its input '${input}'`);
      sources.add(producer);
    }
    waitsFor[index] = sources.size;
    for (const source of sources) readers[source]!.push(index);
  }
  if (steps.every(({ inputs }, index) => inputs.every(input => (producers.get(input) ?? -1) < index))) {
    return steps.map((_, index) => index);
  }
  const order = steps.flatMap((_, index) => (waitsFor[index] === 0 ? [index] : []));
  for (let at = 0; at < order.length; at++) {
    for (const reader of readers[order[at]!]!) {
      waitsFor[reader] = waitsFor[reader]! - 1;
      if (waitsFor[reader] === 0) order.push(reader);
    }
  }
  if (order.length < steps.length) {
    const done = new Set(order);
    const left = new Set([...steps.keys()].filter(index => !done.has(index)));
    const cycle = cycleAmong(steps, left, producers);
    throw new NumavoxError(
      'model',
      `the graph is cyclic: ${cycle[0]} needs its own output (cycle length ${cycle.length})`,
    );
  }
  return order;
}
