/**
 * Least squares over positive factors: the rates for which counted work comes nearest to measured times, by relative error.
 * A rate that the rows say little of stays near its prior. Invariant: the same rows give the same rates.
 */
export interface FitRow {
  /** How often each rate occurs. */
  readonly counts: readonly number[];
  /** In the unit of the rates. */
  readonly measured: number;
}

const sweeps = 3000;
/** How much a rate's relative distance from its prior counts. */
const priorWeight = 0.03;

/** One rate per prior; priors are above zero, rates at least zero. */
export function fitRates(rows: readonly FitRow[], priors: readonly number[]): number[] {
  const scaled = rows.map(({ counts, measured }) => counts.map(count => count / measured));
  const rates = [...priors];
  const left = scaled.map(row => 1 - dot(row, rates));
  const columns = priors.map((_, j) => scaled.flatMap((row, i) => (row[j] === 0 ? [] : [{ i, value: row[j]! }])));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    columns.forEach((column, j) => {
      const prior = priors[j]!;
      const pull = (priorWeight / prior) ** 2;
      let slope = pull * (prior - rates[j]!);
      let curvature = pull;
      for (const { i, value } of column) {
        slope += value * left[i]!;
        curvature += value * value;
      }
      const next = Math.max(0, rates[j]! + slope / curvature);
      const change = next - rates[j]!;
      rates[j] = next;
      for (const { i, value } of column) left[i]! -= value * change;
    });
  }
  return rates;
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
