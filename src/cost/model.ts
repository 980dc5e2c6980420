/**
 * The planner's cost model from rates: what lowering would emit for a part of a layer, and what that takes. Invariant: a
 * pure function of rates, teams and layer, so that equal rates give equal plans.
 */
import type { Node } from '../graph/ir.js';
import type { Box } from '../plan/box.js';
import type { CostModel, LayerCost, Move } from '../plan/cost.js';
import { memoriesOf, memoryDistance } from '../plan/memories.js';
import type { PlannedMemory } from '../plan/plan.js';
import type { TeamTree } from '../plan/team.js';
import { type Crew, crewsOf, farWorkers } from './crew.js';
import { kernelTime } from './kernel_time.js';
import { bandwidthOf, barrierMs, type Rates } from './rates.js';
import { farness, passageMs } from './supply.js';
import type { CostedStep } from './work.js';

/** A step that lowering would emit, with what it packs. */
export interface LoweredStep extends CostedStep {
  readonly weightBytes: number;
}

export interface CostModelOptions {
  readonly rates: Rates;
  readonly teams: TeamTree;
  /** The memories of the plan: one per node with workers unless given. */
  readonly memories?: readonly PlannedMemory[];
  /** What lowering emits for the part `out` of a layer's output, in a memory that holds all it reads. */
  readonly stepsOf: (node: Node, out: Box) => readonly LoweredStep[];
}

export function createCostModel({ rates, teams, memories = memoriesOf(teams), stepsOf }: CostModelOptions): CostModel {
  const crews = crewsOf({ teams, memories });
  const distance = memoryDistance({ teams, memories });
  /** By crew, for all memories with equal ones: what has been worked out for the same steps. */
  const known = crews.map(() => new Map<readonly LoweredStep[], LayerCost>());
  const likeOf = crews.map(crew => crews.findIndex(other => isLike(crew, other)));
  const everyone = crews.flatMap(({ nodes }) => nodes);
  return {
    compute: (node, out, memory) => {
      const steps = stepsOf(node, out);
      const costs = known[likeOf[memory]!]!;
      const cost = costs.get(steps) ?? layerCost(steps, crews[memory]!);
      costs.set(steps, cost);
      return cost;
    },
    exchangeMs: moves => exchangeMs(moves),
    machineBarrierMs: barrierMs(
      rates,
      crews.reduce((sum, { workers }) => sum + workers, 0),
      farWorkers(everyone),
    ),
    distance,
  };

  function layerCost(steps: readonly LoweredStep[], crew: Crew): LayerCost {
    const cost = { computeMs: 0, memoryMs: 0, barrierMs: 0, weightBytes: 0 };
    for (const step of steps) {
      const { arithmeticMs, memoryMs, overheadMs } = kernelTime(step, crew, rates);
      cost.computeMs += arithmeticMs;
      cost.memoryMs += memoryMs;
      cost.barrierMs += overheadMs + barrierMs(rates, crew.workers, farWorkers(crew.nodes));
      cost.weightBytes += step.weightBytes;
    }
    return cost;
  }

  /** Every memory's workers fetch what it needs, all memories at the same time. */
  function exchangeMs(moves: readonly Move[]): number {
    const copied = crews.map(() => 0);
    for (const { from, to, bytes, scattered } of moves) {
      copied[to]! += (scattered ? 2 : 1) * bytes * farness(distance(to, from), distance(to, to), rates);
    }
    return Math.max(
      passageMs(
        moves.map(({ from, to, bytes }) => ({ from, to, bytes, distance: distance(to, from) })),
        rates,
      ),
      ...copied.map((bytes, to) => (1000 * bytes) / bandwidthOf(rates.copy, rates.workers, crews[to]!.workers)),
    );
  }
}

/** Whether equal steps take two crews equally long. */
const isLike = (a: Crew, b: Crew): boolean =>
  a.workers === b.workers && a.remoteness === b.remoteness && a.clusters === b.clusters;
