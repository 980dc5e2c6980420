/**
 * The planner: the cheapest cut for every layer, by dynamic programming over the graph in the order of its nodes. Invariant:
 * the plan depends on the graph, the teams and the cost model alone; equal costs are decided by fewer bytes exchanged, then by
 * the order of the candidates.
 *
 * After a layer, what came before matters only through the cuts of the values that later layers read: they are the state.
 * For each state the best two ways to it are kept. Exact while there are at most `maxStates` states; beyond, the cheapest of
 * them go on.
 *
 * A layer costs what its slowest memory takes, plus its exchange and a barrier of the machine where it fetches anything.
 * Inputs of the graph are written into every memory that reads them and outputs are read from where they are: both are free.
 */
import type { Node, TypedGraph } from '../graph/ir.js';
import type { CostModel, Move } from './cost.js';
import type { Partition } from './cuts.js';
import { memoriesOf } from './memories.js';
import { type Layer, layersOf, type Option, remembered, totalOf } from './options.js';
import { type LayerPlan, type Plan, planWhole } from './plan.js';
import type { TeamTree } from './team.js';

export interface SearchOptions {
  readonly teams: TeamTree;
  /** Its memories: `memoriesOf(teams)`, or the one of `planWhole` for `none`. */
  readonly cost: CostModel;
  /** `auto` unless given. */
  readonly partition?: Partition;
  /** A further grid that a layer's cuts must lie on, one number per axis as in `cutGrid`. */
  readonly extraGrid?: (node: Node) => readonly number[];
}

export interface Planned {
  readonly plan: Plan;
  readonly layers: readonly PlannedLayer[];
  readonly totalMs: number;
  /** Of the best plan but one; null where there is only one. */
  readonly secondMs: number | null;
}

/** What a layer is expected to cost. Its four times add up to what the whole takes longer because of it. */
export interface PlannedLayer extends LayerPlan {
  readonly op: Node['op'];
  /** Of the memory that takes longest. */
  readonly computeMs: number;
  readonly memoryMs: number;
  /** Within the node. */
  readonly barrierMs: number;
  /** With the barrier of the machine before it. */
  readonly exchangeMs: number;
  readonly exchangeBytes: number;
  /** What the memories fetch before they compute. */
  readonly moves: readonly Move[];
  /** Of each memory. */
  readonly weightBytes: readonly number[];
}

export const maxStates = 4096;

/** Costs are added as whole picoseconds, so that sums do not depend on their order and ties are ties. */
const ticksPerMs = 1e9;

/** A frugal plan may take this much longer than the fastest one. */
const frugalSlack = 0.1;
/** What a frugal plan may be told that a byte costs, in picoseconds, from about a terabyte per second down to a megabyte. */
const bytePrices = Array.from({ length: 21 }, (_, power) => 2 ** power);

/** Plans a graph; `partition: 'none'` and a machine with one memory give the plan of `planWhole`. */
export function planPartition(graph: TypedGraph, options: SearchOptions): Planned {
  const { teams, cost, partition = 'auto', extraGrid } = options;
  const memories = partition === 'none' ? planWhole(graph, teams).memories : memoriesOf(teams);
  const weights = memories.map(({ ranks }) => ranks.length);
  const found = layersOf(graph, { cost, weights, partition, ...(extraGrid ? { extraGrid } : {}) });
  const layers = found.map(layer => ({ ...layer, priced: pricedOptions(layer) }));
  const [best, second] = partition === 'frugal' ? searchFrugal(layers) : search(layers, 0);
  const chosen = optionsAlong(best ?? null);
  const planned = layers.map((layer, index) => plannedLayer(layer, chosen[index]!, chosen));
  return {
    plan: { teams, memories, layers: planned.map(({ name, cut, boxes }) => ({ name, cut, boxes })) },
    layers: planned,
    totalMs: (best?.ticks ?? 0) / ticksPerMs,
    secondMs: second ? second.ticks / ticksPerMs : null,
  };
}

/** A choice of options for the layers so far, as a list from the last layer back. */
interface Way extends Spent {
  readonly option: Option;
  readonly before: Way | null;
}

interface State {
  /** Of the layers that are live. */
  readonly options: readonly Option[];
  /** The best two, best first. */
  readonly ways: Way[];
}

/**
 * Fewer bytes for a little time: the ways that are best while every byte has a price, as high a one as leaves the plan within
 * the slack of the fastest.
 */
function searchFrugal(layers: readonly PricedLayer[]): readonly Way[] {
  let found = search(layers, 0);
  const limit = (found[0]?.ticks ?? 0) * (1 + frugalSlack);
  for (const price of bytePrices) {
    const ways = search(layers, price);
    const [best] = ways;
    if (best && best.ticks <= limit && best.bytes < found[0]!.bytes) found = ways;
  }
  return found;
}

/** The best two ways through all layers, a byte counted as `price` ticks; none where there are no layers. */
function search(layers: readonly PricedLayer[], price: number): readonly Way[] {
  let states: readonly State[] = [];
  let live: readonly number[] = [];
  for (const [index, layer] of layers.entries()) {
    states = afterLayer(layer, index, live, states, price);
    live = layer.live;
    if (states.length > maxStates) {
      states = [...states].sort((a, b) => byCost(a.ways[0]!, b.ways[0]!)).slice(0, maxStates);
    }
  }
  return states[0]?.ways ?? [];
}

/** The states after layer `index`, from those before it, in which the layers of `live` have options. */
function afterLayer(
  layer: PricedLayer,
  index: number,
  live: readonly number[],
  states: readonly State[],
  price: number,
): State[] {
  const sourcePlaces = layer.sources.map(source => live.indexOf(source));
  const keptPlaces = layer.live.filter(one => one !== index).map(one => live.indexOf(one));
  const isLive = layer.live.includes(index);
  /** By the options that stay: one state for each option of this layer, or one for all where nothing reads its result. */
  const next = new Map<string, State[]>();
  for (const { options, ways } of index === 0 ? [{ options: [], ways: [null] }] : states) {
    const sources = sourcePlaces.map(place => options[place]!);
    const kept = keptPlaces.map(place => options[place]!);
    const reached = remembered(next, kept.map(option => option.index).join(), () =>
      (isLive ? layer.options : [null]).map(option => ({ options: option ? [...kept, option] : kept, ways: [] })),
    );
    for (const [place, own] of layer.priced(sources).entries()) {
      const option = layer.options[place]!;
      const state = reached[isLive ? place : 0]!;
      for (const before of ways) insert(state.ways, { own, price, option, before });
    }
  }
  return [...next.values()].flat();
}

/** Of an option by itself. */
interface Own {
  readonly ticks: number;
  readonly bytes: number;
}

interface PricedLayer extends Layer {
  /** One for each option, behind its sources' options. */
  readonly priced: (sources: readonly Option[]) => readonly Own[];
}

/** `PricedLayer.priced`, each answer worked out once: many states have the same sources. */
function pricedOptions({ options, fetch }: Layer): PricedLayer['priced'] {
  const known = new Map<string, readonly Own[]>();
  return sources =>
    remembered(known, sources.map(({ index }) => index).join(), () =>
      options.map(option => {
        const { ms, bytes } = fetch(option, sources);
        return { ticks: Math.round(ticksPerMs * (totalOf(option.slowest) + ms)), bytes };
      }),
    );
}

interface Spent {
  readonly ticks: number;
  readonly bytes: number;
  /** What ways are compared by: ticks, and what bytes are told to cost. */
  readonly cost: number;
}

type Compared = Pick<Spent, 'cost' | 'bytes'>;

const byCost = (a: Compared, b: Compared): number => a.cost - b.cost || a.bytes - b.bytes;

interface NextWay extends Pick<Way, 'option' | 'before'> {
  readonly own: Own;
  readonly price: number;
}

/** Adds a way if it is among the best two, behind those that cost the same. */
function insert(ways: Way[], { own, price, option, before }: NextWay): void {
  const [best, second] = ways;
  const bytes = (before?.bytes ?? 0) + own.bytes;
  const cost = (before?.cost ?? 0) + own.ticks + price * own.bytes;
  if (second && byCost({ cost, bytes }, second) >= 0) return;
  const way: Way = { ticks: (before?.ticks ?? 0) + own.ticks, bytes, cost, option, before };
  if (best && byCost(way, best) >= 0) ways[1] = way;
  else ways.splice(0, ways.length, way, ...(best ? [best] : []));
}

/** The option of each layer. */
function optionsAlong(last: Way | null): Option[] {
  const options: Option[] = [];
  for (let way = last; way; way = way.before) options.push(way.option);
  return options.reverse();
}

function plannedLayer({ node, sources, fetch }: Layer, option: Option, chosen: readonly Option[]): PlannedLayer {
  const { cut, boxes, costs, slowest } = option;
  const { moves, bytes, ms } = fetch(
    option,
    sources.map(source => chosen[source]!),
  );
  return {
    name: node.name,
    op: node.op,
    cut,
    boxes,
    computeMs: slowest.computeMs,
    memoryMs: slowest.memoryMs,
    barrierMs: slowest.barrierMs,
    exchangeMs: ms,
    exchangeBytes: bytes,
    moves,
    weightBytes: costs.map(entry => entry?.weightBytes ?? 0),
  };
}
