/**
 * Which layer each step of a program belongs to. Invariant: every step belongs to one layer, so that what is counted by layer adds
 * up to the program's.
 */
import type { Step } from '../lower/program.js';

/** Steps that bring a value into another form; they belong to the layer that follows, which reads it. */
const isPreparing = ({ op }: Step): boolean => op === 'Move' || op === 'Layout';

export const isExchange = ({ shares }: Step): boolean => shares.some(({ kind }) => kind === 'exchange');

/**
 * By step, the index of its layer among `names` (-1 where there are no names). What comes behind the last layer (outputs
 * brought into order) counts for that.
 */
export function layersOfSteps(steps: readonly Step[], names: readonly string[]): number[] {
  const places = new Map(names.map((name, index) => [name, index]));
  const layers: number[] = [];
  let layer = names.length - 1;
  for (const step of [...steps].reverse()) {
    if (!isPreparing(step) || isExchange(step)) layer = places.get(step.name) ?? layer;
    layers.push(layer);
  }
  return layers.reverse();
}
