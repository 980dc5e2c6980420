// What the times and outputs of one network say, as plain data.
import { best, median, quartiles, spread } from '../stats.js';

/**
 * Each of our engines beside each peer. A row: { name, isOurs, tolerance, timesMs, output, ... }, in which `output` holds all
 * outputs one behind the other, `sizes[i]` values of each.
 */
export function summarize(rows) {
  const peers = rows.filter(({ isOurs }) => !isOurs);
  const exact = rows.find(({ name }) => name === 'numavox:exact');
  const engines = rows.map(({ output: _, sizes: __, timesMs, ...row }) => {
    return { ...row, timesMs, bestMs: best(timesMs), medianMs: median(timesMs), spread: spread(timesMs) };
  });
  const comparisons = rows
    .filter(({ isOurs }) => isOurs)
    .map(ours => {
      const difference = Math.max(0, ...peers.map(peer => largestDifference(ours, peer)));
      return {
        engine: ours.name,
        difference,
        differenceFromExact: exact && exact !== ours ? largestDifference(ours, exact) : null,
        void: !(difference <= ours.tolerance),
        peers: peers.map(peer => ({ engine: peer.name, ...ratios(ours.timesMs, peer.timesMs) })),
      };
    });
  return { engines, comparisons };
}

/** How many times faster we are, and the quartiles of that ratio over the rounds, in which both were run once. */
function ratios(oursMs, peersMs) {
  const [low, , high] = quartiles(peersMs.map((ms, round) => ms / oursMs[round]));
  return { byMedian: median(peersMs) / median(oursMs), byBest: best(peersMs) / best(oursMs), low, high };
}

/** By the largest value of each of the wanted outputs; of all outputs the worst. */
export function largestDifference(actual, wanted) {
  if (`${actual.sizes}` !== `${wanted.sizes}`) return Number.POSITIVE_INFINITY;
  let worst = 0;
  let at = 0;
  for (const size of wanted.sizes) {
    let largest = 0;
    let difference = 0;
    for (const end = at + size; at < end; at++) {
      largest = Math.max(largest, Math.abs(wanted.output[at]));
      difference = Math.max(difference, Math.abs(actual.output[at] - wanted.output[at]));
    }
    worst = Math.max(worst, difference === 0 ? 0 : difference / largest);
  }
  return worst;
}
