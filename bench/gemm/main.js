export { main } from '../kernels/gemm_peak.js';
