/**
 * What the planner chooses among: the ways to cut each layer, with what each of them costs, and what crosses between a layer
 * and those that it reads. Invariant: nothing here depends on what is chosen in the end.
 */
import type { Node, TypedGraph } from '../graph/ir.js';
import type { Box } from './box.js';
import type { CostModel, LayerCost, Move } from './cost.js';
import { boxesOf, candidateCuts, combineGrids, type Partition, partitionCuts } from './cuts.js';
import { bytesOf, valueMoves, valueNeeds } from './moves.js';
import { cutGrid } from './needs.js';
import type { Cut } from './plan.js';

/** By memory; the same array wherever the boxes are the same, so that it can be a key. */
type Boxes = readonly (Box | null)[];

/** A way to cut a layer. */
export interface Option {
  /** Its place among the options of the layer. */
  readonly index: number;
  readonly cut: Cut;
  readonly boxes: Boxes;
  /** By memory; null where it computes nothing. */
  readonly costs: readonly (LayerCost | null)[];
  /** The costs of the memory that takes longest. */
  readonly slowest: LayerCost;
  /** Of the result of each source: the box that each memory needs. */
  readonly needs: readonly Boxes[];
}

export interface Layer {
  readonly node: Node;
  /** In the order of the candidates. */
  readonly options: readonly Option[];
  /** The layers whose results it reads, each once. */
  readonly sources: readonly number[];
  /** What it fetches when it is cut in one way and its sources in these. */
  readonly fetch: (option: Option, sourceOptions: readonly Option[]) => Fetch;
  /** Layers up to this one whose results later ones read, in order. */
  readonly live: readonly number[];
}

export interface Fetch {
  readonly moves: readonly Move[];
  readonly bytes: number;
  /** With the barrier before it. */
  readonly ms: number;
}

export interface LayerOptions {
  readonly cost: CostModel;
  /** Workers of each memory. */
  readonly weights: readonly number[];
  readonly partition: Partition;
  readonly extraGrid?: (node: Node) => readonly number[];
}

export const totalOf = ({ computeMs, memoryMs, barrierMs }: LayerCost): number => computeMs + memoryMs + barrierMs;

/** One per node of the graph. */
export function layersOf(graph: TypedGraph, given: LayerOptions): Layer[] {
  const makers = new Map(graph.nodes.map((node, index) => [node.outputs[0]!, index]));
  const lastReader = graph.nodes.map(() => -1);
  graph.nodes.forEach((node, index) => {
    for (const name of node.inputs) {
      const maker = makers.get(name);
      if (maker !== undefined) lastReader[maker] = index;
    }
  });
  const share = sharedBoxes();
  const fetch = fetcher(given.cost);
  let live: readonly number[] = [];
  return graph.nodes.map((node, index) => {
    const read = [...new Set(node.inputs)].filter(name => makers.has(name));
    live = [...live, index].filter(layer => lastReader[layer]! > index);
    const options = optionsOf(graph, node, read, given).map(option => ({
      ...option,
      boxes: share(option.boxes),
      needs: option.needs.map(share),
    }));
    return { node, options, sources: read.map(name => makers.get(name)!), fetch, live };
  });
}

function optionsOf(graph: TypedGraph, node: Node, read: readonly string[], given: LayerOptions): Option[] {
  const { cost, weights, partition, extraGrid } = given;
  const { dims } = graph.types.get(node.outputs[0]!)!;
  const own = cutGrid(graph, node);
  const grid = extraGrid ? combineGrids(own, extraGrid(node)) : own;
  const home = weights.indexOf(Math.max(...weights));
  const candidates = candidateCuts(dims, grid, weights.length, home);
  return partitionCuts(partition, candidates).map((cut, index) => {
    const boxes = boxesOf(cut, dims, grid, weights);
    const costs = boxes.map((box, memory) => (box ? cost.compute(node, box, memory) : null));
    const needs = boxes.map(box => (box ? valueNeeds(graph, node, box) : null));
    return {
      index,
      cut,
      boxes,
      costs,
      slowest: costs.filter(entry => entry !== null).reduce((a, b) => (totalOf(b) > totalOf(a) ? b : a)),
      needs: read.map(name => needs.map(values => values?.get(name) ?? null)),
    };
  });
}

/** Networks repeat their blocks, so the same boxes come up in many layers: one array stands for all of them. */
function sharedBoxes(): (boxes: Boxes) => Boxes {
  const known = new Map<string, Boxes>();
  return boxes => {
    const key = boxes.map(box => box?.join() ?? '').join(';');
    return remembered(known, key, () => boxes);
  };
}

/** What has been fetched together so far, and what that costs. */
interface Fetched extends Fetch {
  readonly with: Map<readonly Move[], Fetched>;
}

/** `Layer.fetch`, each answer worked out once for all layers. */
function fetcher(cost: CostModel): Layer['fetch'] {
  const moves = new Map<Boxes, Map<Boxes, readonly Move[]>>();
  const movesOf = (needs: Boxes, parts: Boxes) => {
    const known = remembered(moves, parts, () => new Map<Boxes, readonly Move[]>());
    return remembered(known, needs, () => valueMoves(needs, parts, cost.distance));
  };
  const fetched = (all: readonly Move[]): Fetched => ({
    moves: all,
    bytes: bytesOf(all),
    ms: all.length > 0 ? cost.exchangeMs(all) + cost.machineBarrierMs : 0,
    with: new Map(),
  });
  const nothing = fetched([]);
  return ({ needs }, sourceOptions) => {
    let together = nothing;
    for (const [source, { boxes }] of sourceOptions.entries()) {
      const more = movesOf(needs[source]!, boxes);
      const { moves: before, with: known } = together;
      if (more.length > 0) together = remembered(known, more, () => fetched([...before, ...more]));
    }
    return together;
  };
}

/** The value of a key, made when it is first asked for. */
export function remembered<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const old = known.get(key);
  if (old !== undefined) return old;
  const made = make();
  known.set(key, made);
  return made;
}
