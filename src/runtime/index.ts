/** The runtime's public face: see `startRuntime`. */
export type { RunProfile, StepProfile } from './profile.js';
export type { OnStep } from './progress.js';
export type { Fault } from './protocol.js';
export {
  type Loaded,
  type LoadOptions,
  type RunOptions,
  type Runtime,
  type RuntimeOptions,
  startRuntime,
} from './runtime.js';
export type { WorkerInfo } from './team.js';
