/**
 * A topology that is given instead of detected: "4x2x4", or the JSON of some machine. Only its hierarchy counts, and
 * how far its nodes are from each other.
 */
import { NumavoxError } from '../errors.js';
import type { DistanceRow } from './distances.js';
import type { NodeHierarchy } from './types.js';

/** A bound on typing errors: each node is a memory and each worker a thread. */
export const maxWorkers = 4096;

/** NODESxCLUSTERSxCORES (clusters per node, cores per cluster), or an object such as `numavox topology --json` prints. */
export type Shape = string | object;

/** The hierarchy of a shape; CPU numbers in it are the shape's own. Throws `usage`. */
export function hierarchyOfShape(shape: Shape): NodeHierarchy[] {
  const hierarchy = typeof shape === 'string' ? parseShape(shape) : hierarchyFromJson(shape);
  const cores = hierarchy.flatMap(node => node.clusters.flatMap(cluster => cluster.cores)).length;
  if (cores > maxWorkers)
    throw new NumavoxError('usage', `topology has ${cores} cores: at most ${maxWorkers} are possible`);
  return hierarchy;
}

/** "4x2x4": 4 nodes of 2 clusters of 4 cores of one CPU. Throws `usage`. */
export function parseShape(text: string): NodeHierarchy[] {
  const match = /^\s*(\d+)x(\d+)x(\d+)\s*$/i.exec(text);
  if (match === null) {
    throw new NumavoxError('usage', `shape '${text}' is not NODESxCLUSTERSxCORES, for example 4x2x4`);
  }
  const [nodes = 0, clusters = 0, cores = 0] = match.slice(1).map(Number);
  if (nodes * clusters * cores === 0) {
    throw new NumavoxError('usage', `shape '${text}' has a zero: every node needs a cluster and every cluster a core`);
  }
  if (nodes * clusters * cores > maxWorkers) {
    throw new NumavoxError(
      'usage',
      `shape '${text}' has ${nodes * clusters * cores} cores: at most ${maxWorkers} are possible`,
    );
  }
  return range(nodes).map(node => ({
    node,
    clusters: range(clusters).map(cluster => ({
      via: 'shape',
      cores: range(cores).map(core => [(node * clusters + cluster) * cores + core]),
    })),
  }));
}

/** `hierarchyAllowed` of the object, else its `hierarchy`. Throws `usage` and names the part that is wrong. */
function hierarchyFromJson(json: object): NodeHierarchy[] {
  const { hierarchyAllowed, hierarchy } = json as { hierarchyAllowed?: unknown; hierarchy?: unknown };
  const name = hierarchyAllowed === undefined ? 'hierarchy' : 'hierarchyAllowed';
  return items(hierarchyAllowed ?? hierarchy, name).map((node, nodeIndex) => {
    const nodePath = `${name}[${nodeIndex}]`;
    const id = field(node, 'node', nodePath);
    if (id !== null && !isCount(id)) throw wrong(`${nodePath}.node`, 'a number or null', id);
    return {
      node: id,
      clusters: items(field(node, 'clusters', nodePath), `${nodePath}.clusters`).map((cluster, clusterIndex) => {
        const path = `${nodePath}.clusters[${clusterIndex}]`;
        const via = field(cluster, 'via', path);
        if (typeof via !== 'string') throw wrong(`${path}.via`, 'a string', via);
        const cores = items(field(cluster, 'cores', path), `${path}.cores`);
        return { via, cores: cores.map((core, index) => cpuNumbers(core, `${path}.cores[${index}]`)) };
      }),
    };
  });
}

/** The `nodes` of the object, as far as it has any; none for NODESxCLUSTERSxCORES. Throws `usage`. */
export function distancesOfShape(shape: Shape): DistanceRow[] {
  if (typeof shape === 'string') return [];
  const { nodes } = shape as { nodes?: unknown };
  if (nodes === undefined) return [];
  if (!Array.isArray(nodes)) throw wrong('nodes', 'a list', nodes);
  return nodes.map((node: unknown, index) => {
    const path = `nodes[${index}]`;
    const id = field(node, 'id', path);
    if (!isCount(id)) throw wrong(`${path}.id`, 'a number', id);
    const distances = field(node, 'distances', path) ?? null;
    if (distances !== null && !(Array.isArray(distances) && distances.every(isCount))) {
      throw wrong(`${path}.distances`, 'a list of numbers', distances);
    }
    return { id, distances };
  });
}

function cpuNumbers(value: unknown, path: string): number[] {
  return items(value, path).map(cpu => {
    if (!isCount(cpu)) throw wrong(path, 'a list of CPU numbers', value);
    return cpu;
  });
}

function items(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw wrong(path, 'a list with at least one entry', value);
  return value;
}

function field(value: unknown, name: string, path: string): unknown {
  if (typeof value !== 'object' || value === null) throw wrong(path, 'an object', value);
  return (value as Record<string, unknown>)[name];
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function wrong(path: string, expected: string, value: unknown): NumavoxError {
  const shown = (JSON.stringify(value) ?? 'missing').slice(0, 60);
  return new NumavoxError('usage', `topology: ${path} should be ${expected}, not ${shown}`);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
