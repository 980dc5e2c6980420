/** A plan as a table of its layers, and what it amounts to. */
import type { ComparedPlan, NodeMove, PlannedLayerInfo, PlanReport, PredictedTimes } from '../../index.js';
import { formatBytes, formatDims, formatMs, formatTable, plural } from '../text.js';
import { bytesOrNone, cutText, machineText, shortMs, sourceText } from './words.js';

/** @param verbose each layer's box and fetches, by node */
export function planText(report: PlanReport, verbose: boolean): string {
  const { inputs, alternatives } = report;
  const sections = [
    inputs.map(({ name, dims }) => `input ${name}: ${formatDims(dims)}`).join('\n'),
    layerTable(report),
    memoryTable(report),
    ...(report.totals.exchangeBytes > 0 ? [exchangeTable(report)] : []),
    summary(report),
    ...(alternatives.length > 0 ? [alternativeTable(report)] : []),
    ...(verbose ? [detailTable(report)] : []),
  ];
  return sections.filter(section => section !== '').join('\n\n');
}

const timesOf = ({ computeMs, memoryMs, exchangeMs, barrierMs, ms }: PredictedTimes): string[] =>
  [computeMs, memoryMs, exchangeMs, barrierMs, ms].map(shortMs);

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const shorten = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 2)}..` : text;

/** No wider than 120 columns, whatever the names. */
function layerTable({ layers, totals }: PlanReport): string {
  const head = ['layer', 'op', 'output', 'cut', 'weights', 'fetched', 'compute', 'memory', 'exch.', 'barrier', 'ms'];
  const rows = layers.map(layer => [
    shorten(layer.name, 20),
    shorten(layer.op, 10),
    shorten(formatDims(layer.dims), 16),
    cutText(layer),
    bytesOrNone(sum(layer.weightBytes)),
    bytesOrNone(layer.exchangeBytes),
    ...timesOf(layer),
  ]);
  const total = ['all layers', '', '', '', formatBytes(totals.weightBytes), bytesOrNone(totals.exchangeBytes)];
  const layersMs = totals.ms - totals.runMs;
  return formatTable('llllrrrrrrr', [head, ...rows, [...total, ...timesOf({ ...totals, ms: layersMs })]]);
}

function memoryTable({ memories }: PlanReport): string {
  const rows = memories.map(({ node, workers, bytes, weightBytes, arenaBytes }) => [
    String(node),
    String(workers),
    formatBytes(bytes),
    bytesOrNone(weightBytes),
    bytesOrNone(arenaBytes),
  ]);
  return formatTable('rrrrr', [['memory of node', 'workers', 'bytes', 'weights', 'activations'], ...rows]);
}

/** Who fetches how much from whom, all layers together. */
function exchangeTable({ memories, layers }: PlanReport): string {
  const moves = layers.flatMap(layer => layer.moves);
  const nodes = memories.map(({ node }) => node);
  const between = (from: number, to: number) =>
    sum(moves.filter(move => move.from === from && move.to === to).map(({ bytes }) => bytes));
  const rows = nodes.map(to => [String(to), ...nodes.map(from => bytesOrNone(between(from, to)))]);
  const head = ['node fetches from', ...nodes.map(String)];
  return formatTable('r'.repeat(head.length), [head, ...rows]);
}

function summary(report: PlanReport): string {
  const { totals, steps, secondBest, oneCore, oneNode } = report;
  const { cluster, node, machine } = steps.barriers;
  const barriers = Object.entries({ cluster, node, machine }).filter(([, count]) => count > 0);
  const met = barriers.map(([scope, count]) => `${count} of the ${scope}`).join(', ');
  const lines = [
    `${plural(steps.total, 'step')}, ${steps.exchanges} of them with an exchange; barriers: ${met || 'none'}`,
    `${formatMs(totals.ms)} on ${machineText(report)}: layers ${formatMs(totals.ms - totals.runMs)}, ` +
      `start, inputs and outputs ${formatMs(totals.runMs)}`,
    speedUpText('one core', oneCore),
    ...(report.machine.nodes > 1
      ? [speedUpText(`node ${oneNode.node} alone with ${plural(oneNode.workers, 'worker')}`, oneNode)]
      : []),
    ...(secondBest ? [secondText(1000 * (secondBest.ms - totals.ms))] : []),
    ...sourceText(report),
  ];
  return lines.join('\n');
}

/** A plan that saves bytes may be slower than the next. */
const secondText = (moreUs: number): string =>
  `the second-best plan takes ${Math.abs(moreUs).toFixed(1)} us ${moreUs < 0 ? 'less' : 'more'}`;

function speedUpText(what: string, compared: PlanReport['oneCore']): string {
  if (compared.ms === null || compared.speedUp === null) return `${what}: ${compared.problem ?? 'nothing to do'}`;
  return `${compared.speedUp.toFixed(2)} times as fast as ${what} (${formatMs(compared.ms)})`;
}

function alternativeTable({ alternatives, partition, layers, totals }: PlanReport): string {
  const rowOf = (name: string, cut: string, plan: Omit<ComparedPlan, 'problem'> | PlanReport['totals']) => {
    if (!('exchangeBytes' in plan)) return [name, cut, '-', '-', '-'];
    const { ms, exchangeBytes, weightBytes } = plan;
    return [name, cut, formatMs(ms), bytesOrNone(exchangeBytes), formatBytes(weightBytes)];
  };
  const rows = alternatives.map(other => [
    ...rowOf(other.partition, other.layersCut === null ? '' : `${other.layersCut} of ${layers.length}`, other),
    ...(other.problem === null ? [] : [other.problem]),
  ]);
  const head = ['partition', 'layers cut so', 'time', 'fetched', 'weights'];
  return formatTable('lrrrrl', [head, rowOf(`${partition} (this plan)`, '', totals), ...rows]);
}

function detailTable({ layers, memories }: PlanReport): string {
  const rows = layers.flatMap(layer =>
    memories.map(({ node }, memory) => [
      memory === 0 ? layer.name : '',
      String(node),
      boxText(layer.boxes[memory] ?? null, layer.dims),
      bytesOrNone(layer.weightBytes[memory]!),
      fetchText(layer, node),
    ]),
  );
  return formatTable('lrlrl', [['layer', 'node', 'computes', 'weights', 'fetches'], ...rows]);
}

/** Ranges where the box is smaller than the whole, last ones included: "1x0-31x8x28x28". */
export const boxText = (box: PlannedLayerInfo['boxes'][number], dims: readonly number[]): string =>
  box === null
    ? 'nothing'
    : formatDims(box.map(([begin, end], axis) => (end - begin === dims[axis] ? end : `${begin}-${end - 1}`)));

const fetchText = ({ moves }: PlannedLayerInfo, node: number): string =>
  moves
    .filter(({ to }) => to === node)
    .map(({ from, bytes }: NodeMove) => `${formatBytes(bytes)} from ${from}`)
    .join(', ');
