// The tables of a comparison with the peers, as Markdown.
import { hostLine } from '../host.js';
import { table } from '../stats.js';

const ms = value => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

export function markdown({ host, threads, cpus, runs, results }) {
  const { node, v8, stealSeconds, stealSecondsAfter, loadAfter } = host;
  const stolen = (stealSecondsAfter - stealSeconds).toFixed(1);
  return [
    `${hostLine(host)} before, ${loadAfter} after; ${stolen} s stolen. Threads: ${threads}, on CPU ${cpus.join(',')}. Runs: ${runs}.`,
    '',
    'Median (best) milliseconds of a run:',
    '',
    times(results),
    '',
    'How many times faster: by medians (by bests), quartiles over the rounds:',
    '',
    speedUps(results),
    '',
    `Milliseconds to create a session; MiB that the process holds then, and held at most (Node ${node}, V8 ${v8} included):`,
    '',
    costs(results),
  ].join('\n');
}

const namesOf = ([{ engines }]) => engines.map(({ name }) => name);

function times(results) {
  const hasDistances = results.some(({ distancesNs }) => distancesNs.length > 0);
  const rows = results.map(({ name, gflop, distancesNs, engines }) => [
    name,
    gflop.toFixed(1),
    ...engines.map(({ medianMs, bestMs }) => `${ms(medianMs)} (${ms(bestMs)})`),
    ...(hasDistances ? [`${ms(Math.min(...distancesNs))} to ${ms(Math.max(...distancesNs))}`] : []),
  ]);
  return table(['network', 'GFLOP', ...namesOf(results), ...(hasDistances ? ['core to core, ns'] : [])], rows);
}

/** A row per network and engine of ours; void where outputs differ by more than the engine's tolerance. */
function speedUps(results) {
  const [{ comparisons }] = results;
  const peers = comparisons[0].peers.map(({ engine }) => engine);
  const exact = comparisons.some(({ differenceFromExact }) => differenceFromExact !== null);
  const header = ['network', 'engine', ...peers, 'largest difference', ...(exact ? ['from numavox:exact'] : [])];
  const rows = results.flatMap(({ name, comparisons: all }) =>
    all.map(({ engine, difference, differenceFromExact, void: isVoid, peers: beside }) => [
      name,
      engine,
      ...beside.map(ratio => (isVoid ? 'void' : speedUp(ratio))),
      difference.toExponential(1),
      ...(exact ? [differenceFromExact?.toExponential(1) ?? ''] : []),
    ]),
  );
  return table(header, rows);
}

const speedUp = ({ byMedian, byBest, low, high }) =>
  `${byMedian.toFixed(2)}x (${byBest.toFixed(2)}x), ${low.toFixed(2)} to ${high.toFixed(2)}`;

function costs(results) {
  const rows = results.flatMap(({ name, engines }) =>
    engines.map(({ name: engine, createMs, loadedMiB, peakMiB }) => [
      name,
      engine,
      ...[createMs, loadedMiB, peakMiB].map(value => value.toFixed(0)),
    ]),
  );
  return table(['network', 'engine', 'create ms', 'loaded MiB', 'peak MiB'], rows);
}
