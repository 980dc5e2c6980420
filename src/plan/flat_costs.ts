/**
 * A cost model without a calibration: every worker has the same rates whatever the kernel. It tells large from small and near
 * from far; its milliseconds are no prediction.
 */
import { nodeFlops } from '../graph/cost.js';
import type { TypedGraph } from '../graph/ir.js';
import { sizeOf } from '../graph/shape.js';
import { ownDistance } from '../topology/distances.js';
import { boxElements } from './box.js';
import type { CostModel } from './cost.js';
import { memoriesOf, memoryDistance } from './memories.js';
import { elementBytes } from './moves.js';
import { needsOf } from './needs.js';
import type { PlannedMemory } from './plan.js';
import type { TeamTree } from './team.js';

/** Rates are those of one worker. */
export interface FlatRates {
  readonly flopsPerSecond: number;
  /** Of operands and results, in the own node's memory. */
  readonly bytesPerSecond: number;
  /** Of copies at distance 10; twice the distance takes twice as long. */
  readonly exchangeBytesPerSecond: number;
  /** Of one layer's barrier within a node, and of one among all nodes. */
  readonly barrierMs: number;
  readonly machineBarrierMs: number;
}

/** A core of a current server, in round numbers. */
export const defaultFlatRates: FlatRates = {
  flopsPerSecond: 40e9,
  bytesPerSecond: 6e9,
  exchangeBytesPerSecond: 4e9,
  barrierMs: 0.003,
  machineBarrierMs: 0.01,
};

/** `memories` are those of the plan. */
export function flatCosts(
  graph: TypedGraph,
  teams: TeamTree,
  rates: FlatRates = defaultFlatRates,
  memories: readonly PlannedMemory[] = memoriesOf(teams),
): CostModel {
  const distance = memoryDistance({ teams, memories });
  const workers = memories.map(({ ranks }) => ranks.length);
  const isConstant = (name: string) => graph.constants.has(name);
  return {
    compute(node, out, memory) {
      const all = sizeOf(graph.types.get(node.outputs[0]!)!.dims);
      const flops = (nodeFlops(graph, node) * boxElements(out)) / all;
      const sizes = needsOf(graph, node, out).map(box => (box ? elementBytes * boxElements(box) : 0));
      const read = sizes.reduce((sum, bytes) => sum + bytes, 0);
      const written = elementBytes * boxElements(out);
      const computeMs = (1000 * flops) / (workers[memory]! * rates.flopsPerSecond);
      const streamMs = (1000 * (read + written)) / (workers[memory]! * rates.bytesPerSecond);
      return {
        computeMs,
        memoryMs: Math.max(streamMs - computeMs, 0),
        barrierMs: rates.barrierMs,
        weightBytes: sizes.reduce((sum, bytes, index) => sum + (isConstant(node.inputs[index]!) ? bytes : 0), 0),
      };
    },
    exchangeMs(moves) {
      const busyMs = workers.map(() => 0);
      for (const { from, to, bytes, scattered } of moves) {
        const copied = (scattered ? 2 * bytes : bytes) * (distance(to, from) / ownDistance);
        busyMs[to]! += (1000 * copied) / (workers[to]! * rates.exchangeBytesPerSecond);
      }
      return Math.max(...busyMs);
    },
    machineBarrierMs: rates.machineBarrierMs,
    distance,
  };
}
