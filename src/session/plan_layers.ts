/**
 * A program's steps, counted by layer. Invariant: every step belongs to one layer, so that the layers' times and bytes add up to
 * the program's.
 */
import type { ProgramPrediction } from '../cost/predict.js';
import type { Program, Step } from '../lower/program.js';
import type { NodeMove, PredictedTimes } from './plan_report.js';
import { layersOfSteps } from './step_layers.js';

/** What the steps of one layer take and fetch. */
export interface LayerSteps extends PredictedTimes {
  readonly moves: readonly NodeMove[];
  readonly exchangeBytes: number;
}

export interface StepsByLayerOptions {
  readonly program: Program;
  readonly prediction: ProgramPrediction;
  /** The layers, by name. */
  readonly names: readonly string[];
  /** The node of each memory. */
  readonly nodes: readonly number[];
}

/** One entry per name. */
export function stepsByLayer({ program, prediction, names, nodes }: StepsByLayerOptions): LayerSteps[] {
  const byLayer: number[][] = names.map(() => []);
  for (const [index, layer] of layersOfSteps(program.steps, names).entries()) byLayer[layer]?.push(index);
  return byLayer.map(indices => {
    const times = timesOf(indices.map(index => prediction.steps[index]!));
    const moves = movesOf(
      indices.map(index => program.steps[index]!),
      nodes,
    );
    return { ...times, moves, exchangeBytes: moves.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
}

function timesOf(steps: ProgramPrediction['steps']): PredictedTimes {
  const sum = (field: 'arithmeticMs' | 'memoryMs' | 'exchangeMs' | 'overheadMs') =>
    steps.reduce((all, step) => all + step[field], 0);
  const [computeMs, memoryMs, exchangeMs, barrierMs] = [
    sum('arithmeticMs'),
    sum('memoryMs'),
    sum('exchangeMs'),
    sum('overheadMs'),
  ];
  return { ms: computeMs + memoryMs + exchangeMs + barrierMs, computeMs, memoryMs, exchangeMs, barrierMs };
}

/** In the order of `nodes`: those that are read, then those that read. */
function movesOf(steps: readonly Step[], nodes: readonly number[]): NodeMove[] {
  const bytes = nodes.map(() => nodes.map(() => 0));
  for (const share of steps.flatMap(({ shares }) => shares)) {
    if (share.kind !== 'exchange') continue;
    for (const piece of share.pieces) bytes[piece.from]![share.memory]! += piece.runs * piece.bytes;
  }
  return bytes.flatMap((row, from) =>
    row.flatMap((sum, to) => (sum > 0 ? [{ from: nodes[from]!, to: nodes[to]!, bytes: sum }] : [])),
  );
}
