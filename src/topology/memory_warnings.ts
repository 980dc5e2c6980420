/**
 * Where memory does not end up on the node of the worker that touches it first: the node has none, or it may not be
 * used, or a policy says otherwise. Everything still works then, from afar.
 */
import { formatCpuList } from './cpu_sets.js';
import type { MemoryPolicy, Topology } from './types.js';

/** One line for people per cause. `homes`: the nodes that workers sit on. */
export function memoryWarnings(topology: Topology, homes: readonly number[]): string[] {
  const { nodes, allowed, memoryPolicy } = topology;
  const empty = nodes.filter(node => node.memoryMB === 0).map(node => node.id);
  const confined = memoryPolicy !== null && /^(bind|prefer)/.test(memoryPolicy.mode) ? memoryPolicy : null;
  const barred = new Map<string, number[]>();
  for (const home of homes) {
    let cause: string | null = null;
    if (empty.includes(home)) cause = 'there is none on their own';
    else if (!allowed.mems.includes(home)) cause = `only ${nodeList(allowed.mems)} may be used`;
    else if (confined?.nodes.includes(home) === false) cause = `the policy is ${describePolicy(confined)}`;
    if (cause !== null) barred.set(cause, [...(barred.get(cause) ?? []), home]);
  }
  const lines = [...barred].map(([cause, ids]) => `workers on ${nodeList(ids)} use memory of other nodes: ${cause}`);
  if (memoryPolicy?.mode.endsWith('interleave') && memoryPolicy.nodes.length > 1) {
    lines.push(
      `the memory policy is ${describePolicy(memoryPolicy)}: no node's workers have their memory to themselves`,
    );
  }
  return lines;
}

/** "bind to nodes 2-3", "interleave over nodes 0-3", "prefer node 1", "local". */
export function describePolicy({ mode, nodes }: MemoryPolicy): string {
  const relation = mode === 'bind' ? ' to' : mode.endsWith('interleave') ? ' over' : '';
  return nodes.length === 0 ? mode : `${mode}${relation} ${nodeList(nodes)}`;
}

/** "node 1", "nodes 0-3,8". */
export function nodeList(ids: readonly number[]): string {
  return `${ids.length === 1 ? 'node' : 'nodes'} ${formatCpuList(ids)}`;
}
