// What the cost model says of a network on a given machine. Nothing is measured here: every time is simulated.
import { predictProgram } from '../../dist/src/cost/predict.js';
import { lower } from '../../dist/src/lower/lower.js';
import { loadGraph } from '../../dist/src/session/load.js';
import { lowerOptions, optimizeFor, planWithCosts, pricedSteps } from '../../dist/src/session/prepare.js';
import { coresOf, ratesOf, teamsOf } from './machine.js';

const algorithm = 'auto';

/**
 * Simulated times of a network (as `zoo:c3d`) on the first cores of a machine, for each number of them that it has.
 *
 * - `naive`: one memory on the first node, every layer split over all cores
 * - `parts`: the plan over nodes
 * - `hierarchical`: the faster one of the two, as both are candidates and give the same bits; `isWhole` where that is `naive`
 *
 * Each has its time in ms, what it is made of, the bytes that cross between memories, the speed-up over one core, and the
 * efficiency: that divided by the cores.
 */
export function simulate({ source, machine, cores, base }) {
  const graph = optimizeFor(loadGraph(source), {});
  const rates = ratesOf(machine, base);

  function timesOf(partition, teams, stepsOf) {
    const { plan } = planWithCosts(graph, { teams, algorithm, partition, rates }, stepsOf);
    const program = lower(graph, plan, lowerOptions({ algorithm }));
    const { steps, runMs, totalMs } = predictProgram(program, plan, rates);
    const sum = field => steps.reduce((all, step) => all + step[field], 0);
    const parts = { computeMs: sum('arithmeticMs'), memoryMs: sum('memoryMs'), exchangeMs: sum('exchangeMs') };
    return { ms: totalMs, ...parts, overheadMs: sum('overheadMs') + runMs, exchangeBytes: exchangedBytes(program) };
  }

  const timed = (teams, ...partitions) => {
    const stepsOf = pricedSteps(graph, { teams, algorithm });
    return partitions.map(partition => timesOf(partition, teams, stepsOf));
  };
  const one = timed(teamsOf(machine, 1), 'none')[0].ms;
  return cores
    .filter(count => count <= coresOf(machine))
    .map(count => {
      const teams = teamsOf(machine, count);
      // Within one node there is nothing to partition.
      const partitions = teams.nodes.length === 1 ? ['none'] : ['none', 'auto'];
      const [naive, parts = naive] = timed(teams, ...partitions).map(times => {
        return { ...times, speedUp: one / times.ms, efficiency: one / times.ms / count };
      });
      const isWhole = parts.ms > naive.ms;
      return { cores: count, nodes: teams.nodes.length, naive, parts, hierarchical: isWhole ? naive : parts, isWhole };
    });
}

/** Bytes that a program copies between memories. */
const exchangedBytes = ({ steps }) =>
  steps
    .flatMap(({ shares }) => shares)
    .flatMap(share => (share.kind === 'exchange' ? share.pieces : []))
    .reduce((sum, { runs, bytes }) => sum + runs * bytes, 0);
