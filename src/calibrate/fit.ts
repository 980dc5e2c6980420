/**
 * Least squares over positive factors: the rates for which counted work comes nearest to measured times, by relative error.
 * Rows that fit badly (disturbed, or beyond what counts can tell) count less, and a rate that the rows say little of stays
 * near its prior. Invariant: the same rows give the same rates.
 */
export interface FitRow {
  /** How often each rate occurs. */
  readonly counts: readonly number[];
  /** In the unit of the rates. */
  readonly measured: number;
}

const sweeps = 1500;
const passes = 4;
/** The relative error at which a row counts half. */
const halfError = 0.2;
/** The least part of its prior that a rate can be: nothing is free, however noisy the rows. */
const leastPart = 0.05;
/** How much a rate's relative distance from its prior counts. */
const priorWeight = 0.03;

/** One rate per prior; priors are above zero, and so are the rates, whatever the rows say. */
export function fitRates(rows: readonly FitRow[], priors: readonly number[]): number[] {
  const relative = rows.map(({ counts, measured }) => counts.map(count => count / measured));
  let rates: readonly number[] = priors;
  let weights = rows.map(() => 1);
  for (let pass = 0; pass < passes; pass++) {
    rates = leastSquares(relative, weights, priors, rates);
    weights = relative.map(row => 1 / (1 + ((1 - dot(row, rates)) / halfError) ** 2));
  }
  return [...rates];
}

/** One rate after another, again and again, each as good as it can be beside the others. */
function leastSquares(
  rows: readonly (readonly number[])[],
  weights: readonly number[],
  priors: readonly number[],
  from: readonly number[],
): number[] {
  const rates = [...from];
  const left = rows.map(row => 1 - dot(row, rates));
  const columns = priors.map((_, j) => rows.flatMap((row, i) => (row[j] === 0 ? [] : [{ i, value: row[j]! }])));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    columns.forEach((column, j) => {
      const prior = priors[j]!;
      const pull = (priorWeight / prior) ** 2;
      let slope = pull * (prior - rates[j]!);
      let curvature = pull;
      for (const { i, value } of column) {
        slope += weights[i]! * value * left[i]!;
        curvature += weights[i]! * value * value;
      }
      const next = Math.max(leastPart * prior, rates[j]! + slope / curvature);
      const change = next - rates[j]!;
      rates[j] = next;
      for (const { i, value } of column) left[i]! -= value * change;
    });
  }
  return rates;
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
