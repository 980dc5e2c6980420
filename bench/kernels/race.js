// The ways to compute one layer, raced: a look at all of them, then rounds in which those near the best take turns.
import { median, spread } from '../stats.js';
import { convMethods, methodName } from './methods.js';
import { feedsOf, kernelsOf, layerProgram, openLayer, signature } from './run_layer.js';

/** After the first look: how near the best a way has to be, and how many go on at most beside the chosen one. */
const near = 1.3;
const most = 4;
/** A way whose first run, which also warms up, takes so many times the best look has no second one. */
const hopeless = 2;

/** Where the operands of a way come to lie matters too, so all are loaded anew for each heat. */
const heats = 3;
/** The rounds of a heat go on for so long where runs are short, up to so many. */
const budgetMs = 100;
const mostRounds = 20;

/** The ways to compute a layer, of which one is what the lowering chooses by itself; direct ones alone where it is to be `exact`. */
export function waysOf(layer, graph, teams, exact = false) {
  const chosen = layerProgram(graph, teams, { exact });
  const isDirect = ({ winograd, planarTiles }) => winograd === null && planarTiles === null;
  const methods = convMethods(layer, graph).filter(method => !exact || isDirect(method));
  const ways = methods.map(convMethod => ({
    name: methodName(convMethod),
    isChosen: false,
    ...layerProgram(graph, teams, { convMethod }),
  }));
  const same = ways.find(({ program }) => signature(program) === signature(chosen.program));
  if (same) same.isChosen = true;
  else ways.push({ name: kernelsOf(chosen.program).join(' + '), isChosen: true, ...chosen });
  return ways;
}

/** Times of every way: of the ones in the race one per round, of the others that of the first look. */
export async function race(runtime, ways, leastRounds) {
  const feeds = feedsOf(ways[0].program);
  const looks = ways.length === 1 ? [0] : await lookAt(runtime, ways, feeds);
  const finalists = inTheRace(ways, looks);
  const times = new Map(finalists.map(at => [at, []]));
  for (let heat = 0; heat < heats; heat++) {
    await runHeat(runtime, ways, feeds, times, Math.ceil(leastRounds / heats));
  }
  return ways.map(({ name, isChosen }, i) => {
    const timesMs = times.get(i) ?? [looks[i]];
    return { name, isChosen, raced: times.has(i), timesMs, medianMs: median(timesMs), spread: spread(timesMs) };
  });
}

/** One time of every way. */
async function lookAt(runtime, ways, feeds) {
  const looks = [];
  for (const way of ways) {
    const opened = await openLayer(runtime, way, feeds);
    const firstMs = await opened.run();
    looks.push(firstMs > hopeless * Math.min(...looks) ? firstMs : await opened.run());
    await opened.close();
  }
  return looks;
}

/** Loads the ways that `times` has lists for anew, lets them take turns, and adds to the lists. */
async function runHeat(runtime, ways, feeds, times, leastRounds) {
  const racers = [];
  for (const [at, timesMs] of times) {
    const opened = await openLayer(runtime, ways[at], feeds);
    await opened.run();
    racers.push({ opened, timesMs });
  }
  const end = performance.now() + budgetMs * racers.length;
  for (let round = 0; round < leastRounds || (performance.now() < end && round < mostRounds); round++) {
    for (let i = 0; i < racers.length; i++) {
      const { opened, timesMs } = racers[(round + i) % racers.length];
      timesMs.push(await opened.run());
    }
  }
  for (const { opened } of racers) await opened.close();
}

/** Indices of the ways that go on, by what the first look at each has taken: the chosen one always does. */
export function inTheRace(ways, looksMs) {
  const order = ways.map((_, i) => i).sort((a, b) => looksMs[a] - looksMs[b]);
  const bestMs = looksMs[order[0]];
  const going = order.filter((way, place) => place < most && looksMs[way] <= near * bestMs);
  const chosen = ways.findIndex(({ isChosen }) => isChosen);
  return going.includes(chosen) ? going : [...going, chosen];
}

/** The chosen way beside the fastest: it has lost if it is slower by more than the spread of both. */
export function verdict(rows) {
  const raced = rows.filter(row => row.raced);
  const chosen = raced.find(({ isChosen }) => isChosen);
  const fastest = raced.reduce((best, row) => (row.medianMs < best.medianMs ? row : best), chosen);
  const allowedMs = chosen.spread * chosen.medianMs + fastest.spread * fastest.medianMs;
  return { chosen, fastest, lost: chosen.medianMs - fastest.medianMs > allowedMs };
}
