/** Where kernels let a layer be cut, besides what its op allows. */
import type { Node, TypedGraph } from '../graph/ir.js';
import { convolvedDims } from '../graph/pooled.js';
import { leastCommon } from '../kernels/sizes.js';
import type { Lowering } from './context.js';
import { planarTilesOf, winogradOf } from './convolution.js';
import { lift } from './spatial.js';

/**
 * One number per axis of the node's output: cuts lie at its multiples, 0 where there may be none. Winograd's tiles and
 * the windows of a pool stay whole; where positions are taken as channels, a tile reads more than its outputs need, and there are no cuts.
 * A concatenation is not cut along its own axis: its operands would be needed in parts.
 */
export function layerGrid(
  graph: TypedGraph,
  node: Node,
  { exact, weightGrowth }: Pick<Lowering, 'exact' | 'weightGrowth'>,
): number[] {
  const dims = (name: string) => graph.types.get(name)!.dims;
  const out = dims(node.outputs[0]!);
  const grid = out.map(() => 1);
  if (node.op === 'Concat') grid[node.axis] = 0;
  if (node.op !== 'Conv' || exact) return grid;
  const [x, y] = convolvedDims(node, dims);
  const dilations = lift(node.window.dilations, 1);
  const pool = lift(node.pool ?? [], 1);
  // Depth, height and width are the last three axes, where there are so many. The outputs of a tile lie a dilation apart.
  const keepWhole = (i: number, tile: number) => {
    grid[out.length - 3 + i] = leastCommon(tile * dilations[i]!, pool[i]!) / pool[i]!;
  };
  const winograd = winogradOf(node, x, y, weightGrowth);
  winograd?.axes.forEach(({ tile, points }, i) => {
    if (points === 1) return;
    if (winograd.strides[i] === 1) keepWhole(i, tile);
    else grid[out.length - 3 + i] = 0;
  });
  planarTilesOf(node, x, y, weightGrowth)?.forEach((tile, i) => {
    keepWhole(i, tile);
  });
  return grid;
}
