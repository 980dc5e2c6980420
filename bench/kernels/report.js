// The tables of the kernels' bench, as Markdown.
import { table } from '../stats.js';

const header = [
  'layer',
  'times',
  'input',
  'chosen',
  'ms',
  'GFLOP/s',
  'of the peak',
  'GB/s',
  'of a copy',
  'fastest',
  'ms',
  '',
];

const ms = value => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
const percent = part => `${(100 * part).toFixed(0)} %`;
const time = ({ medianMs, spread }) => `${ms(medianMs)} ± ${percent(spread)}`;

/** `showsWays`: with every way that was looked at below each table, those in the race marked. */
export function markdown({ limits, workers, networks }, showsWays = false) {
  const { gflops, gigabytesPerSecond } = limits;
  const lines = [
    `One core: ${gflops.toFixed(1)} GFLOP/s in registers, ${gigabytesPerSecond.toFixed(1)} GB/s copied (read + written); ${workers} worker${workers > 1 ? 's' : ''}.`,
    'GFLOP/s are those of direct convolution, whatever the method; GB/s are of operands and result, each counted once.',
  ];
  for (const { name, layers } of networks) {
    const rows = layers.map(layer => cells(layer, limits, workers));
    lines.push('', `### ${name}`, '', table(header, rows), '', sums(layers));
    if (showsWays) lines.push('', ...layers.filter(({ rows: ways }) => ways.length > 1).map(waysLine));
  }
  return lines.join('\n');
}

function cells({ layer, flops, bytes, verdict: { chosen, fastest, lost } }, limits, workers) {
  const gflops = flops / chosen.medianMs / 1e6;
  const gigabytes = bytes / chosen.medianMs / 1e6;
  const isBoundByMemory = layer.op !== 'conv';
  return [
    layer.name,
    layer.times,
    layer.x.join('x'),
    chosen.name,
    time(chosen),
    flops > 0 ? gflops.toFixed(1) : '',
    flops > 0 ? percent(gflops / limits.gflops / workers) : '',
    isBoundByMemory ? gigabytes.toFixed(1) : '',
    isBoundByMemory ? percent(gigabytes / limits.gigabytesPerSecond) : '',
    fastest === chosen ? '' : fastest.name,
    fastest === chosen ? '' : time(fastest),
    lost ? '**lost**' : '',
  ];
}

function waysLine({ layer, rows }) {
  const sorted = [...rows].sort((a, b) => a.medianMs - b.medianMs);
  const ways = sorted.map(way => `${way.name} ${way.raced ? `**${ms(way.medianMs)}**` : ms(way.medianMs)}`);
  return `- ${layer.name}: ${ways.join(', ')}`;
}

function sums(layers) {
  const sum = way => layers.reduce((all, { layer, verdict }) => all + layer.times * verdict[way].medianMs, 0);
  const lost = layers.filter(({ verdict }) => verdict.lost).length;
  return `All layers: ${ms(sum('chosen'))} ms as chosen, ${ms(sum('fastest'))} ms by the fastest ways; ${lost} lost.`;
}
