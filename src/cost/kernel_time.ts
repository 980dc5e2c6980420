/**
 * What one step takes on a team of workers. Three times that add up: arithmetic (the counted pieces, spread over the units
 * that workers claim), memory (bytes that leave the workers' own caches) and overhead (claims, and the step itself).
 * Invariant: more workers never take longer for arithmetic; the sum of what they read never grows.
 */
import type { Crew } from './crew.js';
import { crowdingOf, type Rates } from './rates.js';
import { cachesOf, trafficMs } from './supply.js';
import { type CostedStep, pieceNames } from './work.js';
import { workOf } from './work_of.js';

export interface StepTime {
  readonly arithmeticMs: number;
  readonly memoryMs: number;
  readonly overheadMs: number;
}

export const totalMs = ({ arithmeticMs, memoryMs, overheadMs }: StepTime): number =>
  arithmeticMs + memoryMs + overheadMs;

/** Work that a claim aims at, in milliseconds: smaller claims grow until they reach it. */
const claimMs = 0.25;

/** @throws TypeError for a kernel whose work is not known */
export function kernelTime(step: CostedStep, crew: Crew, rates: Rates): StepTime {
  const { workers } = crew;
  const work = workOf(step, cachesOf(crew, rates));
  const { units } = step;
  if (units === 0) return { arithmeticMs: 0, memoryMs: 0, overheadMs: rates.stepUs / 1000 };
  const busy = Math.min(workers, units);
  const aloneNs = pieceNames.reduce((sum, piece) => sum + (work.counts[piece] ?? 0) * rates.pieceNs[piece], 0);
  // The busiest worker's part: units are even, and whoever is free takes the next one.
  const part = Math.ceil(units / workers) / units;
  const arithmeticMs = (aloneNs * part * crowdingOf(rates, busy)) / 1e6;
  const claims = Math.min(units / busy, 2 * Math.log2(1 + units / busy) + arithmeticMs / claimMs);
  return {
    arithmeticMs,
    memoryMs: trafficMs(work, crew, busy, rates),
    overheadMs: (rates.stepUs + claims * rates.claimUs) / 1000,
  };
}
