/** What is fetched for a layer, as lines from the columns above to the columns below. */
import type { NodeMove } from '../../index.js';
import { formatBytes } from '../text.js';
import { colours } from './style.js';
import { element, tooltip } from './svg.js';

const mostPixels = 9;
const leastPixels = 0.8;

/** How wide a line is: its square goes with the bytes. */
export const lineWidth = (bytes: number, mostBytes: number): number =>
  Math.max(leastPixels, mostPixels * Math.sqrt(bytes / mostBytes));

export interface CrossingOptions {
  readonly moves: readonly NodeMove[];
  /** The nodes of the columns, and the middle of each. */
  readonly nodes: readonly number[];
  readonly middles: readonly number[];
  /** Along which lines begin and end in a column. */
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
  /** Of any move in the picture. */
  readonly mostBytes: number;
}

/** One line for each move; those of a column lie side by side in the order of their other ends. */
export function crossings({ moves, nodes, middles, width, top, bottom, mostBytes }: CrossingOptions): string[] {
  const columnOf = (node: number) => nodes.indexOf(node);
  const end = (move: NodeMove, own: 'from' | 'to', other: 'from' | 'to') => {
    const beside = moves
      .filter(entry => entry[own] === move[own])
      .sort((a, b) => columnOf(a[other]) - columnOf(b[other]));
    const place = (beside.indexOf(move) + 0.5) / beside.length - 0.5;
    return middles[columnOf(move[own])]! + place * width;
  };
  const half = (top + bottom) / 2;
  return moves.map(move => {
    const [from, to] = [end(move, 'from', 'to'), end(move, 'to', 'from')].map(x => Number(x.toFixed(1)));
    return element(
      'path',
      {
        class: 'crossing',
        d: `M${from} ${top}C${from} ${half} ${to} ${half} ${to} ${bottom}`,
        fill: 'none',
        stroke: colours.exchange,
        'stroke-opacity': 0.6,
        'stroke-width': lineWidth(move.bytes, mostBytes),
      },
      [tooltip(`node ${move.from} to node ${move.to}: ${formatBytes(move.bytes)}`)],
    );
  });
}
