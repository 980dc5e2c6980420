/** Where kernels let a layer be cut, besides what its op allows. */
import type { Node, TypedGraph } from '../graph/ir.js';
import { planarTilesOf } from './convolution.js';
import { lift } from './spatial.js';
import { chooseWinograd } from './winograd.js';

/**
 * One number per axis of the node's output: cuts lie at its multiples, 0 where there may be none. Winograd's tiles stay whole.
 * A concatenation is not cut along its own axis: its operands would be needed in parts.
 */
export function layerGrid(graph: TypedGraph, node: Node, exact: boolean): number[] {
  const dims = (name: string) => graph.types.get(name)!.dims;
  const out = dims(node.outputs[0]!);
  const grid = out.map(() => 1);
  if (node.op === 'Concat') grid[node.axis] = 0;
  if (node.op !== 'Conv' || exact) return grid;
  const winograd = chooseWinograd(node, dims(node.inputs[0]!), out);
  // Depth, height and width are the last three axes, where there are so many.
  winograd?.forEach((tile, i) => {
    if (tile > 0) grid[out.length - 3 + i] = tile;
  });
  // A planar tile's rows lie a dilation apart.
  planarTilesOf(node, dims(node.inputs[0]!), out)?.forEach((tile, i) => {
    grid[out.length - 3 + i] = tile * lift(node.window.dilations, 1)[i]!;
  });
  return grid;
}
