/** Removes nodes whose result nobody reads, then constants and types that nothing names any more. */
import type { TypedGraph } from '../graph/ir.js';
import type { PassReport, PassResult } from './report.js';

export function removeDead(graph: TypedGraph): PassResult {
  const read = new Set(graph.outputs);
  const report: PassReport[] = [];
  // Backwards: readers come after what they read.
  const nodes = graph.nodes.toReversed().filter(node => {
    const live = node.outputs.some(name => read.has(name));
    if (live) for (const name of node.inputs) read.add(name);
    else report.push({ pass: 'removeDead', node: node.name, fired: true, reason: 'nothing reads its output' });
    return live;
  });
  const constants = new Map([...graph.constants].filter(([name]) => read.has(name)));
  const named = new Set([...read, ...graph.inputs.map(input => input.name), ...nodes.flatMap(node => node.outputs)]);
  const types = new Map([...graph.types].filter(([name]) => named.has(name)));
  return { graph: { ...graph, nodes: nodes.reverse(), constants, types }, report: report.reverse() };
}
