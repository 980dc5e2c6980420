/** The machine: what there is, what of it the process may use, where workers sit, and how a thread gets there. */
export { formatCpuList, parseCpuList } from './cpu_sets.js';
export { type DistanceRow, distanceIn, type NodeDistance, ownDistance, unknownDistance } from './distances.js';
export { type Files, filesFromRecord, filesUnder, hostFiles, type ReadFile } from './files.js';
export { formatTopology, topologyToJson } from './format.js';
export { currentThreadId, type PinResult, pinThisThread, threadAllowed } from './pin.js';
export { hostTopology, readTopology } from './read.js';
export { type ExcludedCpu, excludedCpus, type Seating, type SeatOptions, seatWorkers } from './seats.js';
export { parseShape, type Shape } from './shape.js';
export type * from './types.js';
