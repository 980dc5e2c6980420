/** What the shapes and colours of a plan's picture mean. */
import type { PlannedLayerInfo } from '../../index.js';
import { formatBytes } from '../text.js';
import { lineWidth } from './crossings.js';
import { partIn } from './part.js';
import { colours, timeColours, widthOf } from './style.js';
import { element, rect, text } from './svg.js';

interface Item {
  readonly label: string;
  readonly sampleWidth: number;
  /** @param y the top of a line of `lineHeight` */
  readonly sample: (x: number, y: number) => readonly string[];
}

const lineHeight = 24;
const size = 12;
const space = 22;
const between = 7;

export interface Legend {
  readonly height: number;
  readonly elements: readonly string[];
}

/** @param mostBytes of any exchange between two nodes; 0 where there is none */
export function legend(x: number, y: number, width: number, mostBytes: number): Legend {
  const items = [...parts.map(partItem), ...lineItems(mostBytes), ...timeColours.map(timeItem)];
  const elements: string[] = [];
  let [left, top] = [x, y];
  for (const { label, sampleWidth, sample } of items) {
    const itemWidth = sampleWidth + between + widthOf(label, size);
    if (left > x && left + itemWidth > x + width) [left, top] = [x, top + lineHeight];
    elements.push(...sample(left, top));
    elements.push(text(label, { x: left + sampleWidth + between, y: top + 16, 'font-size': size, fill: colours.ink }));
    left += itemWidth + space;
  }
  return { height: top + lineHeight - y, elements };
}

type PartItem = Pick<PlannedLayerInfo, 'cut' | 'dims' | 'boxes'> & { readonly label: string };

const whole = [0, 4] as const;
const first = [0, 2] as const;
const dims = [1, 4, 4, 4, 4];
const one = [0, 1] as const;

const parts: readonly PartItem[] = [
  { label: 'cut by channels', cut: 'channel', dims, boxes: [[one, first, whole, whole, whole]] },
  { label: 'by depth or height', cut: 'depth', dims, boxes: [[one, whole, first, whole, whole]] },
  { label: 'by both', cut: 'mix', dims, boxes: [[one, first, first, whole, whole]] },
  { label: 'on one node', cut: 'one', dims, boxes: [[one, whole, whole, whole, whole]] },
  { label: 'all of it on every node', cut: 'all', dims, boxes: [[one, whole, whole, whole, whole]] },
];

const partItem = ({ label, ...layer }: PartItem): Item => ({
  label,
  sampleWidth: 28,
  sample: (x, y) => partIn({ x, y: y + 4, width: 28, height: 16 }, layer, 0),
});

function lineItems(mostBytes: number): Item[] {
  if (mostBytes === 0) return [];
  return [mostBytes / 100, mostBytes].map((bytes, index) => ({
    label: index === 0 ? formatBytes(Math.max(1, Math.round(bytes))) : `${formatBytes(bytes)} from one node to another`,
    sampleWidth: 26,
    sample: (x, y) => [
      element('line', {
        ...{ x1: x, y1: y + 12, x2: x + 26, y2: y + 12 },
        ...{ stroke: colours.exchange, 'stroke-opacity': 0.6, 'stroke-width': lineWidth(bytes, mostBytes) },
      }),
    ],
  }));
}

const timeItem = ({ name, colour }: (typeof timeColours)[number], index: number): Item => ({
  label: index === 0 ? `time: ${name}` : name,
  sampleWidth: 12,
  sample: (x, y) => [rect(x, y + 6, 12, 12, { fill: colour })],
});
