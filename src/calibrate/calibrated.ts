/** Rates of this machine, from the cache or else measured and kept. Invariant: a cache that fails costs a warning, no more. */
import type { Rates } from '../cost/rates.js';
import { chooseModule } from '../runtime/module.js';
import { type CalibrateOptions, calibrate } from './calibrate.js';
import { loadRates, ratesPath, saveRates } from './store.js';

export interface Calibrated {
  readonly rates: Rates;
  /** Where they are kept. */
  readonly path: string;
  /** Measured now; kept from earlier where false. */
  readonly measured: boolean;
}

/**
 * `force` measures in any case; so do rates of another number of workers than is asked for.
 * @throws NumavoxError as `calibrate` does
 */
export async function calibrated(options: CalibrateOptions & { readonly force?: boolean } = {}): Promise<Calibrated> {
  const { force = false, workers, onWarning } = options;
  const module = chooseModule(options.module);
  const kept = force ? null : loadRates(module);
  if (kept && (workers === undefined || kept.workers === workers)) {
    return { rates: kept, path: ratesPath(kept.machine), measured: false };
  }
  const rates = await calibrate({ ...options, module });
  const failure = saveRates(rates);
  if (failure !== null) onWarning?.(failure);
  return { rates, path: ratesPath(rates.machine), measured: true };
}
