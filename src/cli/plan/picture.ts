/**
 * A plan as a picture: one column per node, the layers from top to bottom, and between them what crosses. Invariant: every layer
 * has one frame in every column.
 */
import type { PlannedLayerInfo, PlanReport } from '../../index.js';
import { formatBytes, formatDims, formatMs, plural } from '../text.js';
import { crossings } from './crossings.js';
import { legend } from './legend.js';
import { partIn } from './part.js';
import { colours, fonts, timeColours } from './style.js';
import { element, rect, text, tooltip } from './svg.js';
import { boxText } from './text.js';
import { bytesOrNone, cutText, machineText, shortMs, sourceText } from './words.js';

const margin = 24;
const labelWidth = 190;
const columnGap = 16;
const barHeight = 24;
const rowGap = 8;
const crossingGap = 40;
const cutWidth = 84;
const timeBarWidth = 110;
const timeWidth = 46;
const bytesWidth = 76;

interface Grid {
  readonly columnWidth: number;
  readonly lefts: readonly number[];
  /** Where the columns begin and end. */
  readonly left: number;
  readonly right: number;
  readonly width: number;
}

function gridOf(columns: number): Grid {
  const columnWidth = Math.min(180, Math.max(52, 700 / columns - columnGap));
  const left = margin + labelWidth;
  const lefts = Array.from({ length: columns }, (_, column) => left + column * (columnWidth + columnGap));
  const right = left + columns * (columnWidth + columnGap);
  return { columnWidth, lefts, left, right, width: right + cutWidth + timeBarWidth + timeWidth + bytesWidth + margin };
}

/** The picture as an SVG document; `model` is what the reader calls it. */
export function planPicture(model: string, report: PlanReport): string {
  const grid = gridOf(report.memories.length);
  const heading = headingOf(model, report, grid);
  const head = columnHeads(report, grid, heading.height + 20);
  const { height, elements } = layerRows(report, grid, heading.height + 44);
  const foot = footOf(report, grid, height + 26);
  const total = height + foot.height + 40;
  const lanes = grid.lefts.map(x =>
    rect(x - 4, heading.height, grid.columnWidth + 8, height - heading.height + 6, { fill: '#f8f9fa', rx: 4 }),
  );
  const shapes = [
    tooltip(`${model}: what goes where`),
    rect(0, 0, grid.width, total, { fill: 'white' }),
    ...heading.elements,
    ...lanes,
    ...head,
    ...elements,
    ...foot.elements,
  ];
  const size = { width: grid.width, height: total, viewBox: `0 0 ${Math.ceil(grid.width)} ${Math.ceil(total)}` };
  const root = { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img', 'font-family': fonts };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(
    'svg',
    root,
    shapes.map(shape => `\n${shape}`),
  )}\n`;
}

interface Block {
  /** Or, of what begins at the top of the picture, where it ends. */
  readonly height: number;
  readonly elements: readonly string[];
}

function headingOf(model: string, report: PlanReport, grid: Grid): Block {
  const { totals, oneCore, oneNode, partition } = report;
  const over = [
    [oneCore.speedUp, 'one core'],
    ...(report.machine.nodes > 1 ? [[oneNode.speedUp, `node ${oneNode.node} alone`]] : []),
  ].flatMap(([speedUp, what]) =>
    typeof speedUp === 'number' ? [`${speedUp.toFixed(2)} times as fast as ${what}`] : [],
  );
  const said = [
    `predicted ${formatMs(totals.ms)}${over.length > 0 ? `: ${over.join(', ')}` : ''}`,
    `${totals.exchangeBytes > 0 ? formatBytes(totals.exchangeBytes) : 'nothing'} crosses between nodes`,
    `partition ${partition}`,
  ].join('; ');
  const mostBytes = mostMoved(report);
  const keys = legend(margin, 78, grid.width - 2 * margin, mostBytes);
  return {
    height: 78 + keys.height + 12,
    elements: [
      text(`${model} on ${machineText(report)}`, { x: margin, y: 40, 'font-size': 20, fill: colours.ink }),
      text(said, { x: margin, y: 64, 'font-size': 13, fill: colours.ink }),
      ...keys.elements,
    ],
  };
}

const mostMoved = ({ layers }: PlanReport): number =>
  layers.reduce((most, { moves }) => moves.reduce((all, { bytes }) => Math.max(all, bytes), most), 0);

const label = (content: string, x: number, y: number, size: number, rest: Readonly<Record<string, string>> = {}) =>
  text(content, { x, y, 'font-size': size, fill: colours.ink, ...rest });

const atEnd = { 'text-anchor': 'end' };
const atMiddle = { 'text-anchor': 'middle' };
const faint = { fill: colours.faint };

function columnHeads({ memories }: PlanReport, grid: Grid, y: number): string[] {
  const { lefts, columnWidth, right } = grid;
  return [
    ...memories.flatMap(({ node, workers }, column) => [
      label(`node ${node}`, lefts[column]! + columnWidth / 2, y, 13, { ...atMiddle, 'font-weight': 'bold' }),
      label(plural(workers, 'worker'), lefts[column]! + columnWidth / 2, y + 14, 10.5, { ...atMiddle, ...faint }),
    ]),
    label('cut', right, y, 12, faint),
    label('predicted ms', right + cutWidth + timeBarWidth + timeWidth, y, 12, { ...atEnd, ...faint }),
    label('fetched', right + cutWidth + timeBarWidth + timeWidth + bytesWidth, y, 12, { ...atEnd, ...faint }),
  ];
}

function layerRows(report: PlanReport, grid: Grid, top: number): Block {
  const { layers, memories } = report;
  const most = { ms: Math.max(...layers.map(({ ms }) => ms), Number.MIN_VALUE), bytes: mostMoved(report) };
  const nodes = memories.map(({ node }) => node);
  const middles = grid.lefts.map(x => x + grid.columnWidth / 2);
  const elements: string[] = [];
  let y = top;
  for (const layer of layers) {
    const { moves } = layer;
    if (moves.length > 0) {
      const [from, to] = [y, y + crossingGap];
      elements.push(
        rect(grid.left - 8, from + 2, grid.right - grid.left, to - from - 4, { fill: colours.exchangeBand, rx: 4 }),
        ...crossings({
          ...{ moves, nodes, middles, width: 0.8 * grid.columnWidth },
          ...{ top: from, bottom: to, mostBytes: most.bytes },
        }),
      );
    }
    y += moves.length > 0 ? crossingGap : rowGap;
    elements.push(...layerRow(layer, nodes, grid, y), ...layerNumbers(layer, grid, y, most.ms));
    y += barHeight;
  }
  return { height: y, elements };
}

function layerRow(layer: PlannedLayerInfo, nodes: readonly number[], grid: Grid, y: number): string[] {
  const { name, op, dims, boxes, weightBytes } = layer;
  const end = grid.left - 14;
  const frames = grid.lefts.map((x, memory) => {
    const frame = { x, y, width: grid.columnWidth, height: barHeight };
    const weights = weightBytes[memory]! > 0 ? `; weights ${formatBytes(weightBytes[memory]!)}` : '';
    const said = `${name} on node ${nodes[memory]}: ${boxText(boxes[memory] ?? null, dims)}${weights}`;
    return element('g', {}, [tooltip(said), ...partIn(frame, layer, memory)]);
  });
  return [
    label(shorten(name, 26), end, y + 11, 12.5, atEnd),
    label(shorten(`${op} ${formatDims(dims)}`, 34), end, y + 22.5, 10, { ...atEnd, ...faint }),
    ...frames,
  ];
}

/** The end of a name tells more than its beginning. */
const shorten = (content: string, length: number): string =>
  content.length > length ? `…${content.slice(1 - length)}` : content;

function layerNumbers(layer: PlannedLayerInfo, { right }: Grid, y: number, mostMs: number): string[] {
  const barLeft = right + cutWidth;
  let x = barLeft;
  const bars = timeColours.flatMap(({ field, colour }) => {
    const width = (timeBarWidth * layer[field]) / mostMs;
    const bar = rect(x, y + 6, width, 12, { fill: colour });
    x += width;
    return width > 0.1 ? [bar] : [];
  });
  const numbersAt = barLeft + timeBarWidth + timeWidth;
  const crosses = layer.exchangeBytes > 0 ? { fill: colours.exchange, 'font-weight': 'bold' } : faint;
  return [
    label(cutText(layer), right, y + 16, 12),
    ...bars,
    label(shortMs(layer.ms), numbersAt, y + 16, 12, atEnd),
    label(bytesOrNone(layer.exchangeBytes), numbersAt + bytesWidth, y + 16, 12, { ...atEnd, ...crosses }),
  ];
}

/** What each node holds, the sums, and where the times come from. */
function footOf(report: PlanReport, grid: Grid, y: number): Block {
  const { memories, totals } = report;
  const numbersAt = grid.right + cutWidth + timeBarWidth + timeWidth;
  const bold = { 'font-weight': 'bold' };
  const lines = sourceText(report);
  return {
    height: 50 + 16 * lines.length,
    elements: [
      label('memory', grid.left - 14, y, 12, atEnd),
      label('of it weights', grid.left - 14, y + 16, 10.5, { ...atEnd, ...faint }),
      ...memories.flatMap(({ bytes, weightBytes }, column) => {
        const x = grid.lefts[column]! + grid.columnWidth / 2;
        return [
          label(formatBytes(bytes), x, y, 12, atMiddle),
          label(formatBytes(weightBytes), x, y + 16, 10.5, { ...atMiddle, ...faint }),
        ];
      }),
      label('all layers', grid.right, y, 12, bold),
      label(shortMs(totals.ms - totals.runMs), numbersAt, y, 12, { ...atEnd, ...bold }),
      label(bytesOrNone(totals.exchangeBytes), numbersAt + bytesWidth, y, 12, {
        ...atEnd,
        ...bold,
        ...(totals.exchangeBytes > 0 ? { fill: colours.exchange } : {}),
      }),
      ...lines.map((line, index) => label(line, margin, y + 44 + 16 * index, 11.5, faint)),
    ],
  };
}
