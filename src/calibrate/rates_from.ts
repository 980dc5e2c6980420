/**
 * From times to rates: pieces and bytes by least squares over the cases, overheads as differences. Invariant: a rate that noise
 * makes negative becomes the least that makes sense, so that predictions stay positive.
 */
import { defaultRates } from '../cost/default_rates.js';
import { type Bandwidth, bandwidthOf, type MachineKey, type Rates, ratesFormat } from '../cost/rates.js';
import { type CacheSizes, type CostedStep, type Piece, pieceNames } from '../cost/work.js';
import { workOf } from '../cost/work_of.js';
import { fitRates } from './fit.js';
import { copyBytes, portBytes, shortRunBytes, type TeamTimes, tinyUnits } from './team_times.js';

export interface RatesParts {
  readonly one: TeamTimes;
  /** The same times on `workers` workers; null where there is only one. */
  readonly all: TeamTimes | null;
  readonly workers: number;
  readonly caches: CacheSizes;
  readonly machine: MachineKey;
}

const leastUs = 0.01;
const leastMs = 0.001;
const perSecond = (nsPerByte: number): number => 1e9 / nsPerByte;

export function ratesFrom({ one, all, workers, caches, machine }: RatesParts): Rates {
  const stepUs = Math.max(leastUs, 1000 * one.emptyStepMs);
  const barrierUs = all ? Math.max(leastUs, 1000 * (all.emptyStepMs - one.emptyStepMs)) : defaultRates.barrierUs;
  const alone = fitAlone(one, caches, stepUs);
  const together = all && fitTogether(all, { workers, caches, alone, overheadUs: stepUs + barrierUs });
  const copyNs = ({ longCopiesMs }: TeamTimes): number => (Math.max(leastMs, longCopiesMs) * 1e6) / copyBytes;
  return {
    format: ratesFormat,
    machine,
    workers,
    caches,
    gflopsPerWorker: gemmStepFlops / alone.pieceNs.gemmStep,
    pieceNs: alone.pieceNs,
    crowding: together?.crowding ?? 1,
    cache: bandwidth(alone.cacheNs, together?.cacheNs),
    memory: bandwidth(alone.memoryNs, together?.memoryNs),
    copy: bandwidth(copyNs(one), all ? copyNs(all) : undefined),
    copyRunNs: Math.max(0, ((one.shortCopiesMs - one.longCopiesMs) * 1e6) / (copyBytes / shortRunBytes)),
    barrierUs,
    claimUs: Math.max(leastUs, (1000 * (one.tinyStepMs - one.emptyStepMs)) / tinyUnits),
    stepUs,
    runUs: 1000 * (all ?? one).runMs,
    portBytesPerSecond: (2 * portBytes * 1000) / Math.max(leastMs, one.portsMs),
  };
}

const gemmStepFlops = 96;

/** All workers get at least what one gets. */
function bandwidth(oneNs: number, allNs: number | undefined): Bandwidth {
  const oneBytesPerSecond = perSecond(oneNs);
  const allBytesPerSecond = allNs === undefined ? oneBytesPerSecond : Math.max(oneBytesPerSecond, perSecond(allNs));
  return { oneBytesPerSecond, allBytesPerSecond };
}

interface Alone {
  readonly pieceNs: Readonly<Record<Piece, number>>;
  /** Of a byte from the shared cache, and from memory. */
  readonly cacheNs: number;
  readonly memoryNs: number;
}

const countsOf = (step: CostedStep, caches: CacheSizes) => {
  const { counts, cacheBytes, memoryBytes } = workOf(step, caches);
  return { pieces: pieceNames.map(piece => counts[piece] ?? 0), bytes: [cacheBytes, memoryBytes] };
};

/** Nanoseconds without the overhead of the step; never nothing. */
const workNs = (ms: number, overheadUs: number): number => Math.max(1, ms * 1e6 - overheadUs * 1000);

/** Pieces and bytes on one worker. Where no case tells, the defaults, made faster or slower as the whole machine is. */
function fitAlone({ cases }: TeamTimes, caches: CacheSizes, stepUs: number): Alone {
  const rows = cases.map(({ step, ms }) => {
    const { pieces, bytes } = countsOf(step, caches);
    return { counts: [...pieces, ...bytes], measured: workNs(ms, stepUs) };
  });
  const byteNs = (rate: Bandwidth) => perSecond(bandwidthOf(rate, defaultRates.workers, 1));
  const priors = [
    ...pieceNames.map(piece => defaultRates.pieceNs[piece]),
    byteNs(defaultRates.cache),
    byteNs(defaultRates.memory),
  ];
  const ratios = rows.map(({ counts, measured }) => measured / dot(counts, priors)).sort((a, b) => a - b);
  const slowness = ratios[ratios.length >> 1] ?? 1;
  const fitted = fitRates(
    rows,
    priors.map(prior => prior * slowness),
  );
  const pieceNs = Object.fromEntries(pieceNames.map((piece, i) => [piece, fitted[i]!])) as Record<Piece, number>;
  return { pieceNs, cacheNs: fitted.at(-2)!, memoryNs: fitted.at(-1)! };
}

interface TogetherOptions {
  readonly workers: number;
  readonly caches: CacheSizes;
  readonly alone: Alone;
  readonly overheadUs: number;
}

/** What changes when all workers are busy: the pieces as a whole, and the bytes of all together. */
function fitTogether({ cases }: TeamTimes, { workers, caches, alone, overheadUs }: TogetherOptions) {
  const pieceNs = pieceNames.map(piece => alone.pieceNs[piece]);
  const rows = cases.map(({ step, ms }) => {
    const { pieces, bytes } = countsOf(step, caches);
    const part = Math.ceil(step.units / workers) / step.units;
    return { counts: [dot(pieces, pieceNs) * part, ...bytes], measured: workNs(ms, overheadUs) };
  });
  const priors = [1, alone.cacheNs / workers, alone.memoryNs / workers];
  const [crowding, cacheNs, memoryNs] = fitRates(rows, priors) as [number, number, number];
  return { crowding: Math.max(1, crowding), cacheNs, memoryNs };
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
