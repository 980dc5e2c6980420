/** The calibration's public face: measuring rates, and the file that keeps them. */
export { type CalibrateOptions, calibrate } from './calibrate.js';
export { type Calibrated, calibrated } from './calibrated.js';
export { loadRates, ratesPath, saveRates } from './store.js';
