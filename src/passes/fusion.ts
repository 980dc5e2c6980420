/**
 * The walk that fusions share. A rule looks at one node at a time and may merge it with the node that computes one of its inputs;
 * the merged node takes the place of the later one, so that everything it reads has been computed, and the output of the
 * later one, so that nothing else changes.
 */
import type { Constant, Node, TypedGraph } from '../graph/ir.js';
import type { PassReport, PassResult } from './report.js';

/** The graph as it has become before the node that is looked at. */
export interface View {
  readonly graph: TypedGraph;
  /** The node that computes a value, and its place in the order; undefined for inputs and constants. */
  producer(value: string): { readonly node: Node; readonly place: number } | undefined;
  /** How often a value is read, a graph output counting as one reader. */
  readers(value: string): number;
  constant(name: string): Constant | undefined;
  /** A value name that is not taken yet. */
  fresh(base: string): string;
}

export interface Merge {
  /** The node that `node` makes superfluous, besides the one looked at; its only reader was that one. */
  readonly absorbed: Node | null;
  readonly node: Node;
  /** Constants that `node` needs. */
  readonly constants: readonly (readonly [string, Constant])[];
  readonly reason: string;
}

/** null: the node is no candidate. */
export type Attempt = Merge | { readonly refused: string } | null;

export interface FusionRule {
  readonly pass: string;
  attempt(node: Node, view: View): Attempt;
}

/** Applies the first rule that fires to each node, in order: what one node became, the next one may merge with. */
export function fuse(graph: TypedGraph, rules: readonly FusionRule[]): PassResult {
  const report: PassReport[] = [];
  const nodes: (Node | null)[] = [];
  const places = new Map<string, number>();
  const constants = new Map(graph.constants);
  const types = new Map(graph.types);
  const readers = countReaders(graph);
  const view: View = {
    graph,
    producer(value) {
      const place = places.get(value);
      const node = place === undefined ? null : nodes[place];
      return node ? { node, place: place! } : undefined;
    },
    readers: value => readers.get(value) ?? 0,
    constant: name => constants.get(name),
    fresh(base) {
      let name = base;
      for (let i = 2; types.has(name); i++) name = `${base}#${i}`;
      return name;
    },
  };
  const place = (node: Node) => {
    for (const output of node.outputs) places.set(output, nodes.length);
    nodes.push(node);
  };
  for (const node of graph.nodes) place(mergeOne(node));

  function mergeOne(node: Node): Node {
    for (const { pass, attempt } of rules) {
      const result = attempt(node, view);
      if (!result) continue;
      if ('refused' in result) {
        report.push({ pass, node: node.name, fired: false, reason: result.refused });
        continue;
      }
      report.push({ pass, node: node.name, fired: true, reason: result.reason });
      if (result.absorbed) nodes[nodes.indexOf(result.absorbed)] = null;
      for (const [name, constant] of result.constants) {
        constants.set(name, constant);
        types.set(name, { dtype: constant.dtype, dims: constant.dims });
      }
      return result.node;
    }
    return node;
  }

  return { graph: { ...graph, nodes: nodes.filter(node => node !== null), constants, types }, report };
}

function countReaders(graph: TypedGraph): Map<string, number> {
  const readers = new Map<string, number>();
  for (const name of [...graph.outputs, ...graph.nodes.flatMap(node => node.inputs)]) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  return readers;
}

/** Why a node that reads `value` cannot merge with the one that computes it; null where nothing is in the way. */
export function notAlone(view: View, value: string): string | null {
  if (view.graph.outputs.includes(value)) return `'${value}' is an output of the graph`;
  if (view.readers(value) > 1) return `'${value}' has another reader`;
  return null;
}

/** The graph's type of a node's output is float32: what fused constants are made for. */
export const isFloat32 = (view: View, value: string): boolean => view.graph.types.get(value)?.dtype === 'float32';
